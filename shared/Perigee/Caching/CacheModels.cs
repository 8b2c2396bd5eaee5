using System.Text.Json;
using System.Text.Json.Serialization;

namespace Perigee.Caching;

/// <summary>The body of POST /manage/v1/cache:invalidate.</summary>
internal sealed record Invalidation
{
    public string? Tenant { get; set; }

    public string? Namespace { get; set; }

    public string? Model { get; set; }

    public string? Key { get; set; }

    public bool? All { get; set; }

    /// <summary>Members that there are not: collected to be named all at once.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>The JSON of this folder.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowDuplicateProperties = false, NumberHandling = JsonNumberHandling.Strict, PropertyNameCaseInsensitive = false)]
[JsonSerializable(typeof(Invalidation))]
internal sealed partial class CacheJson : JsonSerializerContext;
