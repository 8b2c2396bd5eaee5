using System.Globalization;
using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>A sink that remembers what it was told, and every promise of <see cref="IStreamSink"/> that the teller broke.</summary>
internal sealed class Told : IStreamSink
{
    private readonly SortedDictionary<int, ToldChoice> _choices = [];
    private string? _awaitedCall;

    /// <summary>Promises that were broken.</summary>
    public List<string> Faults { get; } = [];

    public IReadOnlyDictionary<int, ToldChoice> Choices => _choices;

    public bool Begun { get; private set; }

    public string Id { get; private set; } = "";

    public string Model { get; private set; } = "";

    public TokenUsage? LastUsage { get; private set; }

    public string? ErrorMessage { get; private set; }

    public string ErrorCode { get; private set; } = "";

    public int ErrorStatus { get; private set; }

    /// <summary>End was said.</summary>
    public bool EndSaid { get; private set; }

    /// <summary>The reader's own opinion, copied by who fed it.</summary>
    public bool Ended { get; set; }

    public bool ListensToContent => true;

    /// <summary>Whether the answer is complete by the contract: End was said and nothing went wrong.</summary>
    public bool Complete => EndSaid && ErrorMessage is null;

    public ToldChoice First => _choices.TryGetValue(0, out ToldChoice? choice) ? choice : new ToldChoice();

    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        Fault(Begun, "Begin twice");
        Fault(_choices.Count > 0 || LastUsage is not null || EndSaid || ErrorMessage is not null, "Begin after another verb");
        Begun = true;
        Id = Checked(new JsonText(id));
        Model = Checked(new JsonText(model));
    }

    public void Text(int choice, JsonText text) => Say(choice, BlockKind.Text, text);

    public void Reasoning(int choice, JsonText text) => Say(choice, BlockKind.Reasoning, text);

    public void ReasoningEnd(int choice)
    {
        ToldChoice told = Content(choice);
        if (told.Blocks.Count > 0 && told.Blocks[^1].Kind == BlockKind.Reasoning)
            told.Blocks[^1].Over = true;
    }

    public void Proof(int choice, in Proof proof)
    {
        ToldChoice told = Content(choice);
        if (proof.Kind == ProofKind.OnCall)
        {
            Fault(proof.CallId.IsEmpty, "a proof on a call without its id");
            _awaitedCall = Checked(proof.CallId);
        }

        if (told.Blocks.Count > 0 && told.Blocks[^1].Kind == BlockKind.Reasoning)
            told.Blocks[^1].Over = true;
        Block block = new(BlockKind.Proof) { Origin = proof.Origin, ProofKind = proof.Kind, CallId = Checked(proof.CallId), Over = true };
        block.Add(proof.Data);
        Checked(proof.Data);
        told.Blocks.Add(block);
    }

    public void Refusal(int choice, JsonText text) => Say(choice, BlockKind.Refusal, text);

    public void ToolCall(int choice, int index, JsonText id, JsonText name)
    {
        ToldChoice told = Content(choice);
        Fault(index != told.Calls.Count, $"call {index} where {told.Calls.Count} is due");
        Fault(id.IsEmpty, "a call without an id");
        Fault(name.IsEmpty, "a call without a name");
        Block block = new(BlockKind.Call) { CallId = Checked(id), Name = Checked(name), Over = true };
        Fault(_awaitedCall is not null && _awaitedCall != block.CallId, $"the proof of call {_awaitedCall} before call {block.CallId}");
        _awaitedCall = null;
        told.Blocks.Add(block);
        told.Calls.Add(block);
    }

    public void ToolArguments(int choice, int index, JsonText fragment)
    {
        ToldChoice told = Content(choice);
        Checked(fragment);
        if (index < 0 || index >= told.Calls.Count)
        {
            Faults.Add($"arguments of call {index}, which is unknown");
            return;
        }

        Fault(told.Calls[index].ArgumentsOver, $"arguments of call {index} after its end");
        told.Calls[index].Add(fragment);
    }

    public void ToolEnd(int choice, int index)
    {
        ToldChoice told = Content(choice);
        if (index < 0 || index >= told.Calls.Count)
        {
            Faults.Add($"end of call {index}, which is unknown");
            return;
        }

        Fault(told.Calls[index].ArgumentsOver, $"end of call {index} twice");
        told.Calls[index].ArgumentsOver = true;
    }

    public void Citation(int choice, in Citation citation)
    {
        ToldChoice told = Content(choice);
        Fault(citation.Url.IsEmpty, "a citation without an address");
        told.Citations.Add(string.Create(CultureInfo.InvariantCulture, $"{Checked(citation.Url)}|{Checked(citation.Title)}|{citation.Start}|{citation.End}"));
        Checked(citation.Quoted);
    }

    public void Media(int choice, JsonText type, JsonText data, JsonText transcript)
    {
        Block block = new(BlockKind.Media) { Name = Checked(type), CallId = Checked(transcript), Over = true };
        block.Add(data);
        Content(choice).Blocks.Add(block);
    }

    public void Logprobs(int choice, ReadOnlySpan<byte> content)
    {
        ToldChoice told = Content(choice);
        try
        {
            using JsonDocument array = JsonDocument.Parse(content.ToArray());
            Fault(array.RootElement.ValueKind != JsonValueKind.Array, "logprobs that are no array");
            told.Logprobs += array.RootElement.ValueKind == JsonValueKind.Array ? array.RootElement.GetArrayLength() : 0;
        }
        catch (JsonException)
        {
            Faults.Add("logprobs that are no JSON");
        }
    }

    public void Finish(int choice, in Ending ending)
    {
        Open($"Finish of {choice}");
        ToldChoice told = Choice(choice);
        Fault(told.Finish != FinishReason.None, $"choice {choice} finished twice");
        Fault(ending.Reason == FinishReason.None, "Finish without a reason");
        foreach (Block call in told.Calls)
            Fault(!call.ArgumentsOver, $"choice {choice} finished before its call {call.CallId} ended");
        told.Finish = ending.Reason;
        told.Word = Checked(ending.Word);
        told.Sequence = Checked(ending.Sequence);
        told.Explanation = Checked(ending.Explanation);
    }

    public void Usage(in TokenUsage usage)
    {
        Open("Usage");
        Fault(usage.InputFresh < 0 || usage.InputCacheRead < 0 || usage.InputCacheWrite < 0 || usage.OutputText < 0 || usage.OutputReasoning < 0, $"negative usage {usage}");
        LastUsage = usage;
    }

    public void Error(JsonText message, JsonText code, int status)
    {
        Fault(EndSaid || ErrorMessage is not null, "Error after the end");
        ErrorMessage = Checked(message);
        ErrorCode = Checked(code);
        ErrorStatus = status;
    }

    public void End()
    {
        Open("End");
        foreach ((int number, ToldChoice told) in _choices)
            Fault(told.Finish == FinishReason.None, $"End, but choice {number} did not finish");
        Fault(_awaitedCall is not null, $"the proof of call {_awaitedCall}, but no call");
        EndSaid = true;
    }

    /// <summary>All that was said, one line a thing: equal for equal answers however they were cut.</summary>
    public string Summary(bool ids = true)
    {
        StringBuilder lines = new();
        if (ids)
            lines.Append("begin ").Append(Id).Append(' ').Append(Model).Append('\n');
        foreach ((int number, ToldChoice told) in _choices)
        {
            foreach (Block block in told.Blocks)
                lines.Append(number).Append(' ').Append(block.Describe(ids)).Append('\n');
            lines.AppendJoin("", told.Citations.Select(c => $"{number} citation {c}\n"));
            if (told.Logprobs > 0)
                lines.Append(number).Append(" logprobs ").Append(told.Logprobs).Append('\n');
            lines.Append(number).Append(" finish ").Append(told.Finish).Append(' ').Append(told.Sequence).Append(' ').Append(told.Explanation).Append('\n');
        }

        if (LastUsage is { } usage)
            lines.Append(usage).Append('\n');
        if (ErrorMessage is not null)
            lines.Append("error ").Append(ErrorMessage).Append(' ').Append(ErrorCode).Append(' ').Append(ErrorStatus).Append('\n');
        lines.Append(EndSaid ? "end" : "no end").Append(Ended ? " ended" : " not ended");
        return lines.ToString();
    }

    /// <summary>The verbs' contract, kept or not; to be asked when nothing more will come.</summary>
    public void AssertKept(string what) => Assert.True(Faults.Count == 0, $"{what}: {string.Join("; ", Faults.Take(5))}");

    private void Say(int choice, BlockKind kind, JsonText text)
    {
        ToldChoice told = Content(choice);
        Checked(text);
        if (text.IsEmpty)
            return;
        if (told.Blocks.Count == 0 || told.Blocks[^1].Kind != kind || told.Blocks[^1].Over)
            told.Blocks.Add(new Block(kind));
        told.Blocks[^1].Add(text);
    }

    private ToldChoice Content(int choice)
    {
        Open("content");
        ToldChoice told = Choice(choice);
        Fault(told.Finish != FinishReason.None, $"content of choice {choice} after its Finish");
        return told;
    }

    private ToldChoice Choice(int choice)
    {
        Fault(choice < 0, "a choice below 0");
        if (!_choices.TryGetValue(choice, out ToldChoice? told))
            _choices[choice] = told = new ToldChoice();
        return told;
    }

    private void Open(string verb)
    {
        Fault(!Begun, $"{verb} before Begin");
        Fault(EndSaid, $"{verb} after End");
        Fault(ErrorMessage is not null, $"{verb} after Error");
    }

    private void Fault(bool broken, string words)
    {
        if (broken && Faults.Count < 20)
            Faults.Add(words);
    }

    /// <summary>Every text must be the inside of a JSON string by itself: a piece never ends in the middle of an escape.</summary>
    private string Checked(JsonText text)
    {
        if (text.IsEmpty)
            return "";
        if (text.Escaped.IndexOf((byte)'\\') < 0 && text.Escaped.IndexOf((byte)'"') < 0)
            return text.Decode();
        byte[] quoted = [(byte)'"', .. text.Escaped, (byte)'"'];
        try
        {
            Utf8JsonReader reader = new(quoted);
            while (reader.Read())
            {
            }
        }
        catch (JsonException)
        {
            Faults.Add($"not the inside of a JSON string: {Encoding.UTF8.GetString(text.Escaped)}");
        }

        return text.Decode();
    }
}

internal enum BlockKind
{
    Text,
    Reasoning,
    Proof,
    Refusal,
    Call,
    Media,
}

/// <summary>One choice of an answer.</summary>
internal sealed class ToldChoice
{
    public List<Block> Blocks { get; } = [];

    public List<Block> Calls { get; } = [];

    public List<string> Citations { get; } = [];

    public int Logprobs { get; set; }

    public FinishReason Finish { get; set; }

    public string Word { get; set; } = "";

    public string Sequence { get; set; } = "";

    public string Explanation { get; set; } = "";

    public string Text => Joined(BlockKind.Text);

    public string Reasoning => Joined(BlockKind.Reasoning);

    public string Refusal => Joined(BlockKind.Refusal);

    public IEnumerable<Block> Proofs => Blocks.Where(b => b.Kind == BlockKind.Proof);

    private string Joined(BlockKind kind) => string.Concat(Blocks.Where(b => b.Kind == kind).Select(b => b.Value));
}

/// <summary>A stretch of one kind.</summary>
internal sealed class Block(BlockKind kind)
{
    private readonly List<byte> _escaped = [];

    public BlockKind Kind { get; } = kind;

    /// <summary>Nothing more is added to it.</summary>
    public bool Over { get; set; }

    public bool ArgumentsOver { get; set; }

    public ProofOrigin Origin { get; init; }

    public ProofKind ProofKind { get; init; }

    public string CallId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Value => WireText.Decode(_escaped.ToArray());

    /// <summary>The arguments as JSON; of no object the words themselves.</summary>
    public string Arguments
    {
        get
        {
            string text = Value;
            return string.IsNullOrWhiteSpace(text) ? "{}" : Json.Canonical(text) ?? text;
        }
    }

    public void Add(JsonText text) => _escaped.AddRange(text.Escaped);

    public string Describe(bool ids) => Kind switch
    {
        BlockKind.Call => $"call {(ids ? CallId : "")} {Name} {Arguments}",
        BlockKind.Proof => $"proof {Origin} {ProofKind} {(ids ? CallId : "")} {Value}",
        BlockKind.Media => $"media {Name} {CallId} {Value}",
        _ => $"{Kind} {Value}",
    };
}
