using System.Globalization;

namespace Perigee.Tests.Failover;

/// <summary>The table: every fault that a provider was seen to have, and what has to come of each.</summary>
internal static class Faults
{
    private const string Impatient = """
        "timeouts": {"connectSeconds": 1, "firstTokenSeconds": 1, "idleSeconds": 1}
        """;

    public static IReadOnlyList<Fault> All { get; } = [.. Connect(), .. Headers(), .. Before(), .. After(), .. AtEnd()];

    private static IEnumerable<Fault> Connect()
    {
        static Fault Dead(string name, Func<FaultyUpstream, string> at, string outcome) =>
            new("connect", name, static _ => Task.CompletedTask, [outcome, outcome], "failed x2") { Base = at, Arrives = false, StatusOfAll = 502 };

        yield return Dead("refused", static _ => FaultyUpstream.Nobody, "unreachable");
        yield return Dead("plain HTTP behind TLS", static upstream => upstream.PlainAsTls, "unreachable");
        yield return Dead("nobody lets it in", static upstream => upstream.Full, "connect_timeout") with
        {
            Route = """
                "timeouts": {"connectSeconds": 1, "firstTokenSeconds": 9, "idleSeconds": 9}
                """,
            StatusOfAll = 504,
        };
        yield return Dead("mute in the TLS handshake", static upstream => upstream.Mute, "connect_timeout") with
        {
            Route = """
                "timeouts": {"connectSeconds": 1, "firstTokenSeconds": 9, "idleSeconds": 9}
                """,
            StatusOfAll = 504,
        };
    }

    private static IEnumerable<Fault> Headers()
    {
        yield return new("headers", "silence", static talk => talk.SilenceAsync(), ["timeout"], "failed x1") { Route = Impatient, StatusOfAll = 504 };
        yield return new("headers", "reset", static talk => talk.ResetAsync(), ["unreachable", "unreachable"], "failed x2") { StatusOfAll = 502 };

        foreach (int status in (int[])[408, 500, 502, 503, 504, 529])
            yield return Answers(status, 2, "failed x2");
        yield return Answers(409, 2, "untouched");
        yield return Answers(403, 1, "failed x1");
        yield return Answers(404, 1, "failed x1");
        yield return Answers(401, 1, "open");
        yield return Answers(402, 1, "open");
        yield return Answers(429, 2, "limited x2");
        yield return Answers(429, 2, "limited x2", "retry-after-ms", "20") with { RetryAfter = "1" };
        yield return Answers(429, 2, "limited x2", "retry-after", "1") with { RetryAfter = "1" };
        yield return Answers(429, 1, "open", "retry-after", "60") with { RetryAfter = "60" };
        yield return Answers(429, 1, "open", "retry-after-ms", "60000") with { RetryAfter = "60" };
        yield return Answers(429, 1, "open", "x-ratelimit-reset-requests", "1m0s") with { RetryAfter = "60" };
        yield return Answers(429, 2, "limited x2", "retry-after", DateTimeOffset.UtcNow.AddMinutes(-1).ToString("R", CultureInfo.InvariantCulture)) with { RetryAfter = "1" };
        yield return Answers(429, 1, "open", "retry-after", DateTimeOffset.UtcNow.AddHours(20).ToString("R", CultureInfo.InvariantCulture)) with { RetryAfter = "7" };
        yield return Google("0.05s", 2, "limited x2") with { RetryAfter = "1" };
        yield return Google("60s", 1, "open") with { RetryAfter = "60" };
        yield return Answers(503, 2, "limited x2", "retry-after-ms", "20") with { RetryAfter = "1" };
        yield return Answers(503, 1, "open", "retry-after", "60") with { RetryAfter = "60" };

        yield return Stops(400);
        yield return Stops(422);
        yield return new("headers", "404 no such model", static talk => talk.SendAsync(404, talk.Tongue.Error(404, "No.", "model_not_found")), ["404"], "open") { Of = "openai", StatusOfAll = 404 };
        yield return new("headers", "400 too long", static talk => talk.SendAsync(400, talk.Tongue.TooLong), ["context"], "untouched") { StatusOfAll = 400 };
        yield return new("headers", "400 blocked", static talk => talk.SendAsync(400, talk.Tongue.Blocked!), ["blocked"], "untouched") { Of = "not gemini", Gets = Gets.Error, Status = 400 };
        yield return new("headers", "400 blocked, with a list", static talk => talk.SendAsync(400, talk.Tongue.Blocked!), ["blocked"], "untouched")
        {
            Of = "not gemini",
            Gets = Gets.Special,
            Route = """
                "onContentPolicy": ["SPECIAL"]
                """,
        };
        yield return new("headers", "redirect", static talk => talk.SendAsync(302, "", ("location", "http://127.0.0.1:1/")), ["broken", "broken"], "failed x2") { StatusOfAll = 502 };
        yield return new("headers", "503 in HTML", static talk => talk.SendAsync(503, "text/html", "<html>busy</html>"), ["503", "503"], "failed x2") { StatusOfAll = 503 };
    }

    private static IEnumerable<Fault> Before()
    {
        yield return Broken("error in a 200", false, static talk => talk.SendAsync(200, talk.Tongue.Error(500, "It broke."))) with { Tries = ["500", "500"], StatusOfAll = 500 };
        yield return Broken("error event", true, static talk => talk.EventsAsync(talk.Tongue.ErrorEvent(500, "It broke."))) with { Tries = ["500", "500"], StatusOfAll = 500 };
        yield return Broken("error event after the opening", true, static talk => talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.ErrorEvent(500, "It broke."))) with { Tries = ["500", "500"], StatusOfAll = 500 };
        yield return Broken("clean close", true, static talk => talk.EventsAsync(talk.Tongue.Opening));
        yield return Broken("nothing at all", true, static talk => talk.EventsAsync(""));
        yield return Broken("nothing at all", false, static talk => talk.SendAsync(200, ""));
        yield return Broken("a page of a proxy", null, static talk => talk.SendAsync(200, "text/html", "<html>Welcome!</html>"));
        yield return Broken("no JSON", false, static talk => talk.SendAsync(200, "Upstream says hi"));
        yield return Broken("reset", true, static async talk =>
        {
            await talk.EventsAsync(talk.Tongue.Opening);
            await talk.ResetAsync();
        });
        yield return Broken("reset in the body", false, static async talk =>
        {
            await talk.HalfAsync();
            await talk.ResetAsync();
        });
        yield return new("before", "silence", static async talk =>
        {
            await talk.EventsAsync(talk.Tongue.Opening);
            await talk.SilenceAsync();
        }, ["timeout"], "failed x1")
        { Stream = true, Route = Impatient, StatusOfAll = 504 };
        yield return new("before", "silence in the body", static async talk =>
        {
            await talk.HalfAsync();
            await talk.SilenceAsync();
        }, ["timeout"], "failed x1")
        { Stream = false, Route = Impatient, StatusOfAll = 504 };
        yield return Broken("choices: null", false, static talk => talk.SendAsync(200, """{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":null}""")) with { Of = "openai" };
        yield return Empty("empty", false, static talk => talk.SendAsync(200, talk.Tongue.EmptyWhole));
        yield return Empty("empty", true, static talk => talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.Finish + talk.Tongue.Closing));

        const string Listed = """
            "onContentPolicy": ["SPECIAL"]
            """;
        yield return new("before", "filtered, with a list", static talk => Filtered(talk), ["blocked"], "untouched") { Gets = Gets.Special, Route = Listed };
        yield return new("before", "filtered", static talk => Filtered(talk), ["ok"], "succeeded") { Gets = Gets.First };
    }

    private static IEnumerable<Fault> After()
    {
        static Fault Late(string name, Func<Talk, Task> then, string outcome = "broken") => new("after", name, async talk =>
        {
            await talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.Piece(talk.Who));
            await then(talk);
        }, ["ok"], "failed x1")
        { Stream = true, Gets = Gets.FirstThenError };

        yield return Late("reset", static talk => talk.ResetAsync());
        yield return Late("clean close", static _ => Task.CompletedTask);
        yield return Late("error event", static talk => talk.EventsAsync(talk.Tongue.ErrorEvent(500, "It broke.")));
        yield return Late("half an event", static talk => talk.EventsAsync(talk.Tongue.Piece("more")[..^9]));
        yield return Late("silence", static talk => talk.SilenceAsync()) with { Route = Impatient };
    }

    private static IEnumerable<Fault> AtEnd()
    {
        // A finish reason is an end, whether or not OpenAI's [DONE] follows: many servers leave it out. Anthropic's stop event closes.
        static Task Unclosed(Talk talk) => talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.Piece(talk.Who) + talk.Tongue.Finish);

        yield return new("end", "no closing event", Unclosed, ["ok"], "succeeded") { Stream = true, Of = "not anthropic", Gets = Gets.First };
        yield return new("end", "no closing event", Unclosed, ["ok"], "failed x1") { Stream = true, Of = "anthropic", Gets = Gets.FirstThenError };
        yield return new("end", "nothing wrong", static talk => talk.AnswerAsync(), ["ok"], "succeeded") { Gets = Gets.First };
    }

    private static Task Filtered(Talk talk) => talk.Stream
        ? talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.FilteredFinish + talk.Tongue.Closing)
        : talk.SendAsync(200, talk.Tongue.FilteredWhole);

    private static Fault Broken(string name, bool? stream, Func<Talk, Task> does) =>
        new("before", name, does, ["broken", "broken"], "failed x2") { Stream = stream, StatusOfAll = 502 };

    private static Fault Empty(string name, bool stream, Func<Talk, Task> does) =>
        new("before", name, does, ["empty"], "failed x1") { Stream = stream };

    private static Fault Answers(int status, int tries, string health, string header = "", string value = "") =>
        new("headers", $"{status}{(header.Length > 0 ? $", {header}: {value}" : "")}",
            talk => talk.SendAsync(status, talk.Tongue.Error(status, "Not now."), header.Length > 0 ? [(header, value)] : []),
            [.. Enumerable.Repeat(status.ToString(CultureInfo.InvariantCulture), tries)], health)
        { StatusOfAll = status };

    private static Fault Google(string delay, int tries, string health) =>
        new("headers", $"429, RetryInfo: {delay}",
            talk => talk.SendAsync(429, talk.Tongue.Error(429, "Not now.", null, $$"""{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{{delay}}"}""")),
            [.. Enumerable.Repeat("429", tries)], health)
        { StatusOfAll = 429, Of = "gemini" };

    private static Fault Stops(int status) =>
        new("headers", $"{status}", talk => talk.SendAsync(status, talk.Tongue.Error(status, "Wrong.")), [$"{status}"], "untouched") { Gets = Gets.Error, Status = status };
}
