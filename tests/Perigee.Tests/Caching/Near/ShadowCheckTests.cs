using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Caching.Near;

namespace Perigee.Tests.Caching.Near;

public sealed class ShadowCheckTests : IAsyncDisposable
{
    private const string Scope = "tenant|default";
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
    private readonly MemoryStorage _storage = new();
    private readonly List<ShadowCheck> _all = [];
    private int _removed;

    public async ValueTask DisposeAsync()
    {
        foreach (ShadowCheck check in _all)
        {
            await check.StopAsync(default);
            check.Dispose();
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 100)]
    [InlineData(50, 5000)]
    [InlineData(100, 10_000)]
    public async Task Share_of_hits_is_drawn(double percent, int expected)
    {
        int thrown = 0;
        ShadowCheck check = await StartAsync(() => thrown++ % 10_000 / 10_000.0);
        Assert.Equal(expected, Enumerable.Range(0, 10_000).Count(_ => check.Draws(new ShadowOptions { Percent = percent })));
    }

    [Fact]
    public async Task Entry_that_disagrees_is_removed_and_one_that_agrees_stays()
    {
        ShadowCheck check = await StartAsync();
        await CheckedAsync(check, "Paris", "Paris.");
        Assert.Equal(0, _removed);
        await CheckedAsync(check, "Paris", "Lyon");
        Assert.Equal(1, _removed);
        await CheckedAsync(check, "Prices go up", "Prices go down");
        Assert.Equal(1, _removed);
        JsonElement scope = Report(check);
        Assert.Equal((3, 1, 1, 1), (scope.GetProperty("checked").GetInt32(), scope.GetProperty("agreed").GetInt32(),
            scope.GetProperty("disagreed").GetInt32(), scope.GetProperty("undecided").GetInt32()));
        Assert.Equal(50, scope.GetProperty("error_percent").GetDouble());
        Assert.Equal(1.258, scope.GetProperty("error_percent_low").GetDouble());
    }

    [Theory]
    [InlineData(true, "agreed")]
    [InlineData(false, "disagreed")]
    [InlineData(null, "undecided")]
    public async Task Judge_decides_where_words_do_not(bool? says, string counted)
    {
        ShadowCheck check = await StartAsync();
        await CheckedAsync(check, "Prices go up", "Prices go down", judge: (_, _, _) => new(says));
        Assert.Equal(1, Report(check).GetProperty(counted).GetInt32());
    }

    [Fact]
    public async Task Judge_that_fails_leaves_it_to_the_words()
    {
        ShadowCheck check = await StartAsync();
        await CheckedAsync(check, "Paris", "Lyon", judge: static (_, _, _) => throw new InvalidOperationException("broken"));
        Assert.Equal(1, Report(check).GetProperty("disagreed").GetInt32());
    }

    [Fact]
    public async Task Hits_stop_when_the_lower_bound_exceeds_what_is_allowed_and_not_before()
    {
        ShadowCheck check = await StartAsync();
        Assert.True(check.Allows(Scope));
        for (int i = 0; i < 40; i++)
            await CheckedAsync(check, "Paris", "Paris");

        // 3 of 43 is 7%, with a lower bound of 1.46%; 4 of 44 has one of 2.5%.
        for (int i = 0; i < 3; i++)
            await CheckedAsync(check, "Paris", "Lyon");
        Assert.True(check.Allows(Scope));
        Assert.Equal(1.463, Report(check).GetProperty("error_percent_low").GetDouble());
        await CheckedAsync(check, "Paris", "Lyon");
        await Eventually.IsTrueAsync(() => !check.Allows(Scope), "hits stop");
        Assert.True(check.Allows("tenant|other"));
        Assert.Equal("measured", Report(check).GetProperty("stopped_by").GetString());
    }

    [Fact]
    public async Task Other_instances_stop_too_and_an_operator_resumes_all()
    {
        ShadowCheck one = await StartAsync();
        ShadowCheck other = await StartAsync();
        Assert.True(other.Allows(Scope));
        for (int i = 0; i < 3; i++)
        {
            // One or two wrong ones of so few say nothing yet.
            Assert.True(one.Allows(Scope));
            await CheckedAsync(one, "Paris", "Lyon");
        }

        Assert.False(one.Allows(Scope));
        await UntilAsync(() => !other.Allows(Scope), "the other instance stops");

        Assert.True(await other.ResumeAsync(Scope, default));
        Assert.True(other.Allows(Scope));
        await UntilAsync(() => one.Allows(Scope), "the first instance resumes");

        // What was measured before is forgotten.
        await CheckedAsync(one, "Paris", "Paris");
        Assert.True(one.Allows(Scope));
        Assert.Equal(1, Report(one).GetProperty("checked").GetInt32());
    }

    [Fact]
    public async Task Operator_stops_hits_everywhere()
    {
        ShadowCheck one = await StartAsync();
        ShadowCheck other = await StartAsync();
        Assert.True(other.Allows(Scope));
        Assert.True(await one.KillAsync(Scope, default));
        Assert.False(one.Allows(Scope));
        await UntilAsync(() => !other.Allows(Scope), "the other instance stops");
        Assert.Equal("operator", Report(other).GetProperty("stopped_by").GetString());
    }

    [Fact]
    public async Task Checks_of_all_instances_count_together()
    {
        ShadowCheck[] all = [await StartAsync(), await StartAsync(), await StartAsync()];
        Assert.All(all, check => check.Allows(Scope));
        for (int i = 0; i < 30; i++)
            all[i % 3].Check(Case("Paris", "Paris"));
        await UntilAsync(() => _storage.Rows("cachestate").SingleOrDefault()?.Number("agreed") == 30, "all are in the row");
        await UntilAsync(() => Array.TrueForAll(all, check => check.Allows(Scope) && Report(check).GetProperty("agreed").GetInt32() == 30), "all know");
    }

    [Fact]
    public async Task Storage_that_is_down_loses_no_count()
    {
        ShadowCheck check = await StartAsync();
        Assert.True(check.Allows(Scope));
        _storage.Down = true;
        for (int i = 0; i < 3; i++)
            await CheckedAsync(check, "Paris", "Lyon");
        Assert.False(check.Allows(Scope));
        Assert.False(await check.ResumeAsync(Scope, default));
        _storage.Down = false;
        await UntilAsync(() => _storage.Rows("cachestate").SingleOrDefault()?.Text("stopped") == "measured", "it is in the row");
        Assert.Equal(3, _storage.Rows("cachestate").Single().Number("disagreed"));
    }

    [Fact]
    public async Task More_than_can_be_checked_are_dropped_and_counted()
    {
        ShadowCheck check = await StartAsync();
        check.CountRefused(Scope, "none");
        TaskCompletionSource<string?> gate = new();
        for (int i = 0; i < 100; i++)
            check.Check(Case("Paris", "Paris") with { AskFresh = _ => new(gate.Task) });
        Assert.InRange(check.Dropped, 34, 36);
        gate.SetResult("Paris");
        await UntilAsync(() => Report(check).GetProperty("checked").GetInt32() + check.Dropped == 100, "all others are checked");
    }

    [Fact]
    public async Task Failed_fresh_answers_say_nothing()
    {
        ShadowCheck check = await StartAsync();
        Assert.True(check.Allows(Scope));
        check.Check(Case("Paris", "") with { AskFresh = static _ => new((string?)null) });
        check.Check(Case("Paris", "") with { AskFresh = static _ => throw new InvalidOperationException("broken") });
        await UntilAsync(() => check.Failed == 2, "both failed");
        Assert.Equal(0, Report(check).GetProperty("checked").GetInt32());
        Assert.Equal(0, _removed);
    }

    [Fact]
    public async Task What_would_have_been_and_why_not_is_reported()
    {
        ShadowCheck check = await StartAsync();
        check.CountWouldHit(Scope, "near");
        check.CountWouldHit(Scope, "near");
        check.CountWouldHit(Scope, "equivalent");
        check.CountRefused(Scope, "number");
        JsonElement scope = Report(check);
        Assert.Equal("""{"equivalent":1,"near":2}""", scope.GetProperty("would_hit").GetRawText());
        Assert.Equal("""{"number":1}""", scope.GetProperty("refused").GetRawText());
        Assert.Equal(100, scope.GetProperty("error_percent_high").GetDouble());
        Assert.False(scope.TryGetProperty("error_percent", out _));
        for (int i = 0; i < 1000; i++)
            check.CountRefused(Scope, $"reason{i}");
        Assert.Equal(64, Report(check).GetProperty("refused").EnumerateObject().Count());
    }

    private async Task<ShadowCheck> StartAsync(Func<double>? dice = null)
    {
        ShadowCheck check = new(_storage, dice ?? (static () => 0), _time, NullLogger<ShadowCheck>.Instance);
        _all.Add(check);
        await check.StartAsync(default);
        return check;
    }

    private ShadowCase Case(string cached, string fresh, Func<string, string, CancellationToken, ValueTask<bool?>>? judge = null) =>
        new(Scope, cached, _ => new(fresh), () => Interlocked.Increment(ref _removed), 2) { Judge = judge };

    private async Task CheckedAsync(ShadowCheck check, string cached, string fresh, Func<string, string, CancellationToken, ValueTask<bool?>>? judge = null)
    {
        check.CountRefused(Scope, "none");
        int before = Report(check).GetProperty("checked").GetInt32();
        check.Check(Case(cached, fresh, judge));
        await UntilAsync(() => Report(check).GetProperty("checked").GetInt32() > before, "it is checked");
    }

    private static JsonElement Report(ShadowCheck check)
    {
        using MemoryStream output = new();
        using (Utf8JsonWriter json = new(output))
            check.WriteReport(json);
        using JsonDocument report = JsonDocument.Parse(output.ToArray());
        return report.RootElement.GetProperty("scopes").EnumerateArray().Single(static scope => scope.GetProperty("scope").GetString() == Scope).Clone();
    }

    private Task UntilAsync(Func<bool> condition, string what) => Eventually.IsTrueAsync(
        () =>
        {
            if (condition())
                return true;
            _time.Advance(TimeSpan.FromMilliseconds(500));
            return false;
        },
        what);
}
