using System.Buffers;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Wire.Proving;

/// <summary>The three dialects under proof, and what every test of them needs: a seal, a shape, a context, traits that are usual for a target.</summary>
internal static class Dialects
{
    public const string OpenAi = "openai-chat";
    public const string Anthropic = "anthropic";
    public const string Gemini = "gemini";

    /// <summary>The exchange's id in all of these tests.</summary>
    public const string ExchangeId = "0123456789abcdef0123456789abcdef";

    public static readonly string[] Names = [OpenAi, Anthropic, Gemini];

    public static ProofSeal Seal { get; } = new("a key of the tests, 32 bytes long"u8.ToArray(), "tenant");

    /// <summary>Every ordered pair of different dialects.</summary>
    public static IEnumerable<(string From, string To)> Pairs => from a in Names from b in Names where a != b select (a, b);

    public static IChatDialect Of(string name) => name switch
    {
        OpenAi => OpenAiChatDialect.Chat,
        Anthropic => AnthropicDialect.Instance,
        Gemini => GeminiDialect.Instance,
        _ => throw new ArgumentException(name),
    };

    public static AnswerShape Shape(bool stream, bool asArray = false, bool usage = true, bool reasoning = true, Dictionary<string, string>? tools = null) => new()
    {
        Stream = stream,
        AsArray = asArray,
        StreamUsage = usage,
        ShowsReasoning = reasoning,
        Id = ExchangeId,
        Model = "the/model",
        Created = 1_700_000_000,
        Seal = Seal,
        ToolNames = tools,
    };

    /// <summary>What a provider's row says of a common model of its dialect.</summary>
    public static ModelTraits UsualTraits(string target) => target switch
    {
        Anthropic => new ModelTraits
        {
            ToolIds = ToolIdRule.Word,
            Reasoning = ReasoningStyle.Budget,
            Formats = FormatSupport.SchemaOnly,
            MiddleSystem = false,
            FetchesDocuments = true,
            MessageNames = false,
            RootUnions = false,
        },
        Gemini => new ModelTraits { Reasoning = ReasoningStyle.ThinkingBudget, MiddleSystem = false, MessageNames = false },
        _ => ModelTraits.Plain,
    };

    /// <summary>Reads a question. The index lives as long as the test: a question holds slices of the body.</summary>
    public static (ChatQuestion? Question, GatewayError? Error) Read(string dialect, ReadOnlyMemory<byte> body, bool? stream = null)
    {
        if (!JsonIndex.TryParse(body, out JsonIndex? index, out string? fault))
            return (null, new GatewayError(ErrorKind.BadRequest, fault, "(body)"));
        return Of(dialect).TryRead(index, new QuestionContext(stream, Seal), out ChatQuestion? question, out GatewayError? error) ? (question, null) : (null, error);
    }

    public static (byte[]? Body, GatewayError? Error, Translation Translation) Write(string dialect, ChatQuestion question, ModelTraits? traits = null, string model = "target-model", bool strict = false)
    {
        Translation translation = new(model, traits ?? UsualTraits(dialect)) { Strict = strict, AskUsage = true };
        ArrayBufferWriter<byte> output = new();
        GatewayError? error = Of(dialect).Write(question, translation, output);
        return (error is null ? output.WrittenSpan.ToArray() : null, error, translation);
    }

    /// <summary>Feeds a whole answer or a stream to a dialect's reader, which tells the sink.</summary>
    public static IAnswerReader Feed(string dialect, IStreamSink sink, ReadOnlySpan<byte> bytes, Framing framing, Func<int>? cut = null)
    {
        IAnswerReader reader = Of(dialect).Reader(sink, "5eed");
        switch (framing)
        {
            case Framing.Whole:
                reader.ReadWhole(bytes);
                break;
            case Framing.Sse:
                FeedSse(reader, bytes, cut);
                reader.Close();
                break;
            case Framing.Array:
                Arrays.Feed(reader, bytes, cut);
                reader.Close();
                break;
        }

        return reader;
    }

    public static Told Tell(string dialect, ReadOnlySpan<byte> bytes, Framing framing, Func<int>? cut = null)
    {
        Told told = new();
        told.Ended = Feed(dialect, told, bytes, framing, cut).Ended;
        return told;
    }

    public static Told Tell(string dialect, string text, Framing framing) => Tell(dialect, Encoding.UTF8.GetBytes(text), framing);

    /// <summary>One dialect's answer in another's words. An error of the provider is closed as the gateway does it.</summary>
    public static byte[] Render(string from, ReadOnlySpan<byte> bytes, Framing framing, string to, AnswerShape shape)
    {
        ArrayBufferWriter<byte> output = new();
        using IAnswerWriter writer = Of(to).Writer(output, shape);
        Told told = new();
        TeeSink tee = new(told, writer);
        Feed(from, tee, bytes, framing);
        CloseAfterError(told, to, shape, output);
        return output.WrittenSpan.ToArray();
    }

    public static void CloseAfterError(Told told, string to, AnswerShape shape, ArrayBufferWriter<byte> output)
    {
        if (told.ErrorMessage is null)
            return;
        GatewayError error = new(ErrorKind.ProviderFailed, told.ErrorMessage);
        if (shape.Stream)
            Of(to).WriteErrorEvent(output, error);
        else
            Of(to).WriteError(output, error);
    }

    private static void FeedSse(IAnswerReader reader, ReadOnlySpan<byte> bytes, Func<int>? cut)
    {
        int start = 0, end = 0, scanned = 0;
        while (true)
        {
            end = cut is null ? bytes.Length : Math.Min(bytes.Length, end + cut());
            bool atEnd = end == bytes.Length;
            while (start < end && SseFrame.TryRead(bytes[start..end], atEnd, ref scanned, out SseFrame frame))
            {
                // As the relay does: half an event at the end is none.
                if (!frame.Whole && !SseFrame.IsWholeData(frame.Data))
                    return;
                reader.ReadEvent(frame.Name, frame.Data);
                start += frame.Length;
            }

            if (atEnd)
                return;
        }
    }
}

/// <summary>How the bytes of an answer are cut into events.</summary>
internal enum Framing
{
    /// <summary>One JSON answer.</summary>
    Whole,

    /// <summary>Server-Sent Events.</summary>
    Sse,

    /// <summary>Gemini without <c>alt=sse</c>: one JSON array.</summary>
    Array,
}
