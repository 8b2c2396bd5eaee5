using Microsoft.Extensions.Configuration;
using Perigee.Azure;

namespace Perigee.Storage.Tests;

/// <summary>How the settings name the storages of other regions.</summary>
public sealed class RegionSettingsTests
{
    private const string Connection =
        "DefaultEndpointsProtocol=http;AccountName=test;AccountKey=c2VjcmV0LWNhbmFyeQ==;TableEndpoint=http://127.0.0.1:1/test;BlobEndpoint=http://127.0.0.1:2/test;";

    [Fact]
    public void Without_settings_there_is_one_region() => Assert.False(Read().Several);

    [Theory]
    [InlineData("sthome")]
    [InlineData("https://sthome.table.core.windows.net")]
    [InlineData(Connection)]
    public void A_region_knows_its_home(string home)
    {
        RegionStorages regions = Read(("PERIGEE_HOME_STORAGE", home));
        Assert.NotNull(regions.Home);
        Assert.Empty(regions.Others);
    }

    [Fact]
    public void The_home_publishes_to_all_in_the_list_but_itself()
    {
        RegionStorages regions = Read(
            ("PERIGEE_REGION", "westeurope"),
            ("PERIGEE_REGIONS", """
                [{"region":"westeurope","tables":"https://sta.table.core.windows.net","blobs":"https://sta.blob.core.windows.net"},
                {"region":"eastus2","tables":"https://stb.table.core.windows.net","blobs":"https://stb.blob.core.windows.net"},{"region":"japaneast","storage":"stc"}]
                """));
        Assert.Equal(["eastus2", "japaneast"], regions.Others.Select(static other => other.Region));
        Assert.Equal(["stb (stb.table.core.windows.net)", "stc (stc.table.core.windows.net)"], regions.Others.Select(static other => other.Storage.Location));
        Assert.Null(regions.Home);
    }

    [Theory]
    [InlineData("{}", "JSON list")]
    [InlineData("[1]", "JSON list")]
    [InlineData("nonsense AccountKey=c2VjcmV0LWNhbmFyeQ==", "JSON list")]
    [InlineData("""[{"region":"a"}]""", "needs 'region' and 'storage'")]
    [InlineData("""[{"region":"a","storage":"sta"},{"region":"a","storage":"stb"}]""", "twice")]
    [InlineData("""[{"region":"a","storage":"AccountKey=c2VjcmV0LWNhbmFyeQ=="}]""", "connection string")]
    public void A_list_that_cannot_be_used_is_told_without_what_is_in_it(string list, string told)
    {
        ConfigurationException fault = Assert.Throws<ConfigurationException>(() => Read(("PERIGEE_REGIONS", list)));
        Assert.Contains("PERIGEE_REGIONS", fault.Message, StringComparison.Ordinal);
        Assert.Contains(told, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_region_is_not_home_and_elsewhere_at_once() => Assert.Throws<ConfigurationException>(
        () => Read(("PERIGEE_HOME_STORAGE", "sta"), ("PERIGEE_REGIONS", """[{"region":"b","storage":"stb"}]""")));

    private static RegionStorages Read(params (string Name, string Value)[] settings) =>
        RegionSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(static one => new KeyValuePair<string, string?>(one.Name, one.Value))).Build());
}
