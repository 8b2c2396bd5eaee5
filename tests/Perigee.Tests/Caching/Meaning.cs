using Microsoft.Extensions.Logging.Abstractions;
using Perigee.Caching;
using Perigee.Caching.Asking;
using Perigee.Caching.Near;
using Perigee.Storage;

namespace Perigee.Tests.Caching;

/// <summary>The semantic tiers for tests that drive the cache step itself.</summary>
internal static class Meaning
{
    /// <summary>No secret is known.</summary>
    public static IProofSecret NoSecret { get; } = new None();

    /// <summary>Calls of the gateway's own find nobody.</summary>
    public static IOwnCalls Nobody { get; } = new Deaf();

    /// <summary>Tiers over a storage; calls of the gateway's own find nobody.</summary>
    public static MeaningTiers Of(IStorage storage, AnswerCache answers, TimeProvider time) => new(
        answers,
        new NearSync(storage, TimeSpan.FromDays(1), time, NullLogger<NearSync>.Instance),
        new ShadowCheck(storage, () => 1, time, NullLogger<ShadowCheck>.Instance),
        Nobody, time);

    private sealed class None : IProofSecret
    {
        public byte[]? Known => null;
    }

    private sealed class Deaf : IOwnCalls
    {
        public ValueTask<OwnAnswer> AskAsync(OwnCall call, CancellationToken cancel) => new(new OwnAnswer(503, default));
    }
}
