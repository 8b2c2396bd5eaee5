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
    // Everything else stays here: the client's key, cookies, forwarding headers, the platform's own, what a hop must not pass on.
    private static readonly FrozenSet<string> Passed = new[]
    {
        "accept", "openai-beta", "idempotency-key", "traceparent", "tracestate", "user-agent", "x-client-request-id",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes the call.</summary>
    /// <param name="exchange">The exchange. Its dropped parameters are set.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="hideUsage">Whether the client did not ask for the usage that the gateway asks for.</param>
    public static HttpRequestMessage Make(Exchange exchange, Target target, out bool hideUsage)
    {
        HttpRequest request = exchange.Http.Request;
        Provider provider = target.Provider;
        HttpRequestMessage call = new(new HttpMethod(exchange.Operation.Method), provider.BaseUrl + Path(request))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        hideUsage = false;
        if (exchange.Question is { } question)
        {
            bool ask = exchange.Stream && provider.StreamUsage == StreamUsage.Ask && exchange.Operation.StreamsUsage;
            hideUsage = ask && !JsonSplice.ClientAsksUsage(question);
            string? model = exchange.Operation.TargetBy == TargetBy.Model && target.Model != exchange.Model ? target.Model : null;
            List<ReadOnlyMemory<byte>> parts = JsonSplice.Apply(question, model, hideUsage, provider.Refuses, out IReadOnlyList<string> dropped);
            exchange.Dropped = dropped;
            call.Content = new SlicedContent(parts, request.ContentType is { Length: > 0 } type ? type : "application/json");
        }
        else if (exchange.Upload is { } upload)
        {
            call.Content = new UploadContent(upload, target.Model.Length > 0 ? target.Model : null, exchange.Http.RequestAborted);
        }

        foreach (KeyValuePair<string, StringValues> header in request.Headers)
        {
            if (Passed.Contains(header.Key))
                call.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value);
        }

        Authorize(call.Headers, provider);
        foreach ((string name, string value) in provider.Headers)
            call.Headers.TryAddWithoutValidation(name, value);
        return call;
    }

    private static void Authorize(HttpRequestHeaders headers, Provider provider)
    {
        if (provider.Key is not { } key)
            return;
        if (provider.Auth == AuthStyle.Bearer)
            headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        else if (provider.Auth == AuthStyle.ApiKey)
            headers.TryAddWithoutValidation("api-key", key);
    }

    /// <summary>The path behind the dialect's own prefix, still encoded, with the query but for what names a key.</summary>
    private static string Path(HttpRequest request)
    {
        string path = request.Path.ToUriComponent();
        path = path.StartsWith("/v1/", StringComparison.Ordinal) ? path[3..] : path;
        if (!request.QueryString.HasValue)
            return path;
        if (!request.Query.ContainsKey("key") && !request.Query.ContainsKey("code"))
            return path + request.QueryString.ToUriComponent();
        return path + QueryString.Create(request.Query.Where(pair => pair.Key is not ("key" or "code")));
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

    private async Task WriteAsync(Stream stream, CancellationToken cancel)
    {
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
