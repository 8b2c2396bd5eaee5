using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Tests.Failover;

namespace Perigee.Tests;

/// <summary>Half of a surrogate pair in an escape is JSON, and no text: nowhere is it more than a bad request.</summary>
public sealed class ReadableJsonTests
{
    private const string Half = "\\ud800";

    [Theory]
    [InlineData("""{"a":"\ud800"}""", """{"a":"\ufffd"}""")]
    [InlineData("""{"a":"\udc00 \ud83d\ude00 \uD83D"}""", """{"a":"\ufffd \ud83d\ude00 \ufffd"}""")]
    [InlineData("""{"a":"\ud83d\ud83d\ude00"}""", """{"a":"\ufffd\ud83d\ude00"}""")]
    [InlineData("""{"a":"\\ud800 \\\ud800"}""", """{"a":"\\ud800 \\\ufffd"}""")]
    [InlineData("""{"\ud800":1}""", """{"\ufffd":1}""")]
    [InlineData("""{"a":"\ud83dx\ude00"}""", """{"a":"\ufffdx\ufffd"}""")]
    [InlineData("""{"a":"\ud83""", """{"a":"\ud83""")]
    [InlineData("""{"a":"\""", """{"a":"\""")]
    [InlineData("""{"a":"b"}""", """{"a":"b"}""")]
    public void Halves_become_the_replacement_character(string json, string mended)
    {
        ReadOnlyMemory<byte> before = Encoding.UTF8.GetBytes(json), after = ReadableJson.Of(before);
        Assert.Equal(mended, Encoding.UTF8.GetString(after.Span));
        Assert.Equal(json == mended, after.Equals(before));
        Assert.Equal(json != mended, ReadableJson.HasHalfPairs(before));
    }

    [Fact]
    public void Whatever_stands_in_a_text_can_be_read_afterwards()
    {
        const int Seed = 20261129;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}");
        Random dice = new(Seed);
        string[] pieces = ["\\ud800", "\\uDBFF", "\\udc00", "\\uDFFF", "\\\\", "\\u0041", "\\n", "a", "\\\"", "\\ud83d\\ude00", "é"];
        for (int round = 0; round < 2000; round++)
        {
            string json = $"{{\"{Some()}\":[\"{Some()}\"]}}";
            using JsonDocument document = JsonDocument.Parse(ReadableJson.Of(Encoding.UTF8.GetBytes(json)));
            JsonProperty member = document.RootElement.EnumerateObject().Single();
            Assert.NotNull(member.Name + member.Value[0].GetString());
        }

        string Some() => string.Concat(Enumerable.Range(0, dice.Next(6)).Select(_ => pieces[dice.Next(pieces.Length)]));
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"demo/echo","messages":[{"role":"user","content":"HALF"}]}""")]
    [InlineData("/v1/chat/completions", """{"model":"demo/echo","stream":true,"messages":[{"role":"user","content":"HALF"}]}""")]
    [InlineData("/v1/chat/completions", """{"model":"demo/echo","HALF":1,"messages":[{"role":"user","content":"x"}]}""")]
    [InlineData("/v1/completions", """{"model":"demo/echo","prompt":"HALF"}""")]
    [InlineData("/v1/messages", """{"model":"demo/echo","max_tokens":9,"messages":[{"role":"user","content":"HALF"}]}""")]
    [InlineData("/v1beta/models/demo/echo:generateContent", """{"contents":[{"parts":[{"text":"HALF"}]}]}""")]
    [InlineData("/v1/embeddings", """{"model":"demo/echo","input":"HALF"}""")]
    [InlineData("/manage/v1/config/stored", """{"aliases":{"HALF":"demo/echo"}}""", 400, "PUT")]
    [InlineData("/manage/v1/cache:invalidate", """{"model":"HALF"}""", 400)]
    [InlineData("/manage/v1/keys", """{"name":"HALF"}""", 400)]
    public async Task The_gateway_never_fails_of_it(string path, string body, int status = 200, string method = "POST")
    {
        await using Scene scene = await Scene.StartAsync("a", """
            "r": {"targets": ["a/m"]}
            """);
        using HttpRequestMessage request = new(new HttpMethod(method), path) { Content = new StringContent(body.Replace("HALF", Half, StringComparison.Ordinal), Encoding.UTF8, "application/json") };
        using HttpResponseMessage answer = await scene.Gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True((int)answer.StatusCode == status, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/v1/chat/completions", 400, """{"error":{"message":"no \ud800","type":"x\udc00","param":null,"code":"bad"}}""")]
    [InlineData("/v1/messages", 400, """{"error":{"message":"no \ud800","type":"invalid_request_error"}}""")]
    [InlineData("/v1/messages", 400, """{"\ud800":{"message":"no"}}""")]
    [InlineData("/v1/messages", 429, """{"error":{"message":"\ud800"}}""")]
    [InlineData("/v1/chat/completions", 200, """{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"\ud83d"},"finish_reason":"stop"}]}""")]
    [InlineData("/v1/messages", 200, """{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"\ud83d"},"finish_reason":"stop"}]}""")]
    [InlineData("/v1/embeddings", 200, """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1]}],"model":"\ud800"}""")]
    public async Task A_provider_may_say_it(string path, int status, string says)
    {
        await using Scene scene = await Scene.StartAsync("a", """
            "r": {"targets": ["a/m"]}
            """);
        scene.Raw("a", async http =>
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(says);
        });
        Heard heard = await scene.PostAsync(path, """{"model":"r","max_tokens":9,"input":"x","messages":[{"role":"user","content":"x"}]}""");
        Assert.True(heard.Status == status, heard.Body);
        Assert.False(heard.Cut);
        using JsonDocument told = JsonDocument.Parse(ReadableJson.Of(Encoding.UTF8.GetBytes(heard.Body)));
        Assert.Equal(JsonValueKind.Object, told.RootElement.ValueKind);
    }
}
