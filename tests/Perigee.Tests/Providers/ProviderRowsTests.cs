using System.Net;
using Perigee.Providers;

namespace Perigee.Tests.Providers;

public class ProviderRowsTests
{
    public static TheoryData<string> Names => [.. ProviderRows.Shipped.All.Select(row => row.Name)];

    [Fact]
    public void There_are_at_least_25_hosted_providers() =>
        Assert.True(ProviderRows.Shipped.All.Count(row => row.Auth != AuthStyle.None) >= 25);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_row_is_complete_and_safe(string name)
    {
        ProviderRow row = ProviderRows.Shipped.Find(name)!;

        Assert.True(ConfigurationNames.IsProvider(row.Name));
        Assert.NotEmpty(row.Title);
        Assert.All(row.KeyVariables, variable => Assert.True(ConfigurationNames.IsVariable(variable)));
        Assert.Equal(row.Auth == AuthStyle.None, row.KeyVariables.Count == 0);
        if (row.BaseUrl is null)
        {
            Assert.True(row.BuiltIn || row.Name == "custom");
            return;
        }

        Assert.True(ConfigurationNames.TryExpand(row.BaseUrl, variable => variable.EndsWith("ENDPOINT", StringComparison.Ordinal) ? "https://e.example" : "v", out string? url, out _));
        Assert.Null(ConfigurationUrls.Fault(url, row.Network));
        Assert.Equal(url.TrimEnd('/'), url);
    }

    [Fact]
    public void No_two_rows_own_the_same_prefix() =>
        Assert.Distinct(ProviderRows.Shipped.All.SelectMany(row => row.Owns));

    [Theory]
    [InlineData("8.8.8.8", NetworkReach.Public)]
    [InlineData("2606:4700::1111", NetworkReach.Public)]
    [InlineData("10.0.0.1", NetworkReach.Private)]
    [InlineData("172.31.255.255", NetworkReach.Private)]
    [InlineData("172.32.0.1", NetworkReach.Public)]
    [InlineData("100.64.0.1", NetworkReach.Private)]
    [InlineData("fd00::1", NetworkReach.Private)]
    [InlineData("127.9.9.9", NetworkReach.Loopback)]
    [InlineData("::1", NetworkReach.Loopback)]
    [InlineData("::ffff:127.0.0.1", NetworkReach.Loopback)]
    [InlineData("64:ff9b::7f00:1", NetworkReach.Loopback)]
    [InlineData("2002:a00:1::", NetworkReach.Private)]
    [InlineData("::10.0.0.1", NetworkReach.Private)]
    [InlineData("169.254.169.254", null)]
    [InlineData("64:ff9b::a9fe:a9fe", null)]
    [InlineData("fe80::1", null)]
    [InlineData("0.0.0.0", null)]
    [InlineData("::", null)]
    [InlineData("224.0.0.1", null)]
    [InlineData("168.63.129.16", null)]
    public void An_address_needs_the_reach_of_its_range(string address, object? reach) =>
        Assert.Equal((NetworkReach?)reach, AddressRules.Needed(IPAddress.Parse(address)));
}
