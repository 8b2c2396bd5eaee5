using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Acceptance.Tests.Refusals;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>The three vendors whose dialects meet, each by one word for its SDK, its dialect, and the test gateway's providers that speak it.</summary>
internal static class Vendors
{
    public const string OpenAi = "openai";
    public const string Anthropic = "anthropic";
    public const string Google = "google";

    public static readonly string[] All = [OpenAi, Anthropic, Google];

    /// <summary>A model of the upstream that we did not write.</summary>
    public static string Aimock(string vendor) => vendor switch
    {
        Anthropic => "anthropic/claude-sonnet-4-5",
        Google => "gemini/gemini-2.5-flash",
        _ => "openai/gpt-4o-mini",
    };

    /// <summary>A model of the upstream in this process, which is asked in that vendor's dialect.</summary>
    public static string Own(string vendor, string model) => vendor switch
    {
        Anthropic => "own-anthropic/",
        Google => "own-gemini/",
        _ => "own/",
    } + model;

    /// <summary>Whether a call that reached the upstream in this process wants a stream.</summary>
    public static bool WantsStream(HttpContext http, byte[] body)
    {
        if (http.Request.Path.Value!.EndsWith(":streamGenerateContent", StringComparison.Ordinal))
            return true;
        using JsonDocument json = JsonDocument.Parse(body);
        return json.RootElement.TryGetProperty("stream", out JsonElement stream) && stream.ValueKind == JsonValueKind.True;
    }

    /// <summary>Asks without an SDK, in a vendor's dialect.</summary>
    /// <param name="client">Sends the key.</param>
    /// <param name="vendor">In whose dialect.</param>
    /// <param name="model">The model.</param>
    /// <param name="more">Members of the body besides, as <c>,"seed":1</c>.</param>
    /// <param name="stream">Whether as a stream.</param>
    /// <param name="prompt">What is asked.</param>
    /// <param name="headers">Headers besides.</param>
    public static Task<Answer> AskAsync(
        HttpClient client, string vendor, string model, string more = "", bool stream = false, string prompt = "Hello", params (string Name, string Value)[] headers)
    {
        string text = JsonSerializer.Serialize(prompt);
        (string path, string body) = vendor switch
        {
            Anthropic => ("/v1/messages", $$"""{"model":"{{model}}","max_tokens":100,"messages":[{"role":"user","content":{{text}}}]{{(stream ? ",\"stream\":true" : "")}}{{more}}}"""),
            Google => ($"/v1beta/models/{model}:{(stream ? "streamGenerateContent?alt=sse" : "generateContent")}", $$"""{"contents":[{"role":"user","parts":[{"text":{{text}}}]}]{{more}}}"""),
            _ => ("/v1/chat/completions", $$"""{"model":"{{model}}","messages":[{"role":"user","content":{{text}}}]{{(stream ? ",\"stream\":true" : "")}}{{more}}}"""),
        };
        return PostAsync(client, path, body, headers);
    }

    /// <summary>Posts a JSON body.</summary>
    public static Task<Answer> PostAsync(HttpClient client, string path, string body, params (string Name, string Value)[] headers)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return Answer.SendAsync(client, request);
    }

    /// <summary>Holds an answer to be an error in a vendor's dialect, and returns its text.</summary>
    public static string IsErrorOf(this Answer answer, string vendor, HttpStatusCode status)
    {
        Assert.True(answer.Status == status, $"{(int)answer.Status} instead of {(int)status}: {answer.Body}");
        Assert.Equal("application/json", answer.Response.Content.Headers.ContentType?.MediaType);
        JsonElement error = answer.Error;
        switch (vendor)
        {
            case Anthropic:
                JsonElement root = JsonDocument.Parse(answer.Body).RootElement;
                Assert.Equal("error", root.GetProperty("type").GetString());
                Assert.Equal(JsonValueKind.String, error.GetProperty("type").ValueKind);
                Assert.NotEmpty(answer.Response.Headers.GetValues("request-id"));
                break;
            case Google:
                Assert.Equal((int)status, error.GetProperty("code").GetInt32());
                Assert.Matches("^[A-Z_]+$", error.GetProperty("status").GetString());
                break;
            default:
                Assert.True(error.TryGetProperty("type", out _) && error.TryGetProperty("param", out _) && error.TryGetProperty("code", out _), answer.Body);
                break;
        }

        Assert.NotEmpty(answer.Response.Headers.GetValues("x-request-id"));
        return answer.Message;
    }
}
