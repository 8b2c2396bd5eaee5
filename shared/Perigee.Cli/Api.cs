using System.Net;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Perigee.Cli;

/// <summary>The management API of a gateway.</summary>
/// <param name="environment">Looks up an environment variable.</param>
/// <param name="handler">The network; null is the real one.</param>
internal sealed class Api(Func<string, string?> environment, HttpMessageHandler? handler = null) : IDisposable
{
    private const string UsualUrl = "http://localhost:7071";

    private readonly HttpMessageInvoker _http = new(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    /// <summary>Where the gateway is; null is PERIGEE_URL, else this machine.</summary>
    public string? Url { get; set; }

    /// <summary>An admin key; null is PERIGEE_ADMIN_KEY, else none.</summary>
    public string? Key { get; set; }

    /// <summary>Calls the API.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">What stands behind <c>/manage/v1/</c>.</param>
    /// <param name="cancel">Gives up.</param>
    /// <param name="body">The JSON body, or null.</param>
    /// <param name="version">The version that is to be changed (ETag), or null.</param>
    /// <exception cref="ApiException">The gateway refuses, or does not answer: the message is for people.</exception>
    public async Task<JsonDocument> CallAsync(string method, string path, CancellationToken cancel, byte[]? body = null, string? version = null)
    {
        using HttpRequestMessage request = Request(method, path, out string root);
        if (version is not null)
            request.Headers.TryAddWithoutValidation("If-Match", version);
        if (method == "POST")
            request.Headers.TryAddWithoutValidation("Idempotency-Key", Guid.NewGuid().ToString());
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new(method == "PATCH" ? "application/merge-patch+json" : "application/json");
        }

        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, cancel);
            byte[] bytes = await answer.Content.ReadAsByteArrayAsync(cancel);
            return answer.IsSuccessStatusCode ? JsonDocument.Parse(bytes) : throw new ApiException(Describe(answer.StatusCode, bytes));
        }
        catch (HttpRequestException e)
        {
            throw new ApiException($"The gateway at {root} does not answer: {e.Message}");
        }
        catch (JsonException)
        {
            throw new ApiException($"What answers at {root} is no Perigee.");
        }
    }

    /// <summary>Reads a stream of events until its end, or until nobody wants it any more.</summary>
    /// <param name="path">What stands behind <c>/manage/v1/</c>.</param>
    /// <param name="take">Takes the name and the data of an event.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="ApiException">The gateway refuses, or does not answer.</exception>
    public async Task StreamAsync(string path, Action<string, string> take, CancellationToken cancel)
    {
        using HttpRequestMessage request = Request("GET", path, out string root);
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, cancel);
            if (!answer.IsSuccessStatusCode)
                throw new ApiException(Describe(answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(cancel)));
            await using Stream body = await answer.Content.ReadAsStreamAsync(cancel);
            await foreach (SseItem<string> one in SseParser.Create(body).EnumerateAsync(cancel))
                take(one.EventType, one.Data);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Who looks on has seen enough.
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ApiException($"The gateway at {root} does not answer: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(string method, string path, out string root)
    {
        root = (Url ?? environment("PERIGEE_URL") ?? UsualUrl).TrimEnd('/');
        if (!Uri.TryCreate($"{root}/manage/v1/{path}", UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw new ApiException("--url (or PERIGEE_URL) must be an http(s) address such as https://gateway.example.com.");
        HttpRequestMessage request = new(new HttpMethod(method), address);
        if ((Key ?? environment("PERIGEE_ADMIN_KEY")) is { Length: > 0 } key)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        return request;
    }

    private static string Describe(HttpStatusCode status, byte[] body)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            return $"{(int)status}: {json.RootElement.GetProperty("error").GetProperty("message").GetString()}";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            string text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 200)));
            return $"{(int)status}: {(text.Any(char.IsControl) ? "no message" : text)}";
        }
    }
}

/// <summary>What the gateway said, or that it said nothing.</summary>
internal sealed class ApiException(string message) : Exception(message);
