using Perigee.Providers;

namespace Perigee;

/// <summary>Which base URLs a provider may have.</summary>
internal static class ConfigurationUrls
{
    /// <summary>What is wrong with a URL, or null. <c>{network}</c> in it stands for the path of the provider's reach.</summary>
    public static string? Fault(string text, NetworkReach network)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("https" or "http") || url.Host.Length == 0)
            return "is not an http(s) URL, as in https://host/v1.";
        if (url.UserInfo.Length > 0)
            return "holds a user or password; keys go through keyVariable.";
        if (url.Query.Length > 0 || url.Fragment.Length > 0 || text.Contains('?', StringComparison.Ordinal) || text.Contains('#', StringComparison.Ordinal))
            return "has a query or fragment; the operation's path has to fit behind it.";
        if (AddressRules.Needed(url) is not { } needed)
            return "points at an address that is never a provider (metadata service, link-local, reserved).";
        if (needed > network)
        {
            return needed == NetworkReach.Loopback
                ? "points at this machine; set {network} to loopback if that is meant."
                : "points into a private network; set {network} to private if that is meant.";
        }

        return url.Scheme == "http" && network == NetworkReach.Public
            ? "has to be https; plain http is for {network} private or loopback."
            : null;
    }
}
