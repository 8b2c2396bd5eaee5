using System.Text;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Caching.Replay;

/// <summary>The visible words of a kept answer, pieces of a stream put together: what rules about content look at.</summary>
internal sealed class AnswerText : IStreamSink
{
    private readonly StringBuilder _text = new();

    bool IStreamSink.ListensToContent => true;

    /// <summary>The words, choices one after another; null where the answer is not of a dialect of conversations or does not read.</summary>
    public static string? Of(ReadOnlySpan<byte> body, AnswerForm form)
    {
        IDialect? dialect = form.Dialect switch
        {
            "openai-chat" => OpenAiChatDialect.Chat,
            "anthropic" => AnthropicDialect.Instance,
            "gemini" => GeminiDialect.Instance,
            _ => null,
        };
        if (dialect is null)
            return null;
        AnswerText sink = new();
        try
        {
            IAnswerReader reader = dialect.Reader(sink);
            if (!form.Stream)
                return reader.ReadWhole(body) == EventNature.Error ? null : sink._text.ToString();
            KeptEvents events = new(body, form.AsArray);
            while (events.Next())
            {
                if (!events.Data.IsEmpty && reader.ReadEvent(events.Name, events.Data) == EventNature.Error)
                    return null;
            }

            return events.Broken ? null : sink._text.ToString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    void IStreamSink.Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) { }

    void IStreamSink.Text(int choice, JsonText text) => _text.Append(text.Decode());

    void IStreamSink.Reasoning(int choice, JsonText text) { }

    void IStreamSink.ReasoningEnd(int choice) { }

    void IStreamSink.Proof(int choice, in Proof proof) { }

    void IStreamSink.Refusal(int choice, JsonText text) => _text.Append(text.Decode());

    void IStreamSink.ToolCall(int choice, int index, JsonText id, JsonText name) => _text.Append('\n').Append(name.Decode()).Append('(');

    void IStreamSink.ToolArguments(int choice, int index, JsonText fragment) => _text.Append(fragment.Decode());

    void IStreamSink.ToolEnd(int choice, int index) => _text.Append(')');

    void IStreamSink.Citation(int choice, in Citation citation) { }

    void IStreamSink.Media(int choice, JsonText type, JsonText data, JsonText transcript) => _text.Append(transcript.Decode());

    void IStreamSink.Logprobs(int choice, ReadOnlySpan<byte> content) { }

    void IStreamSink.Finish(int choice, in Ending ending) => _text.Append('\n');

    void IStreamSink.Usage(in TokenUsage usage) { }

    void IStreamSink.Error(JsonText message, JsonText code, int status) { }

    void IStreamSink.End() { }
}
