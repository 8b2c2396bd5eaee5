using System.Net;
using System.Text;
using System.Text.Json;

namespace Perigee.Acceptance.Tests.Refusals;

/// <summary>An answer as a client without an SDK sees it.</summary>
internal sealed record Answer(HttpStatusCode Status, HttpResponseMessage Response, string Body)
{
    /// <summary>The error object.</summary>
    public JsonElement Error => JsonDocument.Parse(Body).RootElement.GetProperty("error");

    /// <summary>The error's message.</summary>
    public string Message => Error.GetProperty("message").GetString()!;

    /// <summary>Sends a chat question.</summary>
    public static Task<Answer> ChatAsync(HttpClient client, string model, string prompt = "Hello", bool stream = false) => SendAsync(
        client, HttpMethod.Post, "/v1/chat/completions",
        JsonSerializer.Serialize(new { model, stream, messages = new[] { new { role = "user", content = prompt } } }));

    /// <summary>Sends anything and reads the whole answer.</summary>
    public static Task<Answer> SendAsync(HttpClient client, HttpMethod method, string path, string? body = null, string? contentType = "application/json")
    {
        HttpRequestMessage request = new(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (contentType is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return SendAsync(client, request);
    }

    /// <summary>Sends anything and reads the whole answer.</summary>
    public static async Task<Answer> SendAsync(HttpClient client, HttpRequestMessage request)
    {
        using (request)
        {
            HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            return new(response.StatusCode, response, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    /// <summary>Holds it to what every refusal has to be: OpenAI's shape, an id, and nothing of the inside.</summary>
    public Answer IsRefusal(HttpStatusCode status)
    {
        Assert.True(Status == status, $"{(int)Status} {Body}");
        Assert.Equal("application/json", Response.Content.Headers.ContentType?.MediaType);
        Assert.NotEqual("", Message);
        Assert.Equal(JsonValueKind.String, Error.GetProperty("type").ValueKind);
        Assert.True(Error.TryGetProperty("param", out _));
        Assert.True(Error.TryGetProperty("code", out _));
        Assert.Equal(32, Assert.Single(Response.Headers.GetValues("x-request-id")).Length);
        Assert.False(Response.Headers.Contains("Server"));
        Assert.DoesNotContain("   at ", Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Running.Gateway.Canary, Body, StringComparison.Ordinal);
        return this;
    }
}
