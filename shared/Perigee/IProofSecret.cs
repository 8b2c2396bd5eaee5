namespace Perigee;

/// <summary>The secret that seals proofs of reasoning on their way through a client.</summary>
internal interface IProofSecret
{
    /// <summary>The secret where it was read already, else null; then reading it begins.</summary>
    byte[]? Known { get; }
}
