using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving.Grammar;

/// <summary>One event of a rendered stream.</summary>
/// <param name="Name">Its <c>event:</c> field, or empty.</param>
/// <param name="Data">Its data.</param>
/// <param name="Raw">Its bytes as text, blank line and all.</param>
internal sealed record StreamEvent(string Name, string Data, string Raw);

/// <summary>What a stream says when a client folds it, and which rules of its grammar it breaks.</summary>
/// <param name="Faults">Broken rules.</param>
/// <param name="Folded">The whole answer that it amounts to.</param>
internal sealed record Parsed(List<string> Faults, JsonElement Folded)
{
    /// <summary>It ended with an error event.</summary>
    public bool Failed { get; init; }

    public void AssertKept(string what) => Assert.True(Faults.Count == 0, $"{what}: {string.Join("; ", Faults.Take(5))}");
}

/// <summary>The rules of section 11.4 of the reference, checked from the outside: these checkers share no code with the writers or readers.</summary>
internal static class StreamGrammar
{
    /// <summary>Checks and folds a stream that a writer made.</summary>
    /// <param name="dialect">Its dialect.</param>
    /// <param name="stream">The bytes.</param>
    /// <param name="usageAsked">OpenAI's <c>include_usage</c>.</param>
    /// <param name="asArray">Gemini without <c>alt=sse</c>.</param>
    public static Parsed Check(string dialect, ReadOnlySpan<byte> stream, bool usageAsked = true, bool asArray = false) => dialect switch
    {
        Dialects.OpenAi => new OpenAiChatGrammar(usageAsked).Run(Events(stream, "\n\n")),
        Dialects.Anthropic => new AnthropicGrammar().Run(Events(stream, "\n\n")),
        _ => new GeminiGrammar().Run(asArray ? Items(stream) : Events(stream, "\r\n\r\n")),
    };

    /// <summary>Splits at the blank lines that the dialect's own provider sends; any other framing is a fault of its own, told by the data.</summary>
    public static List<StreamEvent> Events(ReadOnlySpan<byte> stream, string blank)
    {
        List<StreamEvent> events = [];
        string text = Encoding.UTF8.GetString(stream);
        int from = 0;
        while (from < text.Length)
        {
            int end = text.IndexOf(blank, from, StringComparison.Ordinal);
            string raw = end < 0 ? text[from..] : text[from..(end + blank.Length)];
            string name = "", data = "";
            foreach (string line in (end < 0 ? raw : raw[..^blank.Length]).Split(blank.StartsWith('\r') ? "\r\n" : "\n"))
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                    name = line[7..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                    data = line[6..];
                else
                    data = $"(a line that is neither event nor data: {line})";
            }

            events.Add(new StreamEvent(name, end < 0 ? $"(no blank line behind: {raw})" : data, raw));
            from += raw.Length;
        }

        return events;
    }

    /// <summary>The byte offsets behind each event but the last.</summary>
    public static List<int> Boundaries(ReadOnlySpan<byte> stream)
    {
        List<int> offsets = [];
        int start = 0, scanned = 0;
        while (start < stream.Length && SseFrame.TryRead(stream[start..], atEnd: true, ref scanned, out SseFrame frame))
        {
            start += frame.Length;
            if (start < stream.Length)
                offsets.Add(start);
        }

        return offsets;
    }

    /// <summary>
    /// A stream that breaks off must not look whole. OpenAI's may lack its closing mark (some providers never send one): from the last
    /// choice's finish on it is complete.
    /// </summary>
    /// <returns>Null, or what is wrong.</returns>
    public static string? CutsLookWhole(string dialect, ReadOnlySpan<byte> stream, Random random, int most = 40)
    {
        List<int> offsets = Boundaries(stream);
        if (offsets.Count > most)
            offsets = [.. offsets.Take(2), .. Enumerable.Range(0, most - 6).Select(_ => offsets[random.Next(offsets.Count)]).ToList(), .. offsets.TakeLast(4)];
        foreach (int offset in offsets)
        {
            ReadOnlySpan<byte> cut = stream[..offset];
            Told told = Dialects.Tell(dialect, cut, Framing.Sse);
            bool mayBeWhole = dialect == Dialects.OpenAi && told.Choices.Count > 0 && told.Choices.Values.All(c => c.Finish != FinishReason.None);
            if (!mayBeWhole && (told.Complete || told.Ended))
                return $"cut at {offset} of {stream.Length} it looks whole: {told.Summary()}";
        }

        return null;
    }

    private static List<StreamEvent> Items(ReadOnlySpan<byte> stream)
    {
        string text = Encoding.UTF8.GetString(stream);
        if (Json.TryParse(text) is not { ValueKind: JsonValueKind.Array } array)
            return [new StreamEvent("", $"(not a JSON array: {text})", text)];
        return [.. array.EnumerateArray().Select(item => new StreamEvent("", item.GetRawText(), item.GetRawText()))];
    }

    /// <summary>What was folded, as one answer. Of texts with a lone surrogate, which .NET cannot write, only that they are well formed is checked.</summary>
    public static JsonElement Close(JsonNode node)
    {
        try
        {
            return Json.Parse(node.ToJsonString());
        }
        catch (InvalidOperationException)
        {
            return Json.Parse("{}");
        }
    }
}
