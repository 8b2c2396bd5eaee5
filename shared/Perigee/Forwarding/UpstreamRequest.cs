using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Perigee.Providers;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>Makes the call to one target from what the client sent: the same bytes but for what must differ, and headers from an allow-list.</summary>
internal static class UpstreamRequest
{
    // Trace context goes its own way (Telemetry/TraceHeaders), and baggage nowhere. Everything else stays here: the client's key, cookies, forwarding headers, the platform's own, what a hop must not pass on.
    private static readonly FrozenSet<string> Passed = new[]
    {
        "idempotency-key", "user-agent", "x-client-request-id",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Of the dialect itself: only to a provider that speaks it.
    private static readonly FrozenSet<string> PassedWithin = new[]
    {
        "accept", "openai-beta", "anthropic-version", "anthropic-beta", "x-server-timeout",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes the call in the client's own dialect and bytes.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="plan">Names the members that are not for providers.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="unsealed">The body to send in place of the client's, or null.</param>
    /// <param name="hideUsage">Whether the client did not ask for the usage that the gateway asks for.</param>
    /// <param name="dropped">Members that the target refuses.</param>
    /// <param name="error">Why it cannot go there, or null.</param>
    public static HttpRequestMessage? Make(
        Exchange exchange, RoutePlan plan, Target target, JsonIndex? unsealed, out bool hideUsage, out IReadOnlyList<string> dropped, out GatewayError? error)
    {
        hideUsage = false;
        dropped = [];
        if (BaseUrl(exchange.Operation, target.Provider) is not { } address)
        {
            error = new GatewayError(ErrorKind.BadRequest,
                $"The provider '{target.Provider.Name}' has no such operation: it speaks the dialect '{target.Provider.Dialect.ToString().ToLowerInvariant()}' only. Choose a model of another provider.", "model");
            return null;
        }

        HttpRequest request = exchange.Http.Request;
        HttpRequestMessage call = NewCall(exchange, address + Path(exchange, target));
        if ((unsealed ?? exchange.Question) is { } question)
        {
            call.Content = new SlicedContent(Splice(exchange, plan, target, question, out hideUsage, out dropped), request.ContentType is { Length: > 0 } type ? type : "application/json");
        }
        else if (exchange.Upload is { } upload)
        {
            call.Content = new UploadContent(upload, target.Model.Length > 0 ? target.Model : null, exchange.Gone);
        }

        AddHeaders(call, exchange, target.Provider, exchange.Operation.Speaks, within: true, []);
        error = !exchange.Strict || dropped.Count == 0 ? null : new GatewayError(ErrorKind.BadRequest,
            $"'{dropped[0]}' is refused by '{target}': leave it out, or do not ask for strict translation.", dropped[0])
        { Code = "unsupported_parameter" };
        return call;
    }

    /// <summary>Makes the call in the provider's dialect.</summary>
    public static HttpRequestMessage Make(Exchange exchange, Target target, Translated translated)
    {
        DialectFamily family = Translator.Counterpart(exchange.Operation, target.Provider);
        string address = family == DialectFamily.OpenAi && target.Provider.Dialect != DialectFamily.OpenAi
            ? target.Provider.BaseUrl + target.Provider.CompatiblePath
            : target.Provider.BaseUrl;
        HttpRequestMessage call = NewCall(exchange, address + translated.Path);
        call.Content = new SlicedContent([translated.Body], "application/json");
        AddHeaders(call, exchange, target.Provider, family, within: false, translated.Translation!.Betas);
        return call;
    }

    private static HttpRequestMessage NewCall(Exchange exchange, string address) => new(new HttpMethod(exchange.Operation.Method), address)
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
    };

    /// <summary>A body without some of its top-level members. The caller's to dispose of.</summary>
    public static JsonIndex Without(JsonIndex body, FrozenSet<string> members)
    {
        List<ReadOnlyMemory<byte>> parts = JsonSplice.Apply(body, new(null, false, FrozenSet<string>.Empty) { Own = members }, out _);
        byte[] rest = new byte[parts.Sum(static part => part.Length)];
        int at = 0;
        foreach (ReadOnlyMemory<byte> part in parts)
        {
            part.CopyTo(rest.AsMemory(at));
            at += part.Length;
        }

        return JsonIndex.TryParse(rest, out JsonIndex? index, out _) ? index : throw new InvalidOperationException("A body without some of its members is a body.");
    }

    private static List<ReadOnlyMemory<byte>> Splice(
        Exchange exchange, RoutePlan plan, Target target, JsonIndex question, out bool hideUsage, out IReadOnlyList<string> dropped)
    {
        bool chat = exchange.Operation.Name == "chat";
        bool ask = exchange.Stream && target.Provider.StreamUsage == StreamUsage.Ask && exchange.Operation.StreamsUsage;
        hideUsage = ask && !JsonSplice.ClientAsksUsage(question);
        bool inBody = exchange.Operation.TargetBy == TargetBy.Model && exchange.Operation.Speaks != DialectFamily.Gemini;
        SpliceWishes wishes = new(inBody && target.Model != exchange.Model ? target.Model : null, hideUsage,
            exchange.Operation.Speaks == DialectFamily.OpenAi ? target.Traits.Refuses : FrozenSet<string>.Empty)
        {
            Renames = chat ? Renames(target.Traits) : [],
            DeveloperAsSystem = chat && !target.Traits.DeveloperRole,
            Own = plan.OwnFields,
            MaxOutput = exchange.MaxOutput is { } most ? new(most, MaxOutputField(exchange, target)) : null,
        };
        return JsonSplice.Apply(question, wishes, out dropped);
    }

    // Where the client names it itself, its name stays.
    private static string MaxOutputField(Exchange exchange, Target target) => exchange.Operation switch
    {
        { Speaks: DialectFamily.Gemini } => "maxOutputTokens",
        { Name: "responses" } => "max_output_tokens",
        { Name: "chat" } when target.Traits.MaxTokens == MaxTokensField.MaxCompletionTokens => "max_completion_tokens",
        _ => "max_tokens",
    };

    private static KeyValuePair<string, string>[] Renames(ModelTraits traits) => (traits.MaxTokens, traits.SeedField) switch
    {
        (MaxTokensField.Either, null) => [],
        (MaxTokensField.MaxTokens, null) => ToMaxTokens,
        (MaxTokensField.MaxCompletionTokens, null) => ToMaxCompletionTokens,
        (MaxTokensField.MaxTokens, { } seed) => [.. ToMaxTokens, new("seed", seed)],
        (_, { } seed) => [new("seed", seed)],
        _ => [],
    };

    private static readonly KeyValuePair<string, string>[] ToMaxTokens = [new("max_completion_tokens", "max_tokens")];
    private static readonly KeyValuePair<string, string>[] ToMaxCompletionTokens = [new("max_tokens", "max_completion_tokens")];

    private static string? BaseUrl(Operation operation, Provider provider) =>
        operation.Speaks == provider.Dialect ? provider.BaseUrl
        : operation.Speaks == DialectFamily.OpenAi && provider.CompatiblePath is { } path ? provider.BaseUrl + path
        : null;

    private static void AddHeaders(HttpRequestMessage call, Exchange exchange, Provider provider, DialectFamily family, bool within, List<string> betas)
    {
        foreach (KeyValuePair<string, StringValues> header in exchange.Http.Request.Headers)
        {
            if (Passed.Contains(header.Key) || (within && PassedWithin.Contains(header.Key)))
                call.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value);
        }

        if (family == DialectFamily.Anthropic && !call.Headers.Contains("anthropic-version"))
            call.Headers.TryAddWithoutValidation("anthropic-version", "2023-06-01");
        if (betas.Count > 0)
            call.Headers.TryAddWithoutValidation("anthropic-beta", string.Join(",", betas));
        Authorize(call.Headers, provider, family);
        foreach ((string name, string value) in provider.Headers)
            call.Headers.TryAddWithoutValidation(name, value);
    }

    private static void Authorize(HttpRequestHeaders headers, Provider provider, DialectFamily family)
    {
        if (provider.Key is not { } key)
            return;

        // The OpenAI-compatible side of a provider with a dialect of its own takes bearer tokens, like OpenAI.
        switch (family == provider.Dialect ? provider.Auth : AuthStyle.Bearer)
        {
            case AuthStyle.Bearer:
                headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
                break;
            case AuthStyle.ApiKey:
                headers.TryAddWithoutValidation("api-key", key);
                break;
            case AuthStyle.XApiKey:
                headers.TryAddWithoutValidation("x-api-key", key);
                break;
            case AuthStyle.XGoogApiKey:
                headers.TryAddWithoutValidation("x-goog-api-key", key);
                break;
            default:
                break;
        }
    }

    /// <summary>The operation's path without <c>/v1</c>: clients may write it in any case, with a slash at the end; a provider may not read it so.</summary>
    private static string OwnPath(Exchange exchange)
    {
        string pattern = exchange.Operation.Pattern["/v1".Length..];
        return exchange.Operation.TargetBy == TargetBy.PathId
            ? pattern.Replace("{id}", new PathString($"/{exchange.Http.Request.RouteValues["id"]}").ToUriComponent()[1..], StringComparison.Ordinal)
            : pattern;
    }

    private static string Verb(PathString path)
    {
        // An escaped colon was taken for one.
        string text = Uri.UnescapeDataString(path.Value!);
        return text[(text.LastIndexOf(':') + 1)..];
    }

    /// <summary>The path behind the dialect's own prefix, still encoded, with the query but for what names a key.</summary>
    private static string Path(Exchange exchange, Target target)
    {
        HttpRequest request = exchange.Http.Request;
        string path = exchange.Operation.Speaks == DialectFamily.Gemini ? Translator.GeminiPath(target, Verb(request.Path)) : OwnPath(exchange);
        if (!request.QueryString.HasValue)
            return path;
        if (!request.Query.ContainsKey("key") && !request.Query.ContainsKey("code"))
            return path + request.QueryString.ToUriComponent();
        return path + QueryString.Create(request.Query.Where(pair => pair.Key.ToLowerInvariant() is not ("key" or "code")));
    }
}

/// <summary>A body made of slices of the client's own and a few bytes between.</summary>
internal sealed class SlicedContent : HttpContent
{
    private readonly List<ReadOnlyMemory<byte>> _parts;
    private readonly long _length;

    public SlicedContent(List<ReadOnlyMemory<byte>> parts, string contentType)
    {
        _parts = parts;
        foreach (ReadOnlyMemory<byte> part in parts)
            _length += part.Length;
        Headers.TryAddWithoutValidation("Content-Type", contentType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => WriteAsync(stream, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        WriteAsync(stream, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }

    /// <summary>Called when there is a connection to send it over.</summary>
    public Action? Sending { get; set; }

    private async Task WriteAsync(Stream stream, CancellationToken cancel)
    {
        Sending?.Invoke();
        foreach (ReadOnlyMemory<byte> part in _parts)
            await stream.WriteAsync(part, cancel);
    }
}

/// <summary>An upload that goes on as it comes.</summary>
internal sealed class UploadContent : HttpContent
{
    private readonly FormUpload _upload;
    private readonly string? _model;
    private readonly CancellationToken _clientGone;

    public UploadContent(FormUpload upload, string? model, CancellationToken clientGone)
    {
        _upload = upload;
        _model = model;
        _clientGone = clientGone;
        Headers.TryAddWithoutValidation("Content-Type", upload.ContentType);
        if (upload.LengthWith(model) is { } length)
            Headers.TryAddWithoutValidation("Content-Length", length.ToString(CultureInfo.InvariantCulture));
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _upload.CopyToAsync(stream, _model, _clientGone);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _upload.CopyToAsync(stream, _model, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = _upload.LengthWith(_model) ?? 0;
        return _upload.LengthWith(_model) is not null;
    }
}
