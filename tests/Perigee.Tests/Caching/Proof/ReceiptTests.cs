using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Perigee.Storage;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>What a hit leaves behind: in counts, in the log, in storage, and on the wire over time.</summary>
public sealed class ReceiptTests
{
    private const string Price = """
        "models": {"openai/m": {"price": {"input": 2, "output": 10}}}
        """;

    [Fact]
    public async Task A_hit_is_counted_and_logged_as_saved_and_not_as_spent()
    {
        await using Scene scene = await Scene.StartAsync(Price);
        string key = await scene.One.KeyAsync("t1");
        List<Reply> replies = [];
        foreach (Form form in (Form[])[Form.OpenAi, Form.OpenAi, Form.AnthropicStream, Form.Gemini])
            replies.Add(await scene.One.AskAsync(form, "openai/m", headers: ("key", key)));
        Assert.Equal(["miss", "hit", "hit", "hit"], replies.Select(static reply => reply.Cache));
        JsonElement shown = await scene.One.CountsAsync("?tenant=t1");
        JsonElement counts = shown.GetProperty("counts");
        Assert.Equal((3, 1, 1), (shown.GetProperty("hits").GetInt32(), counts.GetProperty("miss").GetInt32(), counts.GetProperty("stored").GetInt32()));
        Assert.Equal(0.75, shown.GetProperty("hitRate").GetDouble());
        Assert.Equal((3L * Speech.Input, 3L * Speech.Output), (counts.GetProperty("savedInputTokens").GetInt64(), counts.GetProperty("savedOutputTokens").GetInt64()));

        // 11 x $2 and 7 x $10 a million, three times, in pico-dollars.
        Assert.Equal(3 * ((11 * 2_000_000L) + (7 * 10_000_000L)), counts.GetProperty("savedPicoDollars").GetInt64());
        Assert.Equal(0, (await scene.One.CountsAsync("?tenant=t2")).GetProperty("hits").GetInt32());

        await scene.One.StopAsync();
        List<JsonElement> records = await LogsAsync(scene);
        foreach (Reply reply in replies)
        {
            JsonElement record = records.Single(record => record.GetProperty("id").GetString() == reply.Id);
            Assert.Equal(reply.Cache, record.GetProperty("cache").GetString(), ignoreCase: true);
            bool hit = reply.Cache == "hit";

            // Only the call cost tokens; only a replay saved some.
            Assert.Equal(!hit, Json.Get(record, "tokens") is not null);
            Assert.Equal(hit, Json.Get(record, "savedTokens") is not null);
            Assert.Equal(hit ? 0.000092 : null, Json.Get(record, "savedDollars")?.GetDouble());
            Assert.Equal(hit, Json.Get(record, "attempts") is not { ValueKind: JsonValueKind.Array } attempts || attempts.GetArrayLength() == 0);
        }
    }

    [Fact]
    public async Task A_hit_of_the_other_instance_is_counted_in_the_sum_of_all()
    {
        await using Scene scene = await Scene.StartAsync(Price);
        Instance other = await scene.AddAsync();
        await scene.One.AskAsync(Form.OpenAi, "openai/m");
        await scene.WrittenAsync();
        await other.AskAsync(Form.OpenAi, "openai/m");
        await other.StopAsync();
        JsonElement shown = await scene.One.CountsAsync();
        Assert.Equal(1, shown.GetProperty("hits").GetInt32());
        Assert.Equal((1, 0), (shown.GetProperty("counts").GetProperty("exactTable").GetInt32(), shown.GetProperty("counts").GetProperty("exactMemory").GetInt32()));
        Assert.True(shown.GetProperty("allInstances").GetBoolean());
    }

    [Theory]
    [InlineData("")]
    [InlineData("""
        , "cache": {"mode": "semantic"}
        """)]
    [InlineData("""
        , "cache": {"mode": "semantic", "semantic": {"near": true}}
        """)]
    public async Task No_key_and_no_word_of_a_question_lies_in_storage(string semantic)
    {
        const string Asked = "quokkaprompt", System = "Be brief", Namespace = "What is the population of quokkaprompt in the year 1987604513";
        await using Scene scene = await Scene.StartAsync(Price + semantic);
        scene.Provider.Says = new Speech("Nothing that was asked is said again here: seven.");
        string key = await scene.One.KeyAsync("t1");
        foreach (Form form in Form.All.Concat(Form.All))
        {
            await scene.One.AskAsync(form, "openai/m", Namespace + "?", headers: ("key", key));
            await scene.One.AskAsync(form, "openai/m", Namespace.Replace("What is", "Please tell me what is", StringComparison.Ordinal) + "?", headers: ("key", key));
        }

        await scene.WrittenAsync();
        Assert.All(scene.Provider.Bodies, static body => Assert.Contains(Asked, body, StringComparison.Ordinal));
        await scene.One.StopAsync();
        List<(string Where, string Text)> all = [];
        foreach (TableRow row in await scene.RowsAsync())
        {
            foreach ((string name, object value) in row.Values)
                all.Add(($"{name} of a row", value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value.ToString()!));
            byte[] body = new byte[row.Number("length")!.Value];
            ReadOnlyMemory<byte> stored = RowBody.Read(row)!.Value;
            string text = row.Text("codec") == "br" && BrotliDecoder.TryDecompress(stored.Span, body, out _) ? Encoding.UTF8.GetString(body) : Encoding.UTF8.GetString(stored.Span);
            Assert.Contains("seven", text, StringComparison.Ordinal);
            all.Add(("a body", text));
        }

        foreach (string file in Directory.EnumerateFiles(scene.Folder, "*", SearchOption.AllDirectories))
        {
            await using FileStream open = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using MemoryStream copy = new();
            if (file.EndsWith(".gz", StringComparison.Ordinal))
            {
                await using GZipStream plain = new(open, CompressionMode.Decompress);
                await plain.CopyToAsync(copy, TestContext.Current.CancellationToken);
            }
            else
            {
                await open.CopyToAsync(copy, TestContext.Current.CancellationToken);
            }

            all.Add((file, Encoding.Latin1.GetString(copy.ToArray())));
        }

        Assert.True(all.Count > 20, $"only {all.Count} places");
        foreach ((string where, string text) in all)
        {
            foreach (string secret in (string[])[Asked, "population", "1987604513", System, "get_weather", key, Provider.Key, Instance.AdminKey])
                Assert.False(text.Contains(secret, StringComparison.OrdinalIgnoreCase), $"'{secret}' in {where}");
        }
    }

    [Theory]
    [InlineData("paced")]
    [InlineData("instant")]
    public async Task A_stream_is_replayed_at_once_or_over_the_time_that_it_took(string replay)
    {
        await using Scene scene = await Scene.StartAsync(replay == "paced" ? "\"cache\": {\"replay\": \"paced\"}" : "");
        scene.Provider.Says = new Speech("one ", "two ", "three ", "four ", "five ");
        Reply first = await scene.MoveOnAsync(PlayAsync(), TimeSpan.FromMinutes(1));
        Assert.Equal("miss", first.Cache);
        Assert.Equal(9, Events(first.Body));

        // The other shape is a whole: nothing to pace.
        Assert.Equal("hit", (await scene.One.AskAsync(Form.OpenAi, "openai/m")).Cache);
        foreach (Form form in (Form[])[Form.OpenAiStream, Form.AnthropicStream, Form.GeminiStream])
        {
            using HttpResponseMessage replayed = await scene.One.SendAsync(form, "openai/m", "What is new?", "", TestContext.Current.CancellationToken);
            Assert.Equal("hit", replayed.Headers.GetValues("x-perigee-cache").Single());
            await using Stream body = await replayed.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            MemoryStream got = new();
            Task reading = body.CopyToAsync(got, TestContext.Current.CancellationToken);
            List<(double At, int Events)> seen = [];
            DateTimeOffset began = scene.Time.GetUtcNow();
            if (replay == "instant")
                await reading.WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
            while (!reading.IsCompleted && scene.Time.GetUtcNow() - began < TimeSpan.FromSeconds(20))
            {
                await Task.WhenAny(reading, Task.Delay(20, TestContext.Current.CancellationToken));
                seen.Add(((scene.Time.GetUtcNow() - began).TotalSeconds, Events(Encoding.UTF8.GetString(got.ToArray()))));
                if (!reading.IsCompleted)
                    scene.Time.Advance(TimeSpan.FromMilliseconds(100));
            }

            await reading.WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
            Told told = Dialects.Tell(form.Dialect, got.ToArray(), form.Framing);
            Assert.Equal("one two three four five ", told.First.Text);
            if (form == Form.OpenAiStream)
                Assert.Equal(first.Body, Encoding.UTF8.GetString(got.ToArray()));
            TestContext.Current.TestOutputHelper!.WriteLine($"{form}: {string.Join(' ', seen.DistinctBy(static one => one.Events).Select(static one => $"{one.Events}@{one.At:0.0}"))}");
            if (replay == "instant")
                continue;
            Assert.InRange(seen[^1].At, 4, 11);
            Assert.True(seen.Select(static one => one.Events).Distinct().Count() >= 5, "event by event");
        }

        async Task<Reply> PlayAsync()
        {
            // A second between two events: eight seconds in all.
            scene.Provider.Between = _ => Task.Delay(TimeSpan.FromSeconds(1), scene.Time);
            Reply reply = await scene.One.AskAsync(Form.OpenAiStream, "openai/m");
            scene.Provider.Between = static _ => Task.CompletedTask;
            return reply;
        }
    }

    private static int Events(string text) => text.Split("data: ").Length - 1;

    private static async Task<List<JsonElement>> LogsAsync(Scene scene)
    {
        List<JsonElement> records = [];
        foreach (string file in Directory.EnumerateFiles(scene.Folder, "*.gz", SearchOption.AllDirectories))
        {
            await using FileStream compressed = File.OpenRead(file);
            await using GZipStream plain = new(compressed, CompressionMode.Decompress);
            using StreamReader reader = new(plain);
            while (await reader.ReadLineAsync() is { } line)
                records.Add(JsonDocument.Parse(line).RootElement);
        }

        records.RemoveAll(static record => record.GetProperty("kind").GetString() != "exchange");
        return records;
    }
}
