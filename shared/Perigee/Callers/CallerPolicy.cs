using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Perigee.Callers;

/// <summary>Who may use the gateway, as PERIGEE_ADMIN_KEY, PERIGEE_OPEN and the addresses it listens on decide.</summary>
internal sealed class CallerPolicy
{
    /// <summary>Guessing must be hopeless: the admin key has no limit on tries.</summary>
    private const int ShortestAdminKey = 16;

    private readonly byte[]? _adminHash;

    /// <exception cref="ConfigurationException">The gateway must not start like this.</exception>
    public CallerPolicy(IConfiguration configuration, GatewayHost host)
    {
        List<ConfigurationFault> faults = [];
        string? admin = UnresolvedReference.OrValue(configuration["PERIGEE_ADMIN_KEY"]);
        if (!string.IsNullOrEmpty(admin) && admin.Length < ShortestAdminKey)
            faults.Add(new("PERIGEE_ADMIN_KEY", $"has {admin.Length} characters; it needs at least {ShortestAdminKey}."));
        _adminHash = string.IsNullOrEmpty(admin) ? null : Hash(admin);

        bool? asked = null;
        string? open = configuration["PERIGEE_OPEN"];
        if (!string.IsNullOrWhiteSpace(open))
        {
            if (bool.TryParse(open, out bool value))
                asked = value;
            else
                faults.Add(new("PERIGEE_OPEN", "must be true or false."));
        }

        if (asked == true && !host.BoundToLoopback)
            faults.Add(new("PERIGEE_OPEN", "is true, but the gateway does not listen on loopback alone: anybody could spend your providers' money. "
                + "Unset it and set PERIGEE_ADMIN_KEY, or listen on 127.0.0.1."));
        if (faults.Count > 0)
            throw new ConfigurationException("environment", faults);
        IsOpen = host.BoundToLoopback && (asked ?? _adminHash is null);
    }

    /// <summary>Nobody is asked for a key: one person on their own machine.</summary>
    public bool IsOpen { get; }

    /// <summary>Whether there is an admin key, so that callers' keys can be made.</summary>
    public bool HasAdminKey => _adminHash is not null;

    /// <summary>Compares in a time that says nothing of the key.</summary>
    public bool IsAdminKey(string presented) => _adminHash is not null && CryptographicOperations.FixedTimeEquals(_adminHash, Hash(presented));

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
