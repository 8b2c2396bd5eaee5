using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Perigee.Forwarding;
using Perigee.Front;
using Perigee.Wire;

namespace Perigee.Tests.Forwarding;

/// <summary>Answers of an OpenAI-compatible provider on their way to clients of all three dialects.</summary>
public sealed class TranslatedAnswerTests
{
    private const string Hello = """data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hällo"},"finish_reason":null}]}""" + "\n\n";
    private const string Stop = """data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\n";
    private const string Broken = """data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"error"}]}""" + "\n\n";
    private const string Error = """data: {"error":{"message":"Overloaded","code":529}}""" + "\n\n";
    private const string Done = "data: [DONE]\n\n";

    [Theory]
    [InlineData("messages", "message_stop")]
    [InlineData("gemini.stream", "\"finishReason\":\"STOP\"")]
    public async Task Whole_stream_ends_as_its_dialect_ends_however_it_is_cut(string operation, string end)
    {
        string? whole = null;
        for (int cut = 1; cut < 200; cut += 13)
        {
            (GatewayError? error, string sent, Exchange exchange) = await RunAsync(operation, Hello + Stop + Done, cut);
            Assert.Null(error);
            Assert.Contains(end, sent, StringComparison.Ordinal);
            Assert.Contains("Hällo", sent, StringComparison.Ordinal);
            Assert.Equal(Encoding.UTF8.GetByteCount(sent), exchange.BytesOut);
            Assert.Equal(whole ??= sent, sent);
        }
    }

    [Theory]
    [InlineData("messages", Hello)]
    [InlineData("messages", Hello + Broken + Done)]
    [InlineData("messages", Hello + Broken)]
    [InlineData("messages", Hello + Error + Done)]
    [InlineData("gemini.stream", Hello)]
    [InlineData("gemini.stream", Hello + Broken + Done)]
    [InlineData("gemini.stream", Hello + Error)]
    public async Task Stream_that_fails_after_content_says_no_end(string operation, string stream)
    {
        foreach (int cut in (int[])[1, 50, 10_000])
        {
            (GatewayError? error, string sent, _) = await RunAsync(operation, stream, cut);
            Assert.NotNull(error);
            Assert.DoesNotContain("message_stop", sent, StringComparison.Ordinal);
            Assert.DoesNotContain("finishReason", sent, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("messages", "text_delta")]
    [InlineData("gemini.stream", "after the call")]
    public async Task Text_behind_a_whole_call_is_not_held_back(string operation, string shown)
    {
        const string Call = """data: {"id":"c1","choices":[{"index":0,"delta":{"content":null,"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":"{\"a\":1}"}}]}}]}""" + "\n\n";
        const string Text = """data: {"id":"c1","choices":[{"index":0,"delta":{"content":"after the call"}}]}""" + "\n\n";
        (_, string sent, _) = await RunAsync(operation, Call + Text, 10_000);
        Assert.Contains(shown, sent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Error, 529, "messages")]
    [InlineData(Error, 503, "gemini.stream")]
    [InlineData("", 502, "messages")]
    [InlineData(": ping\n\n", 502, "gemini.stream")]
    [InlineData(Broken + Done, 502, "messages")]
    public async Task Failure_before_content_keeps_its_status_and_shows_nothing(string stream, int status, string operation)
    {
        (GatewayError? error, string sent, _) = await RunAsync(operation, stream, 10_000);
        Assert.Equal(status, error!.Status);
        Assert.Equal("", sent);
    }

    private static async Task<(GatewayError?, string, Exchange)> RunAsync(string operation, string stream, int cut)
    {
        Operation found = operation == "messages" ? Operations.All.Single(one => one.Name == operation) : Operations.OfGemini("m:streamGenerateContent", out _)!;
        MemoryStream sent = new();
        DefaultHttpContext http = new();
        http.Response.Body = sent;
        Exchange exchange = new()
        {
            Http = http,
            Id = "0123456789abcdef0123456789abcdef",
            Operation = found,
            Options = Exchanges.Options,
            Dialect = Dialects.Of(found.Speaks),
            StartedAt = DateTimeOffset.UnixEpoch,
            Started = 0,
            Stream = true,
            Caller = Caller.Open(null),
            Model = "m",
        };
        Target target = new(Exchanges.Provider, "m");
        Translated translated = new(default, "", new Translation("m", ModelTraits.Plain), new ProofSeal(new byte[32], "t"), null);
        using Patience patience = new(new TimeoutOptions(), awaitsContent: true, new FakeTimeProvider(), CancellationToken.None);
        using TranslatedAnswer answer = new(exchange, target, translated, 0, exchange.Answer)
        {
            Upstream = new PiecewiseStream(Encoding.UTF8.GetBytes(stream), () => cut),
            IsStream = true,
            Patience = patience,
        };
        GatewayError? error = await answer.OpenAsync() ?? await answer.GiveAsync(() => { });
        return (error, Encoding.UTF8.GetString(sent.ToArray()), exchange);
    }
}
