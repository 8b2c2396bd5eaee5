using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>
/// Questions at random, alone and at the same time, in every form, with every wish, on two instances, to providers that answer shortly, at length, brokenly or not at all, while time goes by and
/// entries are dropped: whatever an answer's way, it is a whole one to just that question, no older than it may be, and what broke off is told as that and never seen again.
/// </summary>
public sealed partial class RandomUseTests(ITestOutputHelper output)
{
    private const int TtlSeconds = 600;

    private static readonly (string Name, string Value)[] Wishes =
    [
        ("x-perigee-cache", "on"), ("x-perigee-cache", "off"), ("x-perigee-cache", "refresh"), ("x-perigee-cache", "only"), ("cache-control", "no-store"), ("cache-control", "max-age=60"), ("cache-control", "no-cache"), ("cache-control", "only-if-cached"),
        ("x-perigee-cache-ttl", "30"), ("x-perigee-cache-ttl", "5"), ("x-perigee-no-fallback", "true"),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_answer_is_whole_and_to_its_own_question_whatever_its_way(int seed)
    {
        output.WriteLine($"seed {seed}");
        await using Scene scene = await Scene.StartAsync($"\"cache\": {{\"ttlSeconds\": {TtlSeconds}, \"shareCalls\": {(seed == 2 ? "true" : "false")}, \"callLeaseSeconds\": 2, \"lookupMilliseconds\": 10000}}");
        Instance other = await scene.AddAsync();
        Random random = new(seed);
        ConcurrentDictionary<int, (string Text, DateTimeOffset At, bool Good)> made = new();
        int next = 0;
        string mood = "good";
        int pad = 0;
        bool always = false;
        scene.Provider.Between = _ => Task.Delay(1);
        scene.Provider.Instead = async asked =>
        {
            int number = Interlocked.Increment(ref next);
            string dialect = asked.Http.Request.Path.Value!.Split('/')[1] switch { "openai" => Dialects.OpenAi, "anthropic" => Dialects.Anthropic, _ => Dialects.Gemini };
            Speech says = new($"[{Asked().Match(asked.Body).Value}", $"#{number}] ", new string('p', pad), " end") { Broken = mood == "broken" && asked.Stream };
            made[number] = (says.All, scene.Time.GetUtcNow(), mood == "good");
            if (mood == "refuses")
            {
                await Provider.SendAsync(asked.Http, 500, """{"error":{"message":"No.","type":"server_error","param":null,"code":null}}""");
                return true;
            }

            if (!asked.Stream)
            {
                string whole = says.Whole(dialect);
                if (mood == "broken")
                    asked.Http.Response.ContentLength = whole.Length + 9;
                await Provider.SendAsync(asked.Http, 200, whole);
                if (mood == "broken")
                    asked.Http.Abort();
                return true;
            }

            bool array = dialect == Dialects.Gemini && asked.Http.Request.Query["alt"] != "sse" && !always;
            asked.Http.Response.ContentType = array ? "application/json" : "text/event-stream";
            string[] events = says.Events(dialect);
            for (int i = 0; i < events.Length; i++)
                await Provider.EventAsync(asked.Http, array ? (i == 0 ? "[" : ",\r\n") + events[i]["data: ".Length..].TrimEnd() + (i == events.Length - 1 && !says.Broken ? "]" : "") : events[i]);
            return true;
        };

        List<string> faults = [];
        Dictionary<string, int> outcomes = [];
        for (int round = 0; round < 100; round++)
        {
            mood = random.Next(5) switch { 0 => "broken", 1 => "refuses", _ => "good" };

            // Some providers send events where an array was asked for.
            always = random.Next(3) == 0;
            pad = new[] { 0, 10, 3_000, 40_000, 70_000, 400_000 }[random.Next(6)];
            switch (random.Next(12))
            {
                case 0:
                    scene.Time.Advance(TimeSpan.FromSeconds(random.Next(700)));
                    break;
                case 1:
                    Reply gone = await scene.One.ManageAsync(HttpMethod.Post, "/manage/v1/cache:invalidate", """{"model":"openai/m"}""");
                    Assert.True(gone.Status == 200, gone.Body);
                    break;
                default:
                    scene.Time.Advance(TimeSpan.FromSeconds(random.Next(20)));
                    break;
            }

            string provider = Provider.Names[random.Next(3)].Name, question = $"q{random.Next(3)}";
            (Instance Where, Form Form, (string, string)[] Wish)[] asks = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ =>
                (random.Next(3) == 0 ? other : scene.One, Form.All[random.Next(Form.All.Count)], random.Next(2) == 0 ? [] : new[] { Wishes[random.Next(Wishes.Length)] }))];
            int calls = scene.Calls;
            Task<Reply[]> asking = Task.WhenAll(asks.Select(ask => ask.Where.AskAsync(ask.Form, provider + "/m", $"Tell {question} again", headers: ask.Wish)));
            Reply[] replies = seed == 2 ? await scene.MoveOnAsync(asking, TimeSpan.FromSeconds(6)) : await asking;
            for (int i = 0; i < replies.Length; i++)
            {
                (_, Form form, (string, string)[] wish) = asks[i];
                Reply reply = replies[i];
                outcomes[$"{reply.Status} {reply.Cache}"] = outcomes.GetValueOrDefault($"{reply.Status} {reply.Cache}") + 1;
                if (Fault(form, wish, reply, question, mood, made, scene.Time.GetUtcNow()) is { } fault)
                    faults.Add($"round {round}, {mood}, {provider}, {question}, pad {pad}, {form}, {string.Join(",", wish)}: {fault}\n{(reply.Body.Length > 900 ? reply.Body[..900] : reply.ToString())}");
            }

            if (scene.Calls - calls > asks.Length)
                faults.Add($"round {round}: {scene.Calls - calls} calls for {asks.Length} questions");
        }

        output.WriteLine(string.Join(", ", outcomes.OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => $"{one.Key}: {one.Value}")));
        Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(10))}");
        Assert.True(outcomes.GetValueOrDefault("200 hit") > 20 && outcomes.GetValueOrDefault("200 miss") > 20, "Hardly anything was replayed.");
    }

    [Fact]
    public async Task Events_where_an_array_was_asked_for_end_with_an_event_for_all_who_share_them()
    {
        await using Scene scene = await Scene.StartAsync();
        TaskCompletionSource breaks = new();
        scene.Provider.Instead = async asked =>
        {
            asked.Http.Response.ContentType = "text/event-stream";
            await Provider.EventAsync(asked.Http, Speech.Text.Events(Dialects.Gemini)[0]);
            await breaks.Task;
            return true;
        };
        using HttpResponseMessage leads = await scene.One.SendAsync(Form.GeminiArray, "gemini/m", "What is new?", "", TestContext.Current.CancellationToken);
        using HttpResponseMessage joins = await scene.One.SendAsync(Form.GeminiArray, "gemini/m", "What is new?", "", TestContext.Current.CancellationToken);
        Assert.Equal(["joined"], joins.Headers.GetValues("x-perigee-cache"));
        breaks.SetResult();
        foreach (HttpResponseMessage answer in (HttpResponseMessage[])[leads, joins])
        {
            Reply reply = await Reply.OfAsync(answer);
            Assert.StartsWith("text/event-stream", reply.Type, StringComparison.Ordinal);
            Assert.True(Dialects.Tell(Dialects.Gemini, reply.Bytes, Framing.Sse).ErrorMessage is not null, reply.Body);
        }

        Assert.Equal(1, scene.Calls);
    }

    [Theory]
    [InlineData(15, true, true)]
    [InlineData(17, true, false)]
    [InlineData(35, false, false)]
    public async Task A_large_answer_is_kept_or_shared_or_only_given_as_its_size_allows(int megabytes, bool shared, bool kept)
    {
        await using Scene scene = await Scene.StartAsync();
        TaskCompletionSource goesOn = new();
        Speech says = scene.Provider.Says = new Speech(["first ", .. Enumerable.Repeat(new string('p', 1_000_000), megabytes)]);
        scene.Provider.Between = said => said == 3 ? goesOn.Task : Task.CompletedTask;
        using HttpResponseMessage leads = await scene.One.SendAsync(Form.OpenAiStream, "anthropic/m", "What is new?", "", TestContext.Current.CancellationToken);
        using HttpResponseMessage joins = await scene.One.SendAsync(Form.OpenAiStream, "anthropic/m", "What is new?", "", TestContext.Current.CancellationToken);
        Assert.Equal(["joined"], joins.Headers.GetValues("x-perigee-cache"));
        Task<Reply> leading = Reply.OfAsync(leads), joining = Reply.OfAsync(joins);
        goesOn.SetResult();
        Told told = Dialects.Tell(Dialects.OpenAi, (await leading).Bytes, Framing.Sse);
        Assert.True(told.Complete && told.First.Text == says.All, "the leader's answer");
        Told heard = Dialects.Tell(Dialects.OpenAi, (await joining).Bytes, Framing.Sse);
        Assert.Equal((shared, !shared), (heard.Complete && heard.First.Text == says.All, heard.ErrorMessage is not null));
        Reply again = await scene.One.AskAsync(Form.Gemini, "anthropic/m");
        Assert.Equal((200, kept ? "hit" : "miss", kept ? 1 : 2), (again.Status, again.Cache, scene.Calls));
        Assert.True(Dialects.Tell(Dialects.Gemini, again.Bytes, Framing.Whole).First.Text == says.All, "the answer to the next");
    }

    private static string? Fault(Form form, (string Name, string Value)[] wish, Reply reply, string question, string mood, ConcurrentDictionary<int, (string Text, DateTimeOffset At, bool Good)> made, DateTimeOffset now)
    {
        bool only = wish is [(_, "only" or "only-if-cached")];
        if (reply.Status != 200)
            return reply.Status == 404 ? (only ? null : "404") : mood == "good" ? $"status {reply.Status}" : reply.Body.Contains("error", StringComparison.Ordinal) ? null : "no error";
        if (reply.Cut)
            return mood == "broken" && !form.Stream ? null : "cut";
        Framing framing = form.Framing == Framing.Array && reply.Type.StartsWith("text/event-stream", StringComparison.Ordinal) ? Framing.Sse : form.Framing;
        Told told = Dialects.Tell(form.Dialect, reply.Bytes, framing);
        if (told.ErrorMessage is not null)
            return mood == "broken" && reply.Cache != "hit" ? null : "an error event";
        if (!told.Complete || !told.Ended)
            return "half an answer";
        Match number = Number().Match(told.First.Text);
        if (!number.Success || number.Groups[1].Value != question)
            return "another question's answer";
        (string text, DateTimeOffset at, bool good) = made[int.Parse(number.Groups[2].Value, CultureInfo.InvariantCulture)];
        if (text != told.First.Text)
            return "another text";
        if (!good)
            return "an answer that broke off, as a whole one";
        double most = wish is [("cache-control", "max-age=60")] ? 60 : TtlSeconds;
        return reply.Cache == "hit" && (now - at).TotalSeconds > most + 10 ? $"{(now - at).TotalSeconds} s old" : reply.Cache == "hit" && wish is [(_, "off" or "refresh" or "no-store" or "no-cache")] ? "a replay that was not wanted" : null;
    }

    [GeneratedRegex("q[0-9]")]
    private static partial Regex Asked();

    [GeneratedRegex(@"^\[(q[0-9])#([0-9]+)\] ")]
    private static partial Regex Number();
}
