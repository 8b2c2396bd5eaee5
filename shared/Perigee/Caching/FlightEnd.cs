using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>How a shared call ended, for those who joined it.</summary>
internal sealed record FlightEnd
{
    /// <summary>The answer is whole.</summary>
    public bool Complete { get; init; }

    /// <summary>Why it is not, or null where that is nobody's word: the one who asked went away or failed by itself.</summary>
    public GatewayError? Error { get; init; }

    /// <summary>Whether the error still has to be told: else the bytes hold the provider's own words for it.</summary>
    public bool ToBeTold { get; init; }

    /// <summary>It outgrew what may be shared.</summary>
    public bool Outgrown { get; init; }

    /// <summary>Whose answer it is.</summary>
    public Target? Served { get; init; }

    /// <summary>Request fields that its target did not get.</summary>
    public IReadOnlyList<string> Dropped { get; init; } = [];

    /// <summary>The model's own name of itself.</summary>
    public string? Model { get; init; }

    /// <summary>The exchange of who asked.</summary>
    public string Source { get; init; } = "";

    /// <summary>What the one call cost.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>Why the answer ended.</summary>
    public FinishReason Finish { get; init; }

    /// <summary>Nobody's word: whoever has been shown nothing asks anew.</summary>
    public bool Lost => !Complete && Error is null;

    /// <summary>Takes down how the one who asked has fared.</summary>
    /// <param name="exchange">Its exchange.</param>
    /// <param name="crashed">Whether an exception flew past.</param>
    public static FlightEnd Of(Exchange exchange, bool crashed) => new()
    {
        Complete = !crashed && exchange.Complete && exchange.Error is null,

        // Its own faults are not theirs.
        Error = crashed || exchange.Error?.Kind is ErrorKind.ClientGone or ErrorKind.Internal ? null : exchange.Error,
        ToBeTold = exchange.Refused,
        Served = exchange.Served,
        Dropped = exchange.Dropped,
        Model = exchange.Answer.Model,
        Source = exchange.Id,
        Usage = exchange.Answer.Usage,
        Finish = exchange.Answer.Finish,
    };
}
