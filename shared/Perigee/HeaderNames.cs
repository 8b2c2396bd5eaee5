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

    /// <summary>On an answer <c>true</c>: the count was made here, the provider has no way to count.</summary>
    public const string Estimated = "x-perigee-estimated";

    /// <summary>On a request that names no model: the provider to use.</summary>
    public const string Provider = "x-perigee-provider";

    /// <summary>On a request <c>true</c> or <c>false</c>: whether a parameter that cannot be translated is an error instead of being dropped.</summary>
    public const string Strict = "x-perigee-strict";

    /// <summary>Request fields left out because the target, or its dialect, cannot take them.</summary>
    public const string DroppedParams = "x-perigee-dropped-params";
}
