using Perigee.Forwarding;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Wire.Allocation;

/// <summary>A stream's way through the gateway without its network: found event by event, read, metered, and written in another dialect.</summary>
internal static class StreamRun
{
    private static readonly ProofSeal Seal = new("a key of thirty-two bytes, or so"u8.ToArray(), "tenant");

    /// <summary>A dialect by its name.</summary>
    public static IChatDialect Dialect(string name) => name switch
    {
        "openai-chat" => OpenAiChatDialect.Chat,
        "anthropic" => AnthropicDialect.Instance,
        "gemini" => GeminiDialect.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such dialect."),
    };

    /// <summary>Translates a stream, with the meter listening, as an answer of another dialect is passed on.</summary>
    /// <param name="stream">Its bytes.</param>
    /// <param name="from">Their dialect.</param>
    /// <param name="to">The client's dialect.</param>
    /// <param name="output">Takes the client's bytes: cleared after every event, as it is when they are passed on.</param>
    /// <param name="whole">Takes all of the client's bytes, or null.</param>
    /// <returns>How many bytes the client would have got.</returns>
    public static long Translate(byte[] stream, IChatDialect from, IChatDialect to, PooledBuffer output, List<byte>? whole = null)
    {
        AnswerShape shape = new() { Stream = true, StreamUsage = true, Id = "0123456789abcdef0123456789abcdef", Model = "some/model", Created = 1_790_000_000, Seal = Seal };
        using IAnswerWriter writer = to.Writer(output, shape);
        AnswerFacts facts = new();
        IAnswerReader reader = from.Reader(new TeeSink(facts, writer), "0123456789ab");
        long written = 0;
        for (int at = 0, scanned = 0; SseFrame.TryRead(stream.AsSpan(at), atEnd: false, ref scanned, out SseFrame frame); at += frame.Length)
        {
            reader.ReadEvent(frame.Name, frame.Data);
            Pass();
        }

        reader.Close();
        Pass();
        return reader.Ended && facts.Usage is not null ? written : throw new InvalidOperationException("The stream was not understood to its end.");

        void Pass()
        {
            written += output.Length;
            whole?.AddRange(output.Written.Span);
            output.Clear();
        }
    }

    /// <summary>Only meters a stream, as one that passes in its own bytes.</summary>
    public static long Meter(byte[] stream, IDialect dialect)
    {
        AnswerFacts facts = new();
        IAnswerReader reader = dialect.Reader(facts);
        for (int at = 0, scanned = 0; SseFrame.TryRead(stream.AsSpan(at), atEnd: false, ref scanned, out SseFrame frame); at += frame.Length)
            reader.ReadEvent(frame.Name, frame.Data);
        reader.Close();
        return reader.Ended && facts.Usage is { } usage ? usage.Output : throw new InvalidOperationException("The stream was not understood to its end.");
    }

    /// <summary>Only finds the events: what all of this is measured against.</summary>
    public static long Find(byte[] stream)
    {
        long bytes = 0;
        for (int at = 0, scanned = 0; SseFrame.TryRead(stream.AsSpan(at), atEnd: false, ref scanned, out SseFrame frame); at += frame.Length)
            bytes += frame.Data.Length;
        return bytes;
    }
}
