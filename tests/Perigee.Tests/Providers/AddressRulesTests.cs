using System.Net;
using Perigee.Providers;

namespace Perigee.Tests.Providers;

public sealed class AddressRulesTests
{
    [Theory]
    [InlineData("8.8.8.8", "Public")]
    [InlineData("2606:4700::1", "Public")]
    [InlineData("10.1.2.3", "Private")]
    [InlineData("172.31.0.1", "Private")]
    [InlineData("172.32.0.1", "Public")]
    [InlineData("192.168.1.1", "Private")]
    [InlineData("100.64.0.1", "Private")]
    [InlineData("fd12::1", "Private")]
    [InlineData("127.0.0.1", "Loopback")]
    [InlineData("127.9.9.9", "Loopback")]
    [InlineData("::1", "Loopback")]
    [InlineData("::ffff:127.0.0.1", "Loopback")]
    [InlineData("::ffff:10.0.0.1", "Private")]
    [InlineData("64:ff9b::7f00:1", "Loopback")]
    [InlineData("64:ff9b::a9fe:a9fe", "Never")]
    [InlineData("2002:a00:1::", "Private")]
    [InlineData("2002:a9fe:a9fe::", "Never")]
    [InlineData("169.254.169.254", "Never")]
    [InlineData("::ffff:169.254.169.254", "Never")]
    [InlineData("168.63.129.16", "Never")]
    [InlineData("fe80::1", "Never")]
    [InlineData("fd00:ec2::254", "Never")]
    [InlineData("0.0.0.0", "Never")]
    [InlineData("::", "Never")]
    [InlineData("224.0.0.1", "Never")]
    [InlineData("255.255.255.255", "Never")]
    [InlineData("2001:0:53aa::1", "Never")]
    public void Address_needs_at_least_this_reach(string address, string least)
    {
        foreach (NetworkReach reach in Enum.GetValues<NetworkReach>())
        {
            bool expected = least != "Never" && reach >= Enum.Parse<NetworkReach>(least);
            Assert.True(expected == AddressRules.Allows(reach, IPAddress.Parse(address)), $"{address} with reach {reach}");
        }
    }
}
