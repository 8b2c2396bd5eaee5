using System.Collections.Frozen;
using Perigee.Callers;
using Perigee.Providers;

namespace Perigee;

/// <summary>Reads the section <c>auth</c> of perigee.json: whose tokens are taken, and what they may do.</summary>
internal static class ConfigurationAuth
{
    private const int MostIssuers = 20;

    /// <summary>Reads the issuers.</summary>
    public static IReadOnlyList<JwtIssuer> Read(ConfigurationSection section, ConfigurationFaults faults)
    {
        List<JwtIssuer> issuers = [];
        IReadOnlyList<ConfigurationSection> entries = section.Objects("jwt");
        if (entries.Count == 0)
            ReadIssuer(section.NoObject("jwt"), faults);
        if (entries.Count > MostIssuers)
            section.Fault("jwt", $"has {entries.Count} issuers; at most {MostIssuers} are taken.");
        foreach (ConfigurationSection entry in entries)
        {
            JwtIssuer issuer = ReadIssuer(entry, faults);
            if (issuers.Exists(other => other.Issuer == issuer.Issuer))
                entry.Fault("issuer", "is that of another entry, too; keep one.");
            issuers.Add(issuer);
        }

        section.Close();
        return issuers;
    }

    private static JwtIssuer ReadIssuer(ConfigurationSection entry, ConfigurationFaults faults)
    {
        NetworkReach network = (NetworkReach?)entry.Choice("network", "public", "private", "loopback") ?? NetworkReach.Public;
        string issuer = ReadUrl(entry, "issuer", network, needed: true) ?? "";
        string? keys = ReadUrl(entry, "jwksUri", network, needed: false);
        IReadOnlyList<string> audiences = entry.Some("audience") ?? [];
        if (entry.IsGiven && !entry.Has("audience"))
            entry.Fault("audience", "is needed: without it tokens that were made for other services would open this one.");
        string userClaim = entry.Text("userClaim") ?? "sub";
        List<JwtRule> rules = [];
        IReadOnlyList<ConfigurationSection> given = entry.Objects("rules");
        if (given.Count == 0)
            ReadRule(entry.NoObject("rules"), faults);
        foreach (ConfigurationSection rule in given)
            rules.Add(ReadRule(rule, faults));
        if (entry.IsGiven && given.Count == 0)
            entry.Fault("rules", "is needed: without a rule no token may do anything.");
        entry.Close();
        return new JwtIssuer
        {
            Issuer = issuer,
            Audiences = audiences,
            Keys = keys is null ? null : new Uri(keys),
            Network = network,
            UserClaim = userClaim,
            Rules = rules,
        };
    }

    private static JwtRule ReadRule(ConfigurationSection section, ConfigurationFaults faults)
    {
        string? claim = section.Text("claim");
        IReadOnlyList<string>? values = section.Some("value");
        string? organisation = section.Text("organisation");
        string? team = section.Text("team");
        int? role = section.Choice("role", [.. ManagementRoles.Words]);
        if (values is not null && claim is null)
            section.Fault("value", "needs a claim beside it.");
        if (organisation is not null && !OwnerRecord.IsId(LevelKind.Organisation, organisation))
            section.Fault("organisation", "has to be an organisation's id (org_...).");
        if (team is not null && !OwnerRecord.IsId(LevelKind.Team, team))
            section.Fault("team", "has to be a team's id (team_...).");
        if (team is not null && organisation is null)
            section.Fault("organisation", "is needed beside team.");
        if (section.IsGiven && organisation is null && role is null)
            faults.Add(section.Path, "gives nothing: name an organisation, a role, or both.");
        section.Close();
        return new JwtRule(claim, values?.ToFrozenSet(StringComparer.Ordinal), organisation, team, (ManagementRole?)role);
    }

    private static string? ReadUrl(ConfigurationSection section, string member, NetworkReach network, bool needed)
    {
        string? url = section.Text(member);
        if (url is null)
        {
            if (needed && section.IsGiven && !section.Has(member))
                section.Fault(member, "is needed.");
            return null;
        }

        if (ConfigurationUrls.Fault(url, network) is not { } fault)
            return url;
        section.Fault(member, fault.Replace("{network}", section.PathOf("network"), StringComparison.Ordinal));
        return null;
    }
}
