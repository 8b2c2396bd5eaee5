using System.Text;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Gemini;

/// <summary>Writes down the verbs of an answer, one a line.</summary>
internal sealed class Spoken(bool listens = true) : IStreamSink
{
    public List<string> Verbs { get; } = [];

    public TokenUsage LastUsage { get; private set; }

    public bool ListensToContent => listens;

    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) => Verbs.Add($"begin {Of(id)} {Of(model)}");

    public void Text(int choice, JsonText text) => Verbs.Add($"text{Tail(choice)} {Of(text.Escaped)}");

    public void Reasoning(int choice, JsonText text) => Verbs.Add($"reasoning{Tail(choice)} {Of(text.Escaped)}");

    public void ReasoningEnd(int choice) => Verbs.Add($"reasoning-end{Tail(choice)}");

    public void Proof(int choice, in Proof proof) =>
        Verbs.Add($"proof{Tail(choice)} {proof.Origin} {proof.Kind} {Of(proof.Data.Escaped)} {Of(proof.CallId.Escaped)}".TrimEnd());

    public void Refusal(int choice, JsonText text) => Verbs.Add($"refusal{Tail(choice)} {Of(text.Escaped)}");

    public void ToolCall(int choice, int index, JsonText id, JsonText name) => Verbs.Add($"call{Tail(choice)} {index} {Of(id.Escaped)} {Of(name.Escaped)}");

    public void ToolArguments(int choice, int index, JsonText fragment) => Verbs.Add($"args{Tail(choice)} {index} {Of(fragment.Escaped)}");

    public void ToolEnd(int choice, int index) => Verbs.Add($"call-end{Tail(choice)} {index}");

    public void Citation(int choice, in Citation citation) =>
        Verbs.Add($"citation{Tail(choice)} {Of(citation.Url.Escaped)} '{Of(citation.Title.Escaped)}' {citation.Start}..{citation.End}");

    public void Media(int choice, JsonText type, JsonText data, JsonText transcript) => Verbs.Add($"media{Tail(choice)} {Of(type.Escaped)} {Of(data.Escaped)}");

    public void Logprobs(int choice, ReadOnlySpan<byte> content) => Verbs.Add($"logprobs{Tail(choice)} {Of(content)}");

    public void Finish(int choice, in Ending ending) =>
        Verbs.Add($"finish{Tail(choice)} {ending.Reason} {Of(ending.Word.Escaped)} {Of(ending.Explanation.Escaped)}".TrimEnd());

    public void Usage(in TokenUsage usage)
    {
        LastUsage = usage;
        string line = $"usage {usage.InputFresh}+{usage.InputCacheRead} -> {usage.OutputText}+{usage.OutputReasoning}";
        if (usage.InputTools > 0)
            line += $" tools {usage.InputTools}";
        if (usage.WebSearches > 0)
            line += $" searches {usage.WebSearches}";
        Verbs.Add(line);
    }

    public void Error(JsonText message, JsonText code, int status) => Verbs.Add($"error {status} {Of(code.Escaped)} {Of(message.Escaped)}");

    public void End() => Verbs.Add("end");

    private static string Tail(int choice) => choice == 0 ? "" : $"[{choice}]";

    private static string Of(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
