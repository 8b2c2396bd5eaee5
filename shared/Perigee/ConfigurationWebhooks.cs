using Perigee.Providers;

namespace Perigee;

/// <summary>Reads the list <c>webhooks</c> of perigee.json. Secrets stand in variables, which it names.</summary>
internal static class ConfigurationWebhooks
{
    private const int Most = 20;
    private const int ShortestSecret = 24;
    private const int LongestSecret = 64;
    private const int MostDays = 365;
    private const int MostNumbers = 10;
    private const string Prefix = "whsec_";

    /// <summary>Reads the list.</summary>
    /// <param name="root">The file.</param>
    /// <param name="environment">Looks up an environment variable or app setting.</param>
    public static IReadOnlyList<WebhookOptions> Read(ConfigurationSection root, Func<string, string?> environment)
    {
        List<WebhookOptions> hooks = [];
        IReadOnlyList<ConfigurationSection> entries = root.Objects("webhooks");
        if (entries.Count == 0)
            ReadOne(root.NoObject("webhooks"), environment);
        if (entries.Count > Most)
            root.Fault("webhooks", $"has {entries.Count} entries; at most {Most} are taken.");
        foreach (ConfigurationSection entry in entries)
        {
            if (ReadOne(entry, environment) is { } hook)
                hooks.Add(hook);
        }

        return hooks;
    }

    private static WebhookOptions? ReadOne(ConfigurationSection entry, Func<string, string?> environment)
    {
        string? url = entry.Text("url"), variable = entry.Text("secretVariable");
        NetworkReach network = (NetworkReach?)entry.Choice("network", "public", "private", "loopback") ?? NetworkReach.Public;
        IReadOnlyList<string>? events = entry.Some("events");
        IReadOnlyList<int>? days = entry.WholeNumbers("expiringDays", 1, MostDays, MostNumbers);
        entry.Close();
        if (!entry.IsGiven)
            return null;
        Uri? address = null;
        bool plain = network != NetworkReach.Public;
        if (!Uri.TryCreate(url, UriKind.Absolute, out address) || !(address.Scheme == "https" || (plain && address.Scheme == "http")) || address.UserInfo.Length > 0)
            entry.Fault("url", "has to be an https address without a user (http only with \"network\": \"private\" or \"loopback\").");
        string? text = variable is null ? null : environment(variable);
        byte[] secret = SecretOf(text);
        if (variable is null)
            entry.Fault("secretVariable", "is missing: name the variable that holds the secret.");
        else if (secret.Length is < ShortestSecret or > LongestSecret)
            entry.Fault("secretVariable", $"names a variable that does not hold a secret: it must be {Prefix} and the Base64 of {ShortestSecret} to {LongestSecret} bytes.");
        foreach (string name in events ?? [])
        {
            if (!WebhookOptions.Known.Contains(name, StringComparer.Ordinal))
                entry.Fault("events", $"knows no '{name}'; there are {string.Join(", ", WebhookOptions.Known)}.");
        }

        if (address is null)
            return null;
        WebhookOptions hook = new(address, secret, (events ?? WebhookOptions.Known).ToHashSet(StringComparer.Ordinal), network);
        return days is null ? hook : hook with { ExpiringDays = days.ToHashSet() };
    }

    private static byte[] SecretOf(string? text)
    {
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return [];
        byte[] secret = new byte[text.Length];
        return Convert.TryFromBase64String(text[Prefix.Length..], secret, out int length) ? secret[..length] : [];
    }
}
