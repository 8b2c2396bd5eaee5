using System.Net;
using System.Net.Sockets;
using Perigee.Providers;

namespace Perigee.Forwarding;

/// <summary>
/// Says which addresses a connection may go to, at the moment it is made: a name that resolved to a public address when the configuration
/// was checked may resolve to a private one later (DNS rebinding). Ranges: the IANA special-purpose registries (RFC 6890 and successors).
/// </summary>
internal static class AddressGuard
{
    private static readonly IPNetwork[] Private =
    [
        IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("fc00::/7"),
    ];

    // Never, whatever is configured: metadata services, link-local, multicast, documentation, this-network, and Azure's host channel.
    private static readonly IPNetwork[] Never =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("198.18.0.0/15"),
        IPNetwork.Parse("198.51.100.0/24"), IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("::/128"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("fec0::/10"), IPNetwork.Parse("ff00::/8"),
        IPNetwork.Parse("fd00:ec2::254/128"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("100::/64"),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Teredo = IPNetwork.Parse("2001::/32");

    /// <summary>Whether an address may be dialled.</summary>
    public static bool Allows(IPAddress address, NetworkReach reach)
    {
        address = Unwrap(address);
        if (Within(address, Never) || Teredo.Contains(address))
            return false;
        if (IPAddress.IsLoopback(address))
            return reach == NetworkReach.Loopback;
        return reach != NetworkReach.Public || !Within(address, Private);
    }

    /// <summary>The IPv4 address inside an IPv6 one that only carries it: what is dialled in the end.</summary>
    private static IPAddress Unwrap(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (Nat64.Contains(address))
            return new IPAddress(bytes[12..]);
        if (SixToFour.Contains(address))
            return new IPAddress(bytes[2..6]);

        // ::a.b.c.d, long deprecated; ::1 is loopback and not meant.
        return bytes[..12].IndexOfAnyExcept((byte)0) < 0 && !IPAddress.IsLoopback(address) ? new IPAddress(bytes[12..]) : address;
    }

    private static bool Within(IPAddress address, IPNetwork[] networks)
    {
        foreach (IPNetwork network in networks)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }
}
