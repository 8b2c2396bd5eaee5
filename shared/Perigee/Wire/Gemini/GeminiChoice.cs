namespace Perigee.Wire.Gemini;

/// <summary>What a reader remembers of one candidate.</summary>
internal sealed class GeminiChoice(int index)
{
    /// <summary>Its number.</summary>
    public int Index { get; } = index;

    /// <summary>Whether it has said why it ended.</summary>
    public bool Finished { get; set; }

    /// <summary>Why it ended.</summary>
    public FinishReason Reason { get; set; }

    /// <summary>Google's word for it.</summary>
    public byte[] Word { get; set; } = [];

    /// <summary>Google's explanation, escaped.</summary>
    public byte[] Message { get; set; } = [];

    /// <summary>How many tools it has called.</summary>
    public int Calls { get; set; }

    /// <summary>The call whose arguments come in pieces and are not complete, or null.</summary>
    public GeminiPartialCall? Open { get; set; }

    /// <summary>Where the characters of its visible text lie.</summary>
    public TextOffsets Offsets { get; } = new();

    /// <summary>Where each part of its content begins in its text, in bytes, by the part's number; -1 for one that is no visible text.</summary>
    public List<int> PartStarts { get; } = [];

    /// <summary>The pages that it names.</summary>
    public GeminiSources Sources { get; } = new();
}
