using System.Net;
using System.Net.Sockets;

namespace Perigee.Providers;

/// <summary>Which addresses a provider may be dialled at: checked on literals when the configuration is read, on every resolved address at connect time.</summary>
internal static class AddressRules
{
    // Special-purpose ranges by IANA's registries. Never allowed, whatever the reach: nothing in them is a provider, and the
    // link-local ones hold the clouds' metadata services.
    private static readonly IPNetwork[] Never =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"),
        IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"), IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/4"),
        IPNetwork.Parse("240.0.0.0/4"), IPNetwork.Parse("168.63.129.16/32"), IPNetwork.Parse("100.100.100.200/32"),
        IPNetwork.Parse("::/128"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("ff00::/8"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("100::/64"),
        IPNetwork.Parse("fec0::/10"),
        IPNetwork.Parse("2001::/32"), IPNetwork.Parse("fd00:ec2::254/128"), IPNetwork.Parse("fd20:ce::254/128"),
    ];

    private static readonly IPNetwork[] PrivateRanges =
    [
        IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("fc00::/7"),
    ];

    /// <summary>The least reach under which this address may be dialled, or null where none suffices.</summary>
    public static NetworkReach? Needed(IPAddress address)
    {
        IPAddress plain = Unwrap(address);
        foreach (IPNetwork range in Never)
        {
            if (range.Contains(plain))
                return null;
        }

        if (IPAddress.IsLoopback(plain))
            return NetworkReach.Loopback;
        foreach (IPNetwork range in PrivateRanges)
        {
            if (range.Contains(plain))
                return NetworkReach.Private;
        }

        return NetworkReach.Public;
    }

    /// <summary>Whether a provider of that reach may be dialled at this address.</summary>
    public static bool Allows(NetworkReach reach, IPAddress address) => Needed(address) is { } needed && needed <= reach;

    /// <summary>The least reach that the host of a URL needs as far as its spelling says, or null where it is never allowed.</summary>
    public static NetworkReach? Needed(Uri url)
    {
        string host = url.IdnHost.TrimEnd('.');
        if (IPAddress.TryParse(host, out IPAddress? literal))
            return Needed(literal);
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
            return NetworkReach.Loopback;
        if (host.Equals("metadata.google.internal", StringComparison.OrdinalIgnoreCase)
            || host.Equals("metadata", StringComparison.OrdinalIgnoreCase) || host.Equals("instance-data", StringComparison.OrdinalIgnoreCase))
            return null;
        return NetworkReach.Public;
    }

    // An IPv4 address also comes as ::ffff:a.b.c.d, through NAT64 (64:ff9b::/96), as 6to4 (2002:aabb:ccdd::/48), and as ::a.b.c.d.
    private static IPAddress Unwrap(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (bytes[..12].SequenceEqual((ReadOnlySpan<byte>)[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]))
            return new IPAddress(bytes[12..]);
        if (bytes[0] == 0x20 && bytes[1] == 0x02)
            return new IPAddress(bytes[2..6]);
        if (bytes[..12].IndexOfAnyExcept((byte)0) < 0 && (bytes[12] != 0 || bytes[13] != 0))
            return new IPAddress(bytes[12..]);
        return address;
    }
}
