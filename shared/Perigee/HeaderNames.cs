namespace Perigee;

/// <summary>The gateway's own header names, in one place.</summary>
internal static class HeaderNames
{
    /// <summary>On every answer: the id under which the exchange is logged.</summary>
    public const string RequestId = "x-request-id";

    /// <summary>The provider's own id of the call.</summary>
    public const string ProviderRequestId = "x-perigee-provider-request-id";

    /// <summary>On a request <c>on</c>, <c>off</c>, <c>refresh</c> or <c>only</c>; on an answer what the cache did.</summary>
    public const string Cache = "x-perigee-cache";

    /// <summary>Where the answer came from: <c>provider/model</c>.</summary>
    public const string Target = "x-perigee-target";

    /// <summary>On a request that names no model: the provider to use.</summary>
    public const string Provider = "x-perigee-provider";

    /// <summary>Request fields left out because the target refuses them.</summary>
    public const string DroppedParams = "x-perigee-dropped-params";
}
