using System.Buffers;

namespace Perigee.Wire.Anthropic;

/// <summary>What a verb that had to wait said.</summary>
internal enum WaitingKind
{
    /// <summary>Visible text, or a refusal's.</summary>
    Text,

    /// <summary>Reasoning.</summary>
    Reasoning,

    /// <summary>The end of a stretch of reasoning.</summary>
    ReasoningEnd,

    /// <summary>A proof that is written as a signature.</summary>
    Signature,

    /// <summary>A proof that is written as hidden reasoning.</summary>
    Redacted,

    /// <summary>A citation, as JSON.</summary>
    Citation,

    /// <summary>A call.</summary>
    Call,
}

/// <summary>
/// What was said while a call's arguments were still coming: OpenAI's dialect may interleave parallel calls, Anthropic's blocks may not. Empty
/// in almost every answer.
/// </summary>
internal sealed class AnthropicWaiting
{
    private Queue<Verb>? _verbs;

    /// <summary>Whether anything waits.</summary>
    public bool Any => _verbs is { Count: > 0 };

    /// <summary>Puts a verb at the end.</summary>
    public void Add(WaitingKind kind, ReadOnlySpan<byte> data)
    {
        Verb verb = new(kind);
        verb.Text.Write(data);
        (_verbs ??= new()).Enqueue(verb);
    }

    /// <summary>Puts a call at the end, whose arguments follow.</summary>
    public void AddCall(int index, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name) =>
        (_verbs ??= new()).Enqueue(new Verb(WaitingKind.Call) { Index = index, Id = id.ToArray(), Name = name.ToArray() });

    /// <summary>The call with this index, or null.</summary>
    public Verb? Find(int index)
    {
        if (_verbs is null)
            return null;
        foreach (Verb verb in _verbs)
        {
            if (verb.Kind == WaitingKind.Call && verb.Index == index)
                return verb;
        }

        return null;
    }

    /// <summary>Takes out what has waited longest.</summary>
    public Verb Next() => _verbs!.Dequeue();

    /// <summary>One verb.</summary>
    internal sealed class Verb(WaitingKind kind)
    {
        /// <summary>What it said.</summary>
        public WaitingKind Kind { get; } = kind;

        /// <summary>A call's index.</summary>
        public int Index { get; init; }

        /// <summary>A call's id.</summary>
        public byte[] Id { get; init; } = [];

        /// <summary>A tool's name.</summary>
        public byte[] Name { get; init; } = [];

        /// <summary>The text, the proof, the citation, or the arguments so far.</summary>
        public ArrayBufferWriter<byte> Text { get; } = new();

        /// <summary>Whether a call's arguments are complete.</summary>
        public bool Ended { get; set; }
    }
}
