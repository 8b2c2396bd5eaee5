using Microsoft.AspNetCore.Http;
using Perigee.Routing.Policies;

namespace Perigee.Routing;

/// <summary>The headers by which a request has a say in its routing.</summary>
internal sealed record RequestHeaders
{
    private static readonly RequestHeaders None = new();

    /// <summary>Whether no other target than the first may be tried.</summary>
    public bool NoFallback { get; private init; }

    /// <summary>Whether the decision is wanted and not an answer.</summary>
    public bool Explain { get; private init; }

    /// <summary>What the caller says of the request, or null where it says nothing.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; private init; }

    /// <summary>Whether there is none of them.</summary>
    public static bool IsPlain(IHeaderDictionary headers) =>
        !headers.ContainsKey(HeaderNames.NoFallback) && !headers.ContainsKey(HeaderNames.Explain) && !headers.ContainsKey(HeaderNames.Metadata);

    /// <summary>Reads them, or says what is wrong.</summary>
    public static RequestHeaders? Read(IHeaderDictionary headers, out GatewayError? error)
    {
        error = null;
        if (IsPlain(headers))
            return None;
        bool noFallback = Flag(headers, HeaderNames.NoFallback, ref error);
        bool explain = Flag(headers, HeaderNames.Explain, ref error);
        string text = headers[HeaderNames.Metadata].ToString().Trim();
        Dictionary<string, string>? metadata = null;
        if (error is null && text.Length > 0)
            metadata = CallerMetadata.OfHeader(text, out error);
        return error is null ? new() { NoFallback = noFallback, Explain = explain, Metadata = metadata } : null;
    }

    private static bool Flag(IHeaderDictionary headers, string name, ref GatewayError? error)
    {
        string text = headers[name].ToString();
        if (string.IsNullOrWhiteSpace(text))
            return false;
        if (ConfigurationNames.Flag(text) is { } flag)
            return flag;
        error ??= new GatewayError(ErrorKind.BadRequest, $"'{name}' must be '1' or 'true', or '0' or 'false'.", name);
        return false;
    }
}
