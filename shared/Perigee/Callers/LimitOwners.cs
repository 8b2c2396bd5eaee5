namespace Perigee.Callers;

/// <summary>The limits of keys, teams and organisations, as they are stored now.</summary>
internal sealed class LimitOwners(KeyStore keys, OwnerStore owners) : ILimitOwners
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LimitRule>?> RulesOfAsync(string owner, CancellationToken cancel)
    {
        if (KeyRecord.HashPrefixOf(owner) is not null)
            return await keys.FindByIdAsync(owner, cancel) is { } key ? CallerMaker.LimitsOf(key) : null;
        return await owners.FindAsync(owner, cancel) is { } record ? record.Settings.Limits : null;
    }
}
