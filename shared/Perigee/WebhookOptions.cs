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
    public static IReadOnlyList<string> Known { get; } = ["budget.threshold", "breaker.opened", "breaker.closed", "logs.dropped"];

    /// <inheritdoc/>
    public override string ToString() => Url.Host;
}
