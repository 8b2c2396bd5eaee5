namespace Perigee;

/// <summary>Knows the limits of those that have some: organisations, teams, keys, the gateway.</summary>
internal interface ILimitOwners
{
    /// <summary>The limits of an owner, or null where there is no such owner.</summary>
    /// <param name="owner">Its id (<c>org_...</c>, <c>team_...</c>, <c>key_...</c>).</param>
    /// <param name="cancel">The caller gave up.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    ValueTask<IReadOnlyList<LimitRule>?> RulesOfAsync(string owner, CancellationToken cancel);
}
