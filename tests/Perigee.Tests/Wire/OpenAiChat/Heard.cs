using System.Buffers;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Wire.OpenAiChat;

/// <summary>Writes down the verbs that a reader says, one a line, and checks what readers promise of their order.</summary>
internal sealed class Heard(bool listens = true) : IStreamSink
{
    private readonly HashSet<int> _finished = [];
    private readonly HashSet<(int, int)> _calls = [];
    private bool _begun;
    private bool _over;

    public static ProofSeal Seal { get; } = new(new byte[32], "tenant");

    public List<string> Lines { get; } = [];

    public bool ListensToContent => listens;

    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        Assert.False(_begun);
        _begun = true;
        Lines.Add($"begin {Plain(id)} {Plain(model)}");
    }

    public void Text(int choice, JsonText text) => Say(choice, $"text {Plain(text)}");

    public void Reasoning(int choice, JsonText text) => Say(choice, $"reasoning {Plain(text)}");

    public void ReasoningEnd(int choice) => Say(choice, "reasoning end");

    public void Proof(int choice, in Proof proof) =>
        Say(choice, $"proof {proof.Origin} {proof.Kind} {Plain(proof.Data)}{(proof.CallId.IsEmpty ? "" : " of " + Plain(proof.CallId))}");

    public void Refusal(int choice, JsonText text) => Say(choice, $"refusal {Plain(text)}");

    public void ToolCall(int choice, int index, JsonText id, JsonText name)
    {
        Assert.Equal(_calls.Count(c => c.Item1 == choice), index);
        _calls.Add((choice, index));
        Say(choice, $"call {index} {Plain(id)} {Plain(name)}");
    }

    public void ToolArguments(int choice, int index, JsonText fragment)
    {
        Assert.Contains((choice, index), _calls);
        Say(choice, $"arguments {index} {fragment.Decode()}");
    }

    public void ToolEnd(int choice, int index) => Say(choice, $"call end {index}");

    public void Citation(int choice, in Citation citation) =>
        Say(choice, $"citation {Plain(citation.Url)} '{Plain(citation.Title)}' '{Plain(citation.Quoted)}' {citation.Start}..{citation.End}");

    public void Media(int choice, JsonText type, JsonText data, JsonText transcript) => Say(choice, $"media {Plain(type)} {Plain(data)} {Plain(transcript)}");

    public void Logprobs(int choice, ReadOnlySpan<byte> content) => Say(choice, $"logprobs {Plain(content)}");

    public void Finish(int choice, in Ending ending)
    {
        Say(choice, $"finish {ending.Reason} {Plain(ending.Word)}");
        Assert.True(_finished.Add(choice));
    }

    public void Usage(in TokenUsage usage)
    {
        Assert.False(_over);
        Lines.Add($"usage {usage.InputFresh}+{usage.InputCacheRead}+{usage.InputCacheWrite} > {usage.OutputText}+{usage.OutputReasoning}");
    }

    public void Error(JsonText message, JsonText code, int status)
    {
        Assert.False(_over && listens);
        _over = true;
        Lines.Add($"error {status} {Plain(code)}: {message.Decode()}");
    }

    public void End()
    {
        Assert.False(_over && listens);
        _over = true;
        Lines.Add("end");
    }

    /// <summary>The verbs of a stream's events, given one a line.</summary>
    public static string Stream(string events, out List<EventNature> natures, bool listens = true)
    {
        Heard heard = new(listens);
        IAnswerReader reader = OpenAiChatDialect.Chat.Reader(heard, "seed");
        natures = [];
        foreach (string line in events.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            natures.Add(reader.ReadEvent(default, Encoding.UTF8.GetBytes(line)));
        reader.Close();
        if (listens)
            Assert.Equal(heard.Lines is [.., "end"], reader.Ended);
        return string.Join('\n', heard.Lines);
    }

    public static string Stream(string events) => Stream(events, out _);

    /// <summary>The verbs of deltas of choice 0, without Begin, Finish and End.</summary>
    public static string Deltas(params string[] deltas)
    {
        IEnumerable<string> chunks = deltas.Select(d => $$"""{"id":"c","model":"m","choices":[{"index":0,"delta":{{d}},"finish_reason":null}]}""");
        List<string> lines = [.. Stream(string.Join('\n', chunks) + "\n" + """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""").Split('\n')];
        return string.Join('\n', lines[1..^2]);
    }

    /// <summary>The same of a whole message.</summary>
    public static string Message(string message)
    {
        List<string> lines = [.. Whole($$"""{"id":"c","model":"m","choices":[{"finish_reason":"stop","message":{{message}},"index":0}]}""").Split('\n')];
        return string.Join('\n', lines[1..^2]);
    }

    public static string Whole(string body, bool listens = true)
    {
        Heard heard = new(listens);
        OpenAiChatDialect.Chat.Reader(heard, "seed").ReadWhole(Encoding.UTF8.GetBytes(body));
        return string.Join('\n', heard.Lines);
    }

    /// <summary>What the writer makes of verbs.</summary>
    public static string Written(bool stream, Action<IAnswerWriter> say, bool shows = true, bool usage = false, Dictionary<string, string>? names = null)
    {
        ArrayBufferWriter<byte> output = new();
        using IAnswerWriter writer = OpenAiChatDialect.Chat.Writer(output, Shape(stream, shows, usage, names));
        say(writer);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    public static AnswerShape Shape(bool stream, bool shows = true, bool usage = false, Dictionary<string, string>? names = null) =>
        new() { Stream = stream, Id = "0123", Model = "asked-model", Created = 7, Seal = Seal, ShowsReasoning = shows, StreamUsage = usage, ToolNames = names };

    public static JsonText Of(string text) => new(WireText.Encode(text));

    private void Say(int choice, string line)
    {
        Assert.True(_begun || !listens);
        Assert.False(_over);
        Assert.DoesNotContain(choice, _finished);
        Lines.Add(choice == 0 ? line : $"{choice}: {line}");
    }

    private static string Plain(JsonText text) => Plain(text.Escaped);

    private static string Plain(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
