using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Regions;

/// <summary><c>GET /manage/v1/regions</c>: this region, its home, and how the others stand as far as this instance knows.</summary>
internal sealed class RegionsEndpoint(
    GatewayHost host, RegionStorages regions, RegionPublisher publisher, RegionWatch watch, ConfigurationSync configuration, GatewayOptionsHolder holder, TimeProvider time)
{
    /// <summary>GET.</summary>
    public Task ShowAsync(HttpContext http) => ManageJson.WriteAsync(http, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WriteString("region"u8, host.Region);
        json.WriteBoolean("home"u8, regions.Home is null);
        json.WriteString("configuration"u8, configuration.Hash.Length > 0 ? configuration.Hash : "file");
        if (holder.Refusal is { } refusal)
            json.WriteString("configurationRefused"u8, refusal);
        if (watch.State is { } state)
        {
            json.WriteString("version"u8, state.Version);
            json.WriteNumber("ageSeconds"u8, Age(state.PublishedAt));
        }

        json.WriteBoolean("publishes"u8, publisher.Publishes);
        json.WriteStartArray("regions"u8);
        foreach (PublishedRegion region in publisher.Publishes ? publisher.Regions : [])
        {
            json.WriteStartObject();
            json.WriteString("region"u8, region.Name);
            if (region.PublishedAt is { } at)
                json.WriteNumber("ageSeconds"u8, Age(at));
            json.WriteNumber("strangeRows"u8, region.Strange);
            if (region.Error is { } error)
                json.WriteString("error"u8, error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private double Age(DateTimeOffset at) => Math.Round(Math.Max(0, (time.GetUtcNow() - at).TotalSeconds), 1);
}
