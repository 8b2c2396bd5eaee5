using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Perigee.Logs.Bodies;
using Perigee.Logs.Redacting;
using Perigee.Tests.Callers;
using Perigee.Tests.Configuration;
using Perigee.Tests.Failover;
using Scene = Perigee.Tests.Caching.Proving.Scene;

namespace Perigee.Tests.Logs;

/// <summary>Which questions and answers are kept, and how much of them.</summary>
public sealed class BodyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(25)]
    [InlineData(99)]
    [InlineData(100)]
    public void A_share_is_a_share_of_the_ids_and_a_larger_one_has_all_of_a_smaller_one(double percent)
    {
        DateTimeOffset time = new(2031, 2, 3, 4, 5, 6, TimeSpan.Zero);
        string[] ids = [.. Enumerable.Range(0, 20_000).Select(i => Guid.CreateVersion7(time.AddMilliseconds(i)).ToString("N"))];
        string[] kept = [.. ids.Where(id => BodyPolicy.IsSampled(id, percent))];
        Assert.InRange(kept.Length * 100.0 / ids.Length, percent - (percent % 100 == 0 ? 0 : 1.5), percent + (percent % 100 == 0 ? 0 : 1.5));
        Assert.All(kept, id => Assert.True(BodyPolicy.IsSampled(id, Math.Min(100, percent + 10))));
    }

    [Fact]
    public void Which_ids_are_in_the_sample_stays_so_over_versions() =>
        Assert.Equal(
            "00001011011111010101101101001010",
            string.Concat(Enumerable.Range(0, 32).Select(i => BodyPolicy.IsSampled(i.ToString("x32", CultureInfo.InvariantCulture), 50) ? '1' : '0')));

    [Fact]
    public async Task Exactly_the_exchanges_of_the_sample_have_bodies()
    {
        await using GatewayRig rig = await StartAsync("""{"bodies":40}""");
        for (int i = 0; i < 40; i++)
            await AskAsync(rig, $"Question {i}");
        Kept kept = await StopAsync(rig);
        string[] sampled = [.. kept.Exchanges.Select(Id).Where(id => BodyPolicy.IsSampled(id, 40))];
        Assert.InRange(sampled.Length, 1, 39);
        Assert.Equal(sampled, kept.Exchanges.Where(line => line.TryGetProperty("questionBody", out _)).Select(Id));
        Assert.Equal(sampled, kept.Exchanges.Where(line => line.TryGetProperty("answerBody", out _)).Select(Id));
        foreach (string part in (string[])["question", "answer"])
            Assert.Equal(sampled.Order(StringComparer.Ordinal), kept.Bodies.Where(line => line.GetProperty("part").GetString() == part).Select(Id).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("x-perigee-no-log", "1", false)]
    [InlineData("x-perigee-no-log", "true", false)]
    [InlineData("x-perigee-no-log", "perhaps", false)]
    [InlineData("x-perigee-no-log", "0", true)]
    [InlineData("helicone-omit-request", "true", false)]
    [InlineData("helicone-omit-response", "true", false)]
    [InlineData("x-litellm-enable-message-redaction", "true", false)]
    [InlineData("cf-aig-collect-log", "false", false)]
    [InlineData("cf-aig-collect-log", "true", true)]
    [InlineData("cf-aig-collect-log", "perhaps", false)]
    [InlineData("cf-aig-collect-log-payload", "false", false)]
    [InlineData("x-portkey-debug", "false", false)]
    public async Task Who_asks_not_to_be_kept_is_not(string header, string value, bool isKept)
    {
        await using GatewayRig rig = await StartAsync("""{"bodies":100}""");
        await AskAsync(rig, "Grey-parrot", headers: (header, value));
        Kept kept = await StopAsync(rig);
        Assert.Equal(isKept ? 2 : 0, kept.Bodies.Length);
        Assert.Equal(isKept, Assert.Single(kept.Exchanges).TryGetProperty("questionBody", out _));
        Assert.Equal(isKept, kept.Text.Contains("parrot", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task No_header_brings_a_body_in()
    {
        await using GatewayRig rig = await StartAsync("{}");
        await AskAsync(rig, "Grey-parrot", headers: [("x-perigee-no-log", "0"), ("cf-aig-collect-log", "true"), ("cf-aig-collect-log-payload", "true"), ("x-portkey-debug", "true")]);
        Kept kept = await StopAsync(rig);
        Assert.Single(kept.Exchanges);
        Assert.Empty(kept.Bodies);
        Assert.DoesNotContain("parrot", kept.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_kept_is_what_was_sent_and_what_was_got_less_its_secrets(bool stream)
    {
        await using GatewayRig rig = await StartAsync("""{"bodies":100}""");
        (string question, string answer) = await AskAsync(rig, "Grey parrots of sk-canary0AbCdEfGhIjKlMn fly", stream);
        Assert.Contains("canary0", answer, StringComparison.Ordinal);
        Kept kept = await StopAsync(rig);
        JsonElement asked = kept.Body("question"), got = kept.Body("answer");
        Assert.Equal(question.Replace("sk-canary0AbCdEfGhIjKlMn", "[redacted]", StringComparison.Ordinal), asked.GetProperty("text").GetString());
        Assert.Equal((Encoding.UTF8.GetByteCount(question), Encoding.UTF8.GetByteCount(answer)), (asked.GetProperty("bytes").GetInt32(), got.GetProperty("bytes").GetInt32()));
        Assert.Equal(("application/json", stream ? "text/event-stream" : "application/json"), (asked.GetProperty("type").GetString(), got.GetProperty("type").GetString()));
        Assert.False(asked.GetProperty("cut").GetBoolean() || got.GetProperty("cut").GetBoolean());
        Assert.DoesNotContain("canary0", kept.Text, StringComparison.Ordinal);
        Assert.Contains("parrots", got.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(answer[^40..], got.GetProperty("text").GetString()![^40..]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_past_the_bound_is_cut_there_and_said_to_be(bool stream)
    {
        await using GatewayRig rig = await StartAsync("""{"bodies":100,"bodyBytes":8192}""");
        (string question, string answer) = await AskAsync(rig, string.Concat(Enumerable.Repeat("parrot ", 2000)), stream);
        Kept kept = await StopAsync(rig);
        foreach ((string part, string whole) in ((string, string)[])[("question", question), ("answer", answer)])
        {
            JsonElement body = kept.Body(part), told = Assert.Single(kept.Exchanges).GetProperty(part + "Body");
            Assert.True(body.GetProperty("cut").GetBoolean() && told.GetProperty("cut").GetBoolean(), part);
            Assert.Equal((whole.Length, whole.Length), (body.GetProperty("bytes").GetInt32(), told.GetProperty("bytes").GetInt32()));
            string text = body.GetProperty("text").GetString()!;

            // The last of it may be half a secret; of a stream that of its joined text as well.
            Assert.InRange(text.Length, 8192 - ((stream && part == "answer" ? 2 : 1) * RedactionScan.Window) - 16, 8192);
            Assert.StartsWith(text[..80], whole, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_large_body_lies_in_a_blob_of_its_own_that_record_and_line_name()
    {
        await using GatewayRig rig = await StartAsync("""{"bodies":100}""");
        (string question, _) = await AskAsync(rig, string.Concat(Enumerable.Repeat("parrot ", 15_000)) + "sk-canary0AbCdEfGhIjKlMn fly");
        Kept kept = await StopAsync(rig);
        JsonElement body = kept.Body("question"), exchange = Assert.Single(kept.Exchanges);
        string name = exchange.GetProperty("questionBody").GetProperty("blob").GetString()!;
        Assert.Matches($"^v1/bodies/dt=[0-9-]{{10}}/hour=[0-9]{{2}}/region=local/objects/{Id(exchange)}-question\\.json\\.gz$", name);
        Assert.Equal(name, body.GetProperty("blob").GetString());
        Assert.False(body.TryGetProperty("text", out _));
        (byte[] packed, string text) = kept.Objects[name];
        Assert.Equal(packed.Length, body.GetProperty("blobBytes").GetInt32());
        Assert.Equal(question.Replace("sk-canary0AbCdEfGhIjKlMn", "[redacted]", StringComparison.Ordinal), text);
    }

    [Fact]
    public async Task The_keys_word_goes_before_the_gateways_and_who_is_not_let_in_is_not_kept()
    {
        foreach ((int gateway, int? own, int bodies) in ((int, int?, int)[])[(0, null, 0), (0, 100, 2), (100, null, 2), (100, 0, 0)])
        {
            await using Scene scene = await Scene.StartClosedAsync($$""" "content": "on", "logs": {"bodies": {{gateway}}} """);
            (string key, _) = await scene.One.MakeKeyAsync(own is { } percent ? $"\"logBodiesPercent\":{percent}" : "");
            Assert.Equal(200, (await scene.One.AskAsync(key, "demo/echo")).Status);
            Assert.Equal(401, (await scene.One.AskAsync("pg-nobody", "demo/echo")).Status);
            await scene.One.StopAsync();
            Kept kept = Kept.Of(scene.Folder);
            Assert.Equal(2, kept.Exchanges.Length);
            Assert.True(kept.Bodies.Length == bodies, $"{gateway}, {own}: {kept.Bodies.Length}");
        }
    }

    [Fact]
    public async Task With_content_off_nothing_is_kept_whoever_asks_for_it()
    {
        Assert.Equal(
            ["logs.bodies: keeps nothing while \"content\" is off: set that to \"on\" (or PERIGEE_CONTENT), or leave this out."], Settings.Faults("""{"logs":{"bodies":5}}"""));
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, _) = await scene.One.MakeKeyAsync("\"logBodiesPercent\":100");
        Assert.Equal(200, (await scene.One.AskAsync(key, "demo/echo")).Status);
        await scene.One.StopAsync();
        Kept kept = Kept.Of(scene.Folder);
        Assert.Single(kept.Exchanges);
        Assert.Empty(kept.Bodies);
    }

    private static Task<GatewayRig> StartAsync(string logs) => GatewayRig.StartAsync($$"""{"content":"on","cache":{"enabled":false},"logs":{{logs}} }""");

    private static async Task<(string Question, string Answer)> AskAsync(GatewayRig rig, string words, bool stream = false, params (string Name, string Value)[] headers)
    {
        string question = $$"""{"model":"demo/echo","stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"{{words}}"}]}""";
        using HttpResponseMessage answer = await rig.SendAsync("/v1/chat/completions", question, Cancel, headers);
        string text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return (question, text);
    }

    private static async Task<Kept> StopAsync(GatewayRig rig)
    {
        await rig.StopAsync();
        return Kept.Of(rig.Folder);
    }

    private static string Id(JsonElement line) => line.GetProperty("id").GetString()!;

    /// <summary>What lies in the blobs of a folder.</summary>
    private sealed class Kept
    {
        public required JsonElement[] Exchanges { get; init; }

        public required JsonElement[] Bodies { get; init; }

        public required Dictionary<string, (byte[] Packed, string Text)> Objects { get; init; }

        public required string Text { get; init; }

        public static Kept Of(string folder)
        {
            Dictionary<string, (byte[] Packed, string Text)> blobs = new(StringComparer.Ordinal);
            foreach (string file in Directory.EnumerateFiles(folder, "*.gz", SearchOption.AllDirectories))
            {
                byte[] packed = File.ReadAllBytes(file);
                using StreamReader reader = new(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress));
                string name = file.Replace('\\', '/');
                blobs.Add(name[name.IndexOf("v1/", StringComparison.Ordinal)..], (packed, reader.ReadToEnd()));
            }

            JsonElement[] lines =
            [
                .. blobs.Where(blob => !blob.Key.Contains("/objects/", StringComparison.Ordinal)).OrderBy(blob => blob.Key, StringComparer.Ordinal)
                    .SelectMany(blob => blob.Value.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(line => JsonDocument.Parse(line).RootElement),
            ];
            return new()
            {
                Exchanges = [.. lines.Where(line => line.GetProperty("kind").GetString() == "exchange")],
                Bodies = [.. lines.Where(line => line.GetProperty("kind").GetString() == "body")],
                Objects = blobs.Where(blob => blob.Key.Contains("/objects/", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal),
                Text = string.Join('\n', blobs.Values.Select(blob => blob.Text)),
            };
        }

        public JsonElement Body(string part) => Assert.Single(Bodies, line => line.GetProperty("part").GetString() == part);
    }
}
