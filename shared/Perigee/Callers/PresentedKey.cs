using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Perigee.Callers;

/// <summary>The key that a request carries, in any of the places where SDKs put one.</summary>
internal static class PresentedKey
{
    private const string Bearer = "Bearer ";

    /// <summary>A key of ours if there is one, else whatever else was sent as a key, else null.</summary>
    /// <param name="request">The request.</param>
    /// <param name="inAuthorization">Whether it is one of ours in the Authorization header.</param>
    public static string? Of(HttpRequest request, out bool inAuthorization)
    {
        IHeaderDictionary headers = request.Headers;
        string? authorization = Single(headers.Authorization);
        string? token = authorization is not null && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? authorization[Bearer.Length..].Trim()
            : null;
        inAuthorization = IsOurs(token);
        if (inAuthorization)
            return token;
        string? first = Single(headers["api-key"]);
        if (IsOurs(first))
            return first;
        string? second = Single(headers["x-api-key"]);
        if (IsOurs(second))
            return second;
        string? third = Single(headers["x-goog-api-key"]);
        if (IsOurs(third))
            return third;

        // Google's clients may say it in the address. It goes nowhere from here: neither into logs nor to a provider.
        string? last = request.QueryString.HasValue ? Single(request.Query["key"]) : null;
        return IsOurs(last) ? last : token ?? first ?? second ?? third ?? last;
    }

    /// <summary>The keys to try as the admin's.</summary>
    public static (string? Token, string? Key) ForAdmin(IHeaderDictionary headers)
    {
        string? authorization = Single(headers.Authorization);
        return (
            authorization is not null && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..].Trim() : null,
            Single(headers["x-api-key"]));
    }

    /// <summary>What stands behind <c>Bearer</c>, however long: a token is longer than any key.</summary>
    public static string? Token(IHeaderDictionary headers) =>
        headers.Authorization is { Count: 1 } values && values[0] is { } header && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? header[Bearer.Length..].Trim()
            : null;

    private static bool IsOurs(string? key) => key is not null && key.StartsWith(KeyText.Prefix, StringComparison.Ordinal);

    /// <summary>A header sent twice is no key: whoever reads the first and whoever reads the last would differ.</summary>
    private static string? Single(StringValues values) => values.Count == 1 && values[0] is { Length: > 0 and <= 512 } value ? value : null;
}
