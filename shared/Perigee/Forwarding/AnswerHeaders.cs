using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Perigee.Forwarding;

/// <summary>Status and headers of an answer: the provider's from an allow-list, then the gateway's own.</summary>
internal static class AnswerHeaders
{
    // The organisation and project of the owner's account stay here.
    private static readonly FrozenSet<string> Passed = new[]
    {
        "openai-processing-ms", "openai-version", "openai-model", "retry-after", "retry-after-ms", "x-should-retry", "warning",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> PassedOfContent = new[]
    {
        "content-type", "content-disposition", "content-language",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Copies them to a response that has not begun.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="answer">The provider's answer.</param>
    /// <param name="within">Whether it is passed on in its own dialect: else what it says of itself and of its body is not the client's.</param>
    public static void Copy(Exchange exchange, HttpResponseMessage answer, bool within)
    {
        IErrorRedactor? errors = answer.IsSuccessStatusCode ? null : exchange.Errors;
        HttpResponse response = exchange.Http.Response;
        response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, HeaderStringValues values) in answer.Headers.NonValidated)
        {
            // A limited caller sees its own limits, not those of the owner's account.
            bool pass = within && (Passed.Contains(name)
                || (exchange.Limit is null && (name.StartsWith("x-ratelimit-", StringComparison.OrdinalIgnoreCase)
                    || name.StartsWith("anthropic-ratelimit-", StringComparison.OrdinalIgnoreCase))));
            if (pass && CanBeSaid(values))
                response.Headers[name] = ToValues(values, errors);
        }

        foreach ((string name, HeaderStringValues values) in answer.Content.Headers.NonValidated)
        {
            if (within && PassedOfContent.Contains(name) && CanBeSaid(values))
                response.Headers[name] = ToValues(values, errors);
        }

        if (RequestId(answer) is { } id)
            response.Headers[HeaderNames.ProviderRequestId] = errors?.Clean(id) ?? id;
    }

    /// <summary>The provider's own id of the call, or null.</summary>
    public static string? RequestId(HttpResponseMessage answer) =>
        (answer.Headers.NonValidated.TryGetValues("x-request-id", out HeaderStringValues values)
            || answer.Headers.NonValidated.TryGetValues("request-id", out values))
        && values.Count > 0 && CanBeSaid(values) && values.ToString() is { Length: <= 200 } id
            ? id
            : null;

    /// <summary>Providers may send any bytes in a header; a server may not, and refuses: such a header is left out.</summary>
    private static bool CanBeSaid(HeaderStringValues values)
    {
        foreach (string value in values)
        {
            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                return false;
        }

        return true;
    }

    private static StringValues ToValues(HeaderStringValues values, IErrorRedactor? errors) =>
        errors is not null ? values.Select(errors.Clean).ToArray()
        : values.Count == 1 ? values.ToString()
        : values.ToArray();
}
