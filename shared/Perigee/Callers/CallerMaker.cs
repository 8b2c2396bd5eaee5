using System.Net;
using System.Text;

namespace Perigee.Callers;

/// <summary>Makes the caller of what organisation, team and key say: the narrower level adds to limits and takes away from what may be used.</summary>
internal static class CallerMaker
{
    /// <summary>Of a key.</summary>
    public static Caller Of(KeyRecord key, OwnerRecord? organisation, OwnerRecord? team) => Make(
        key.Id, key.Settings.Name, key.Settings, key.Id, organisation, team);

    /// <summary>Of somebody whom a token names.</summary>
    /// <param name="id">A hash of issuer and subject: <c>jwt_...</c>.</param>
    /// <param name="name">For people.</param>
    /// <param name="organisation">Where the rules put it.</param>
    /// <param name="team">Where the rules put it.</param>
    public static Caller Of(string id, string name, OwnerRecord? organisation, OwnerRecord? team) => Make(id, name, null, id, organisation, team);

    /// <summary>The limits of a key alone.</summary>
    public static IReadOnlyList<LimitRule> LimitsOf(KeyRecord key) =>
        key.Settings.RequestsPerMinute is { } requests ? [.. key.Settings.Limits, PerMinute(key.Id, requests)] : key.Settings.Limits;

    /// <summary>Why nothing below this level is served now, or null.</summary>
    public static string? Refusal(Owner? owner, DateTimeOffset now) => owner switch
    {
        null => null,
        { Record: null } => $"The {OwnerRecord.KindOf(owner.Id)} '{owner.Id}' is not known here.",
        { Record.DeletedAt: not null } => $"The {OwnerRecord.KindOf(owner.Id)} '{owner.Id}' was deleted.",
        { Record.Settings.Disabled: true } => $"The {OwnerRecord.KindOf(owner.Id)} '{owner.Id}' is disabled.",
        _ when owner.Record.Settings.ExpiresAt <= now => $"The {OwnerRecord.KindOf(owner.Id)} '{owner.Id}' has expired.",
        _ => null,
    };

    private static Caller Make(string id, string name, LevelSettings? own, string ownId, OwnerRecord? organisation, OwnerRecord? team)
    {
        List<LevelSettings> levels = [];
        if (organisation is not null)
            levels.Add(organisation.Settings);
        if (team is not null)
            levels.Add(team.Settings);
        if (own is not null)
            levels.Add(own);
        List<LimitRule> limits = [];
        List<LimitRule> userLimits = [];
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        List<DefaultMember> defaults = [];
        foreach (LevelSettings level in levels)
        {
            limits.AddRange(level.Limits);
            userLimits.AddRange(level.UserLimits);
            foreach ((string key, string value) in level.Metadata)
                metadata[key] = value;
            LevelDefaults.AddTo(defaults, level.Defaults);
        }

        if (own?.RequestsPerMinute is { } requests)
            limits.Add(PerMinute(ownId, requests));
        return new Caller(id, levels.AsEnumerable().Reverse().FirstOrDefault(static level => level.Tenant is not null)?.Tenant ?? id, name, own?.RequestsPerMinute)
        {
            Quality = levels.AsEnumerable().Reverse().FirstOrDefault(static level => level.Quality is not null)?.Quality,
            CacheTtl = CacheTtl(levels),
            ExactCacheOnly = levels.Exists(static level => level.Cache == "exact"),
            Limits = limits.Count == 0 ? [] : limits,
            UserLimits = userLimits.Count == 0 ? [] : userLimits,
            Organisation = organisation?.Id,
            Team = team?.Id,
            Scope = Scope(levels),
            Metadata = metadata.Count == 0 ? System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty : metadata,
            Defaults = defaults.Count == 0 ? [] : defaults,
            LogBodies = levels.Min(static level => level.LogBodies?.Percent) is { } percent ? new BodyLogging(percent) : null,
        };
    }

    private static LimitRule PerMinute(string owner, int requests) => new()
    {
        Name = LevelReader.RequestsName,
        Level = LimitLevel.Key,
        Owner = owner,
        Meter = LimitMeter.Requests,
        Amount = requests,
        Period = LimitPeriod.Minute,
    };

    private static TimeSpan? CacheTtl(List<LevelSettings> levels) =>
        levels.Exists(static level => level.Cache == "off") ? TimeSpan.Zero
        : levels.Min(static level => level.CacheTtlSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds)
        : null;

    private static CallerScope Scope(List<LevelSettings> levels)
    {
        List<ModelScope> models = [.. levels.Where(static level => level.AllowedModels is not null || level.AllowedRoutes is not null)
            .Select(static level => new ModelScope(level.AllowedModels, level.AllowedRoutes))];
        IReadOnlyList<string>? dialects = null;
        foreach (LevelSettings level in levels)
        {
            if (level.AllowedDialects is { } allowed)
                dialects = dialects is null ? allowed : [.. dialects.Intersect(allowed, StringComparer.Ordinal)];
        }

        List<IReadOnlyList<IPNetwork>> networks = [.. levels.Where(static level => level.AllowedIps is not null).Select(static level => level.AllowedIps!)];
        if (models.Count == 0 && dialects is null && networks.Count == 0)
            return CallerScope.Everything;
        StringBuilder key = new();
        foreach (ModelScope level in models)
        {
            key.Append(level.Models is null ? "-" : string.Join(' ', level.Models)).Append('|')
                .Append(level.Routes is null ? "-" : string.Join(' ', level.Routes)).Append(';');
        }

        return new CallerScope { Models = models, Dialects = dialects, Networks = networks, ModelsKey = key.ToString() };
    }
}
