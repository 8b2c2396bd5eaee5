using System.Text;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Telemetry.Content;

/// <summary>The texts of an answer, read back out of the bytes that the client was sent.</summary>
internal sealed class AnswerReading : IStreamSink
{
    /// <summary>The choices by their index.</summary>
    public SortedDictionary<int, Choice> Choices { get; } = [];

    bool IStreamSink.ListensToContent => true;

    /// <summary>Reads them; null where the bytes are no answer that can be read.</summary>
    public static AnswerReading? Read(Exchange exchange, AnswerTap tap)
    {
        AnswerReading reading = new();
        IAnswerReader reader = exchange.Dialect.Reader(reading);
        ReadOnlySpan<byte> bytes = tap.Bytes.Span;
        if (AnswerTap.IsEvents(exchange.Http.Response))
        {
            int scanned = 0;
            while (SseFrame.TryRead(bytes, atEnd: false, ref scanned, out SseFrame frame))
            {
                reader.ReadEvent(frame.Name, frame.Data);
                bytes = bytes[frame.Length..];
            }

            reader.Close();
        }
        else if (exchange.AsArray && bytes.TrimStart(" \t\r\n"u8).StartsWith("["u8))
        {
            JsonArrayScan scan = default;
            while (JsonArrayFrame.TryRead(bytes, atEnd: false, ref scan, out JsonArrayFrame frame))
            {
                if (!frame.Data.IsEmpty)
                    reader.ReadEvent(default, frame.Data);
                bytes = bytes[frame.Length..];
            }

            reader.Close();
        }
        else if (!tap.Cut && bytes.TrimStart(" \t\r\n"u8).StartsWith("{"u8))
        {
            reader.ReadWhole(bytes);
        }

        return reading.Choices.Count > 0 ? reading : null;
    }

    void IStreamSink.Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) { }

    void IStreamSink.Text(int choice, JsonText text) => Of(choice).Text.Append(text.Decode());

    void IStreamSink.Reasoning(int choice, JsonText text) => Of(choice).Reasoning.Append(text.Decode());

    void IStreamSink.ReasoningEnd(int choice) { }

    void IStreamSink.Proof(int choice, in Proof proof) { }

    void IStreamSink.Refusal(int choice, JsonText text) => Of(choice).Text.Append(text.Decode());

    void IStreamSink.ToolCall(int choice, int index, JsonText id, JsonText name) => Of(choice).Calls.Add((id.Decode(), name.Decode(), new StringBuilder()));

    void IStreamSink.ToolArguments(int choice, int index, JsonText fragment)
    {
        if (Of(choice).Calls is { } calls && index < calls.Count)
            calls[index].Arguments.Append(fragment.Decode());
    }

    void IStreamSink.ToolEnd(int choice, int index) { }

    void IStreamSink.Citation(int choice, in Citation citation) { }

    void IStreamSink.Media(int choice, JsonText type, JsonText data, JsonText transcript) => Of(choice).Text.Append(transcript.Decode());

    void IStreamSink.Logprobs(int choice, ReadOnlySpan<byte> content) { }

    void IStreamSink.Finish(int choice, in Ending ending) => Of(choice).Finish = ending.Reason;

    void IStreamSink.Usage(in TokenUsage usage) { }

    void IStreamSink.Error(JsonText message, JsonText code, int status) { }

    void IStreamSink.End() { }

    private Choice Of(int index)
    {
        if (!Choices.TryGetValue(index, out Choice? choice))
            Choices[index] = choice = new Choice();
        return choice;
    }

    /// <summary>One of the answers.</summary>
    internal sealed class Choice
    {
        /// <summary>What is shown.</summary>
        public StringBuilder Text { get; } = new();

        /// <summary>What the model thought.</summary>
        public StringBuilder Reasoning { get; } = new();

        /// <summary>The tools that it calls, by their place.</summary>
        public List<(string Id, string Name, StringBuilder Arguments)> Calls { get; } = [];

        /// <summary>Why it ended.</summary>
        public FinishReason Finish { get; set; }
    }
}
