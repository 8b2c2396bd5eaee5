using Perigee.Providers;

namespace Perigee;

/// <summary>Somebody to be told when something happens.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Secret">The bytes that messages are signed with. In no log and in no answer.</param>
/// <param name="Events">What of.</param>
/// <param name="Network">Which addresses may be dialled.</param>
internal sealed record WebhookOptions(Uri Url, byte[] Secret, IReadOnlySet<string> Events, NetworkReach Network)
{
    /// <summary>All that there is to be told of.</summary>
    public static IReadOnlyList<string> Known { get; } = ["budget.threshold", "key.expiring", "breaker.opened", "breaker.closed", "storage.down", "storage.up", "logs.dropped"];

    /// <summary>How many days before a key's end it wants to be told.</summary>
    public IReadOnlySet<int> ExpiringDays { get; init; } = UsualDays;

    private static IReadOnlySet<int> UsualDays { get; } = new HashSet<int> { 7, 1 };

    /// <inheritdoc/>
    public override string ToString() => Url.Host;
}
