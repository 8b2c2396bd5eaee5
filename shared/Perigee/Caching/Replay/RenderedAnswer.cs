namespace Perigee.Caching.Replay;

/// <summary>A kept answer in the form that a client asked for.</summary>
/// <param name="Body">The wire bytes.</param>
/// <param name="ContentType">Their media type.</param>
internal sealed record RenderedAnswer(ReadOnlyMemory<byte> Body, string ContentType);
