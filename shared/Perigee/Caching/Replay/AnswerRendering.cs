using System.Buffers;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Caching.Replay;

/// <summary>
/// Gives a kept answer in the form that a client asked for, so that one entry serves all dialects and both shapes. Three ways, the first that
/// fits: the same bytes; the same events in another frame; or read by the stored dialect's reader into the client's writer, with a listener
/// between that knows what would be lost. What cannot be said whole is not said: then the look-up is a miss.
/// </summary>
internal static class AnswerRendering
{
    private const string OpenAi = "openai-chat";
    private const string Anthropic = "anthropic";
    private const string Gemini = "gemini";

    /// <summary>The bytes of a kept answer in the form asked for, or null where it cannot be said whole in that form.</summary>
    /// <param name="kept">The answer.</param>
    /// <param name="asked">The form. It alone says stream, array and usage; those of <paramref name="shape"/> are not looked at.</param>
    /// <param name="shape">The rest of what the client's writer has to know.</param>
    public static RenderedAnswer? Render(CachedAnswer kept, AnswerForm asked, AnswerShape shape) => Render(kept, asked, shape, out _);

    /// <summary>The same, with the reason of a refusal.</summary>
    public static RenderedAnswer? Render(CachedAnswer kept, AnswerForm asked, AnswerShape shape, out Unsayable why)
    {
        why = Unsayable.None;
        if (IsSame(kept.Form, asked))
            return new RenderedAnswer(kept.Body, kept.ContentType);
        if (Of(kept.Form.Dialect) is not { } from || Of(asked.Dialect) is not { } to)
        {
            why = Unsayable.NoSuchForm;
            return null;
        }

        try
        {
            ArrayBufferWriter<byte> output = new(kept.Body.Length + 512);
            why = from == to && kept.Form.Stream && asked.Stream ? Reframe(kept, asked, output) : Translate(kept, asked, from, to, shape, output);
            return why == Unsayable.None ? new RenderedAnswer(output.WrittenMemory, TypeOf(asked)) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            // The readers throw on nothing that was seen, but a hit is never worth an error.
            why = Unsayable.NotWhole;
            return null;
        }
    }

    /// <summary>Whether forms are the same on the wire: only OpenAI's streams have to be asked for usage, and only streams are arrays.</summary>
    private static bool IsSame(AnswerForm kept, AnswerForm asked) =>
        kept.Dialect == asked.Dialect && kept.Stream == asked.Stream
        && (!kept.Stream || (kept.AsArray == asked.AsArray && (kept.Usage == asked.Usage || kept.Dialect is Anthropic or Gemini)));

    private static IChatDialect? Of(string dialect) => dialect switch
    {
        OpenAi => OpenAiChatDialect.Chat,
        Anthropic => AnthropicDialect.Instance,
        Gemini => GeminiDialect.Instance,
        _ => null,
    };

    private static string TypeOf(AnswerForm form) =>
        !form.Stream ? "application/json" : form.Dialect == Gemini && form.AsArray ? "application/json; charset=UTF-8" : "text/event-stream";

    private static Unsayable Reframe(CachedAnswer kept, AnswerForm asked, ArrayBufferWriter<byte> output)
    {
        if (asked.Dialect == OpenAi && asked.Usage)
            return Reframing.WithUsage(kept, output);
        bool whole = asked.Dialect == Gemini ? Reframing.Gemini(kept.Body.Span, kept.Form.AsArray, output) : Reframing.WithoutUsage(kept.Body.Span, output);
        return whole ? Unsayable.None : Unsayable.NotWhole;
    }

    private static Unsayable Translate(CachedAnswer kept, AnswerForm asked, IChatDialect from, IChatDialect to, AnswerShape shape, ArrayBufferWriter<byte> output)
    {
        AnswerShape own = new()
        {
            Stream = asked.Stream,
            AsArray = asked.Stream && asked.AsArray,
            StreamUsage = asked.Stream && asked.Usage,
            ShowsReasoning = shape.ShowsReasoning,
            Id = shape.Id,
            Model = shape.Model,
            Created = kept.StoredAt.ToUnixTimeSeconds(),
            Seal = shape.Seal,

            // Names of tools and the tool that stood for a form: what is kept is what a client got, so both were settled before.
        };
        using IAnswerWriter writer = to.Writer(output, own);
        ReplaySink sink = new(writer, kept, asked, shape.Seal);
        IAnswerReader reader = from.Reader(sink, shape.Id.Length > 12 ? shape.Id[^12..] : shape.Id);
        Unsayable why = kept.Form.Stream ? ReadEvents(kept, from == to, reader) : ReadWhole(kept, from == to, reader);
        return why != Unsayable.None ? why : sink.Why != Unsayable.None ? sink.Why : sink.Ended && reader.Ended ? Unsayable.None : Unsayable.NotWhole;
    }

    private static Unsayable ReadWhole(CachedAnswer kept, bool same, IAnswerReader reader)
    {
        if (!Vocabulary.Covers(kept.Form.Dialect, kept.Body.Span, same))
            return Unsayable.Content;
        return reader.ReadWhole(kept.Body.Span) == EventNature.Error ? Unsayable.NotWhole : Unsayable.None;
    }

    private static Unsayable ReadEvents(CachedAnswer kept, bool same, IAnswerReader reader)
    {
        KeptEvents events = new(kept.Body.Span, kept.Form.AsArray);
        while (events.Next())
        {
            if (events.Broken)
                return Unsayable.NotWhole;
            if (events.Data.IsEmpty)
                continue;
            if (!events.Data.SequenceEqual("[DONE]"u8) && !Vocabulary.Covers(kept.Form.Dialect, events.Data, same))
                return Unsayable.Content;
            if (reader.ReadEvent(events.Name, events.Data) == EventNature.Error)
                return Unsayable.NotWhole;
        }

        if (events.Broken)
            return Unsayable.NotWhole;
        reader.Close();
        return Unsayable.None;
    }
}
