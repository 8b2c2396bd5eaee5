namespace Perigee.Caching;

/// <summary>The wire form of an answer: equal forms are replayed byte for byte, any other is read and written anew.</summary>
/// <param name="Dialect">The dialect's name (<see cref="Wire.IDialect.Name"/>).</param>
/// <param name="Stream">Whether it is a stream of events (or of array elements).</param>
/// <param name="AsArray">Whether that stream is one JSON array (Gemini without <c>alt=sse</c>).</param>
/// <param name="Usage">Whether a stream says its tokens where that has to be asked for (OpenAI's <c>stream_options.include_usage</c>).</param>
internal readonly record struct AnswerForm(string Dialect, bool Stream, bool AsArray, bool Usage);
