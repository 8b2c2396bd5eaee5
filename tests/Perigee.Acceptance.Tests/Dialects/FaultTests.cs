using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>What goes wrong at a provider, in the words of whoever asked.</summary>
public sealed class FaultTests(Rig rig)
{
    /// <summary>How a provider says it, and the status that it means: 529 stands for "overloaded", which is 503 to all but Anthropic's clients.</summary>
    private sealed record Fault(int Status, string Body, int Meant, string Says, string ContentType = "application/json")
    {
        public int For(string sdk) => Meant == 529 && sdk != Vendors.Anthropic ? 503 : Meant;
    }

    private static Fault[] Of(string vendor) => vendor switch
    {
        Vendors.Anthropic =>
        [
            new(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_1"}""", 401, "invalid x-api-key"),
            new(429, """{"type":"error","error":{"type":"rate_limit_error","message":"Number of requests exceeded"},"request_id":"req_2"}""", 429, "Number of requests"),
            new(500, """{"type":"error","error":{"type":"api_error","message":"Internal server error"},"request_id":"req_3"}""", 500, "Internal server error"),
            new(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_4"}""", 529, "Overloaded"),
            new(400, """{"type":"error","error":{"type":"invalid_request_error","message":"messages: roles must alternate"},"request_id":"req_5"}""", 400, "roles must alternate"),
        ],
        Vendors.Google =>
        [
            new(400, """{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}""", 401, "API key not valid"),
            new(429, """{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}]}}""", 429, "exhausted"),
            new(500, """[{"error":{"code":500,"message":"An internal error has occurred.","status":"INTERNAL"}}]""", 500, "internal error"),
            new(503, """{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}""", 503, "overloaded"),
            new(400, """{"error":{"code":400,"message":"Please ensure that function call turns come after user turns.","status":"INVALID_ARGUMENT"}}""", 400, "function call turns"),
        ],
        _ =>
        [
            new(401, """{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""", 401, "Incorrect API key"),
            new(429, """{"error":{"message":"Rate limit reached for requests","type":"requests","param":null,"code":"rate_limit_exceeded"}}""", 429, "Rate limit reached"),
            new(400, """{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***ab. You can obtain an API key from the console."}""", 401, "xa***ab"),
            new(500, """{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}""", 500, "The server had an error"),
            new(502, "upstream connect error or disconnect/reset before headers", 502, "upstream connect error", "text/plain"),
            new(422, """{"detail":[{"loc":["body","messages"],"msg":"field required","type":"value_error.missing"}]}""", 422, "field required"),
        ],
    };

    [Theory, AllPairs]
    public async Task The_sdk_raises_the_error_that_the_provider_meant(HostKind kind, string sdk, string provider)
    {
        OwnUpstream own = await rig.OwnAsync();
        Fault[] faults = Of(provider);
        List<(string, object?)> steps = [];
        foreach (Fault fault in faults)
        {
            string model = Vendors.Own(provider, own.Add((http, _) =>
            {
                http.Response.StatusCode = fault.Status;
                http.Response.ContentType = fault.ContentType;
                if (fault.Status == 429 && provider != Vendors.Google)
                    http.Response.Headers.RetryAfter = "7";
                return http.Response.WriteAsync(fault.Body);
            }));
            steps.Add(("say", new { model, prompt = "Hello" }));
            steps.Add(("say", new { model, prompt = "Hello", stream = true }));
        }

        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, await gateway.NewKeyAsync(), [.. steps]);
        for (int i = 0; i < seen.Length; i++)
        {
            Fault fault = faults[i / 2];
            JsonElement error = seen[i].Error();
            Assert.True(fault.For(sdk) == error.GetProperty("status").GetInt32(), $"{fault}: {seen[i]}");
            Assert.Contains(fault.Says, error.Text("message"), StringComparison.Ordinal);
            Assert.Equal(Type(sdk, fault.For(sdk)), error.Text("type"));
            if (fault.Meant == 429 && sdk != Vendors.Google)
                Assert.Equal("7", error.GetProperty("headers").Text("retry-after"));
            if (sdk == Vendors.Anthropic)
                Assert.Equal("error", error.GetProperty("body").GetProperty("type").GetString());
            if (sdk == Vendors.Google)
            {
                // Google itself says some errors as an array: within its dialect that is passed on.
                JsonElement body = JsonDocument.Parse(error.Text("message")!).RootElement;
                Assert.Equal(fault.For(sdk), (body.ValueKind == JsonValueKind.Array ? body[0] : body).GetProperty("error").GetProperty("code").GetInt32());
            }
        }

        // Google's SDK does not show headers.
        using HttpClient client = gateway.Client(await gateway.NewKeyAsync());
        int limited = Array.FindIndex(faults, fault => fault.Status == 429);
        Answer raw = await Vendors.AskAsync(client, sdk, ModelOf(steps[limited * 2]));
        Assert.NotEqual("", raw.IsErrorOf(sdk, HttpStatusCode.TooManyRequests));
        Assert.Equal("7", Assert.Single(raw.Response.Headers.GetValues("retry-after")));
    }

    [Theory, AllPairs]
    public async Task A_stream_that_fails_never_ends_clean(HostKind kind, string sdk, string provider)
    {
        OwnUpstream own = await rig.OwnAsync();
        string failing = Vendors.Own(provider, own.Add((http, _) => SendAsync(http, [.. Recorded.Half(provider), Recorded.Overloaded(provider)])));
        string cut = Vendors.Own(provider, own.Add((http, _) => SendAsync(http, Recorded.Half(provider))));
        string atOnce = Vendors.Own(provider, own.Add((http, _) => SendAsync(http, [Recorded.Overloaded(provider)])));
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, await gateway.NewKeyAsync(),
            ("say", new { model = failing, prompt = "Hello", stream = true }),
            ("say", new { model = cut, prompt = "Hello", stream = true }),
            ("say", new { model = atOnce, prompt = "Hello", stream = true }));

        Assert.Equal("Half of ", seen[0].Error().Text("text"));
        Assert.Contains("Too much to do", seen[0].Error().Text("message"), StringComparison.Ordinal);

        Assert.Equal("Half of ", seen[1].Error().Text("text"));
        Assert.Contains("before it was complete", seen[1].Error().Text("message"), StringComparison.Ordinal);

        // An error before any content is no stream at all: it has a status.
        JsonElement early = seen[2].Error();
        Assert.True(early.GetProperty("status").ValueKind == JsonValueKind.Number && early.GetProperty("status").GetInt32() >= 500, seen[2].GetRawText());
        Assert.Contains("Too much to do", early.Text("message"), StringComparison.Ordinal);
    }

    [Theory, AllPairs]
    public async Task An_answer_that_is_none_is_an_error(HostKind kind, string sdk, string provider)
    {
        OwnUpstream own = await rig.OwnAsync();
        string[] bodies = ["""{"error":{"message":"Quota used up.","type":"insufficient_quota","code":429}}""", "<html>It works!</html>", """{"hello":"world"}""", "[]", ""];
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        foreach (string body in bodies)
        {
            string model = Vendors.Own(provider, own.Add((http, _) => Say.JsonAsync(http, 200, body)));
            Answer answer = await Vendors.AskAsync(client, sdk, model);

            // Within a dialect what is no error may pass as it came; made into something else it must not be.
            if (sdk == provider && answer.Status == HttpStatusCode.OK)
            {
                Assert.Equal(body, answer.Body);
                continue;
            }

            Assert.True((int)answer.Status >= 400, $"{body}: {answer.Body}");
            answer.IsErrorOf(sdk, answer.Status);
        }
    }

    private static string ModelOf((string, object?) step) => JsonSerializer.SerializeToElement(step.Item2).GetProperty("model").GetString()!;

    private static async Task SendAsync(HttpContext http, string[] events)
    {
        http.Response.ContentType = "text/event-stream";
        foreach (string one in events)
        {
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(one), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private static string Type(string sdk, int status) => sdk == Vendors.Google ? "ApiError" : status switch
    {
        400 => "BadRequestError",
        401 => "AuthenticationError",
        422 => "UnprocessableEntityError",
        429 => "RateLimitError",
        503 when sdk == Vendors.Anthropic => "ServiceUnavailableError",
        529 => "OverloadedError",
        _ => "InternalServerError",
    };
}
