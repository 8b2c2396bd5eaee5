using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>
/// Every difference between another gateway's translation and ours, a line each: what (<c>question</c>, <c>answer</c>, <c>stream</c>), the
/// pair, a sign (<c>-</c> only theirs, <c>+</c> only ours, <c>~</c> both), the place, their value, our value.
/// </summary>
internal sealed class OtherGatewaysDifferences(OtherGolden golden)
{
    private static readonly FrozenSet<string> Nothing = [];
    private static readonly FrozenSet<string> Sampling = ["temperature", "top_p", "top_k"];

    private readonly HashSet<string> _lines = [];
    private string _what = "";

    /// <summary>Translates all that the golden has, and compares.</summary>
    public static IReadOnlyCollection<string> Of(OtherGolden golden)
    {
        OtherGatewaysDifferences differences = new(golden);
        differences.Question();
        differences.Answer();
        differences.Stream();
        return differences._lines;
    }

    private void Question()
    {
        _what = "question";
        if (golden.Asked is null && golden.CannotAsk is null)
            return;
        JsonElement? theirs = golden.Asked is null ? null : Json.Parse(golden.Asked);
        string model = Json.Text(theirs, "model") ?? Json.Text(Json.Parse(golden.Question), "model") ?? "";
        (ChatQuestion? question, GatewayError? error) = Dialects.Read(golden.From, Encoding.UTF8.GetBytes(golden.Question), golden.From == Dialects.Gemini ? golden.Streams : null);
        byte[]? ours = null;
        if (question is not null)
            (ours, error, _) = Dialects.Write(golden.To, question, Traits(golden.To, model), model);
        if (golden.CannotAsk is { } why)
        {
            if (ours is not null)
                Add('~', "(refused)", why, Encoding.UTF8.GetString(ours));
            return;
        }

        if (ours is null)
            Add('~', "(whole)", "asked", $"refused {error?.Param}: {error?.Message}");
        else
            Compare("$", theirs, Json.Parse(ours));
    }

    private void Answer()
    {
        _what = "answer";
        if (golden.Upstream is null || golden.Answered is null)
            return;
        byte[] ours = Dialects.Render(golden.To, Encoding.UTF8.GetBytes(golden.Upstream), Framing.Whole, golden.From, Dialects.Shape(stream: false));
        if (Json.TryParse(golden.Answered) is { } theirs)
            Compare("$", theirs, Json.Parse(ours));
        else
            Add('~', "$", golden.Answered, Encoding.UTF8.GetString(ours));
    }

    /// <summary>Streams may be cut as one likes: what they say together is compared.</summary>
    private void Stream()
    {
        _what = "stream";
        if (golden.UpstreamStream is null || golden.AnsweredStream is null)
            return;
        byte[] ours = Dialects.Render(golden.To, Encoding.UTF8.GetBytes(golden.UpstreamStream), Framing.Sse, golden.From, Dialects.Shape(stream: true));
        Told theirs = Dialects.Tell(golden.From, golden.AnsweredStream, Framing.Sse);
        Told told = Dialects.Tell(golden.From, ours, Framing.Sse);
        if (theirs.Complete != told.Complete)
            Add('~', "complete", theirs.Complete.ToString(), told.Complete.ToString());
        Said("text", theirs, told, t => t.First.Text);
        Said("refusal", theirs, told, t => t.First.Refusal);
        Said("reasoning", theirs, told, t => t.First.Reasoning);
        Said("calls", theirs, told, t => string.Join(' ', t.First.Calls.Select(c => $"{c.Name} {Json.Canonical(c.Arguments)}")));
        Said("proofs", theirs, told, t => t.First.Proofs.Count().ToString(CultureInfo.InvariantCulture));
        Said("finish", theirs, told, t => t.First.Finish.ToString());
        Said("usage.input", theirs, told, t => t.LastUsage?.Input.ToString(CultureInfo.InvariantCulture) ?? "");
        Said("usage.output", theirs, told, t => t.LastUsage?.Output.ToString(CultureInfo.InvariantCulture) ?? "");
    }

    private void Said(string place, Told theirs, Told ours, Func<Told, string> what)
    {
        if (what(theirs) != what(ours))
            Add('~', place, what(theirs), what(ours));
    }

    private void Compare(string path, JsonElement? theirs, JsonElement? ours)
    {
        theirs = theirs is { ValueKind: JsonValueKind.Null } ? null : theirs;
        ours = ours is { ValueKind: JsonValueKind.Null } ? null : ours;
        if (theirs is not { } one || ours is not { } other)
        {
            if (theirs is not null || ours is not null)
                Add(theirs is null ? '+' : '-', path, theirs?.GetRawText() ?? "", ours?.GetRawText() ?? "");
            return;
        }

        if (one.ValueKind == JsonValueKind.Object && other.ValueKind == JsonValueKind.Object)
        {
            foreach (string name in one.EnumerateObject().Concat(other.EnumerateObject()).Select(m => m.Name).Distinct())
                Compare($"{path}.{name}", Member(one, name), Member(other, name));
            return;
        }

        if (one.ValueKind == JsonValueKind.Array && other.ValueKind == JsonValueKind.Array)
        {
            JsonElement[] a = [.. one.EnumerateArray()], b = [.. other.EnumerateArray()];
            int at = 0;
            for (int i = 0; i < a.Length || at < b.Length; i++, at++)
            {
                // A piece of reasoning that only we tell must not shift all that follows.
                for (; at < b.Length && IsReasoning(b[at]) && (i >= a.Length || !IsReasoning(a[i])); at++)
                    Compare($"{path}[]", null, b[at]);
                Compare($"{path}[]", i < a.Length ? a[i] : null, at < b.Length ? b[at] : null);
            }

            return;
        }

        if (!Equal(one, other))
            Add('~', path, one.GetRawText(), other.GetRawText());
    }

    private static bool IsReasoning(JsonElement piece) => Json.Text(piece, "type") == "thinking" || Json.Get(piece, "thought") is { ValueKind: JsonValueKind.True };

    private static JsonElement? Member(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value : null;

    private static bool Equal(JsonElement one, JsonElement other)
    {
        if (one.ValueKind != other.ValueKind)
            return false;
        return one.ValueKind switch
        {
            JsonValueKind.Number => one.GetDouble() == other.GetDouble(),
            JsonValueKind.String => one.GetString() == other.GetString() || (Json.TryParse(one.GetString()!) is { ValueKind: JsonValueKind.Object } a && Json.TryParse(other.GetString()!) is { } b && Json.Canonical(a) == Json.Canonical(b)),
            _ => true,
        };
    }

    private void Add(char sign, string place, string theirs, string ours) =>
        _lines.Add($"{_what} {golden.From}>{golden.To} {sign} {place} | {Short(theirs)} | {Short(ours)}");

    private static string Short(string value)
    {
        string line = string.Join(' ', value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > 160 ? line[..160] : line;
    }

    /// <summary>What the model that they name would have in a provider's row.</summary>
    private static ModelTraits Traits(string target, string model) => target switch
    {
        Dialects.Anthropic when model.Contains("4-6", StringComparison.Ordinal) || model.Contains("4-7", StringComparison.Ordinal) || model.Contains("-5", StringComparison.Ordinal) && !model.Contains("4-5", StringComparison.Ordinal) =>
            Dialects.UsualTraits(target) with { Reasoning = ReasoningStyle.Adaptive, Refuses = model.Contains("4-6", StringComparison.Ordinal) ? Nothing : Sampling },
        Dialects.Gemini when model.StartsWith("gemini-3", StringComparison.Ordinal) => Dialects.UsualTraits(target) with { Reasoning = ReasoningStyle.ThinkingLevel },
        Dialects.OpenAi => Dialects.UsualTraits(target) with { Refuses = model.StartsWith("gpt-5", StringComparison.Ordinal) ? Sampling : Nothing, MaxTokens = MaxTokensField.MaxCompletionTokens, DeveloperRole = true },
        _ => Dialects.UsualTraits(target),
    };
}
