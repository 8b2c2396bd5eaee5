using System.Buffers;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.Anthropic;

namespace Perigee.Tests.Wire.Anthropic;

/// <summary>Writes down the verbs that a reader says, one a line.</summary>
internal sealed class Said(bool listens = true) : IStreamSink
{
    private static readonly byte[] Secret = new byte[32];

    public List<string> Lines { get; } = [];

    public bool ListensToContent => listens;

    public static ProofSeal Seal { get; } = new(Secret, "tenant");

    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) => Lines.Add($"begin {Plain(id)} {Plain(model)}");

    public void Text(int choice, JsonText text) => Lines.Add($"text {Plain(text)}");

    public void Reasoning(int choice, JsonText text) => Lines.Add($"reasoning {Plain(text)}");

    public void ReasoningEnd(int choice) => Lines.Add("reasoning end");

    public void Proof(int choice, in Proof proof) => Lines.Add($"proof {proof.Origin} {proof.Kind} {Plain(proof.Data)}");

    public void Refusal(int choice, JsonText text) => Lines.Add($"refusal {Plain(text)}");

    public void ToolCall(int choice, int index, JsonText id, JsonText name) => Lines.Add($"call {index} {Plain(id)} {Plain(name)}");

    public void ToolArguments(int choice, int index, JsonText fragment) => Lines.Add($"arguments {index} {fragment.Decode()}");

    public void ToolEnd(int choice, int index) => Lines.Add($"call end {index}");

    public void Citation(int choice, in Citation citation) =>
        Lines.Add($"citation {Plain(citation.Url)} '{Plain(citation.Title)}' '{Plain(citation.Quoted)}' {citation.Start}..{citation.End}");

    public void Media(int choice, JsonText type, JsonText data, JsonText transcript) => Lines.Add($"media {Plain(type)}");

    public void Logprobs(int choice, ReadOnlySpan<byte> content) => Lines.Add("logprobs");

    public void Finish(int choice, in Ending ending) =>
        Lines.Add($"finish {ending.Reason} {Plain(ending.Word)}{(ending.Sequence.IsEmpty ? "" : " at " + Plain(ending.Sequence))}{(ending.Explanation.IsEmpty ? "" : ": " + Plain(ending.Explanation))}");

    public void Usage(in TokenUsage usage) =>
        Lines.Add($"usage {usage.InputFresh}+{usage.InputCacheRead}+{usage.InputCacheWrite}+{usage.InputCacheWriteHour} > {usage.OutputText}+{usage.OutputReasoning}{(usage.WebSearches > 0 ? $" {usage.WebSearches} searches" : "")}");

    public void Error(JsonText message, JsonText code, int status) => Lines.Add($"error {status} {Plain(code)}: {message.Decode()}");

    public void End() => Lines.Add("end");

    /// <summary>The verbs of a stream's events, given one a line; the nature of each is in <paramref name="natures"/>.</summary>
    public static string Stream(string events, out List<EventNature> natures, bool listens = true)
    {
        Said said = new(listens);
        IAnswerReader reader = AnthropicDialect.Instance.Reader(said, "seed");
        natures = [];
        foreach (string line in events.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            natures.Add(reader.ReadEvent(default, Encoding.UTF8.GetBytes(line)));
        reader.Close();
        Assert.Equal(said.Lines is [.., "end"], reader.Ended);
        return string.Join('\n', said.Lines);
    }

    public static string Stream(string events) => Stream(events, out _);

    public static string Whole(string body, bool listens = true)
    {
        Said said = new(listens);
        AnthropicDialect.Instance.Reader(said, "seed").ReadWhole(Encoding.UTF8.GetBytes(body));
        return string.Join('\n', said.Lines);
    }

    /// <summary>What the writer makes of verbs.</summary>
    public static string Written(bool stream, Action<IAnswerWriter> say, bool shows = true, Dictionary<string, string>? names = null)
    {
        ArrayBufferWriter<byte> output = new();
        AnswerShape shape = new() { Stream = stream, Id = "0123", Model = "asked-model", Seal = Seal, ShowsReasoning = shows, ToolNames = names };
        using IAnswerWriter writer = AnthropicDialect.Instance.Writer(output, shape);
        say(writer);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    public static JsonText Of(string text) => new(WireText.Encode(text));

    private static string Plain(JsonText text) => Plain(text.Escaped);

    private static string Plain(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
