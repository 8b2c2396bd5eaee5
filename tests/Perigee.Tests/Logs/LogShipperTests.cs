using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Logs;
using Perigee.Tests.Configuration;
using Perigee.Tests.Routing;

namespace Perigee.Tests.Logs;

public sealed class LogShipperTests : IDisposable
{
    private static readonly Operation Chat = new("chat", "POST", "/v1/chat/completions", BodyShape.Json, TargetBy.Model);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.Zero));
    private readonly MemoryBlobs _blobs = new();
    private readonly Snapshot _options = new();
    private readonly LogShipper _shipper;
    private int _made;

    public LogShipperTests() => _shipper = new(
        _blobs, new GatewayHost { Mode = "local", Region = "West Europe", Instance = "abcd1234" }, _options, new Redactor([]), _time, NullLogger<LogShipper>.Instance);

    public void Dispose() => _shipper.Dispose();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 1, 1)]
    [InlineData(3, 4, 10)]
    [InlineData(3, 3, 1)]
    public async Task A_blob_is_written_when_its_first_record_is_old_enough(int records, int busyRecords, int seconds)
    {
        // One is what nobody has to set: few records are not left to a kill any longer than many.
        if (busyRecords > 1)
            _options.Current = _options.Current with { Logs = _options.Current.Logs with { BusyRecords = busyRecords } };
        await _shipper.StartAsync(default);
        Queue(records);

        DateTimeOffset start = _time.GetUtcNow();
        await UntilAsync(() => _blobs.Names.Length == 1, TimeSpan.FromMilliseconds(20));

        Assert.InRange((_time.GetUtcNow() - start).TotalSeconds, seconds, seconds + 2);
        Assert.Equal("logs", _blobs.Container);
        Assert.Matches("^v1/requests/dt=1970-01-01/hour=00/region=west-europe/abcd1234-[0-9]{13}-000001-[0-9a-f]{12}7[0-9a-f]{19}\\.ndjson\\.gz$", _blobs.Names[0]);
        Assert.Equal(Enumerable.Range(0, records).Select(i => $"id{i}"), _blobs.Records.Select(record => record.GetProperty("id").GetString()));
        Assert.Equal(Enumerable.Range(1, records), _blobs.Records.Select(record => record.GetProperty("seq").GetInt32()));
        await _shipper.StopAsync(default);
    }

    [Fact]
    public async Task A_blob_is_written_when_it_is_large_enough()
    {
        _options.Current = _options.Current with { Logs = new() { FlushAfter = TimeSpan.FromHours(1), FlushBytes = 2000 } };
        await _shipper.StartAsync(default);
        Queue(20);

        DateTimeOffset start = _time.GetUtcNow();
        await UntilAsync(() => _blobs.Names.Length >= 2);

        Assert.True(_time.GetUtcNow() - start < TimeSpan.FromMinutes(1));
        await _shipper.StopAsync(default);
        Assert.Equal(20, _blobs.Records.Length);
        Assert.Equal(_blobs.Names.Length, _blobs.Names.Distinct().Count());
    }

    [Fact]
    public async Task A_crowd_is_taken_in_before_the_pause_is_over_so_that_none_is_dropped()
    {
        await _shipper.StartAsync(default);
        for (int burst = 0; burst < 4; burst++)
        {
            Queue(LogShipper.Capacity / 2);
            
            // Fewer than that wait for the pause to be over, as ever.
            await UntilAsync(() => _shipper.Waiting < 1024, TimeSpan.Zero);
        }

        Assert.Equal(0, _shipper.Dropped);
        await _shipper.StopAsync(default);
        Assert.Equal(LogShipper.Capacity * 2, _blobs.Records.Length);
    }

    [Fact]
    public async Task A_try_that_is_not_answered_is_given_up_soon_and_later_ones_get_more_time()
    {
        _blobs.Hangs = true;
        await _shipper.StartAsync(default);
        Queue(5);
        List<DateTimeOffset> tries = [];
        await UntilAsync(() =>
        {
            if (_blobs.Tries > tries.Count)
                tries.Add(_time.GetUtcNow());
            return tries.Count == 5;
        }, TimeSpan.FromMilliseconds(20));

        // With the pauses between them, and what a slow machine sees late.
        Assert.InRange((tries[1] - tries[0]).TotalSeconds, 1.9, 8);
        Assert.InRange((tries[4] - tries[3]).TotalSeconds, 9.9, 25);
        _blobs.Hangs = false;
        await UntilAsync(() => _blobs.Names.Length == 1);
        Assert.Equal(5, _blobs.Records.Length);
        await _shipper.StopAsync(default);
    }

    [Fact]
    public async Task What_an_outage_held_up_is_caught_up_with_in_larger_blobs()
    {
        _options.Current = _options.Current with { Logs = new() { FlushBytes = 100_000 } };
        _blobs.Down = true;
        await _shipper.StartAsync(default);
        Queue(1);
        await UntilAsync(() => _blobs.Tries >= 2);
        Queue(40_000);
        _blobs.Down = false;
        await UntilAsync(() => _shipper.Waiting == 0, TimeSpan.FromMilliseconds(20));
        await _shipper.StopAsync(default);

        // About 10 MB of lines: in blobs of 100,000 bytes they would be a hundred.
        Assert.InRange(_blobs.Names.Length, 3, 40);
        Assert.Equal(40_001, _blobs.Records.Length);
        Assert.Equal(0, _shipper.Dropped);
    }

    [Fact]
    public async Task What_waits_is_written_at_the_end_without_time_passing()
    {
        await _shipper.StartAsync(default);
        Queue(5);

        await _shipper.StopAsync(default);

        Assert.Equal(5, _blobs.Records.Length);
    }

    [Fact]
    public async Task A_storage_that_comes_back_loses_nothing_and_doubles_nothing()
    {
        _blobs.Down = true;
        await _shipper.StartAsync(default);
        Queue(100);
        await UntilAsync(() => _blobs.Tries >= 3);
        Queue(100);
        _blobs.Down = false;
        _blobs.LosesAnswers = true;

        await UntilAsync(() => _blobs.Names.Length == 2);

        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"id{i}"), _blobs.Records.Select(record => record.GetProperty("id").GetString()));
        await _shipper.StopAsync(default);
    }

    [Fact]
    public async Task A_storage_that_comes_back_during_the_stop_still_gets_the_records()
    {
        _blobs.Down = true;
        await _shipper.StartAsync(default);
        Queue(10);
        await UntilAsync(() => _blobs.Tries >= 2);

        Task stop = _shipper.StopAsync(default);
        int tries = _blobs.Tries;
        await UntilAsync(() => _blobs.Tries > tries, TimeSpan.FromMilliseconds(20));
        _blobs.Down = false;
        await UntilAsync(() => stop.IsCompleted, TimeSpan.FromMilliseconds(20));

        Assert.Equal(10, _blobs.Records.Length);
    }

    [Fact]
    public async Task The_stop_gives_up_within_four_seconds()
    {
        _blobs.Down = true;
        await _shipper.StartAsync(default);
        Queue(10);
        await UntilAsync(() => _blobs.Tries >= 1);

        DateTimeOffset start = _time.GetUtcNow();
        Task stop = _shipper.StopAsync(default);
        await UntilAsync(() => stop.IsCompleted, TimeSpan.FromMilliseconds(50));

        Assert.True(stop.IsCompletedSuccessfully);
        Assert.InRange((_time.GetUtcNow() - start).TotalSeconds, 0, 4.1);
    }

    [Fact]
    public async Task Past_the_bound_the_oldest_are_dropped_and_the_next_blob_says_how_many()
    {
        Queue(LogShipper.Capacity + 25);
        Assert.Equal((25, LogShipper.Capacity), (_shipper.Dropped, _shipper.Waiting));

        await _shipper.StartAsync(default);
        await _shipper.StopAsync(default);

        JsonElement[] records = _blobs.Records;
        JsonElement footer = Assert.Single(records, record => record.GetProperty("kind").GetString() == "drops");
        Assert.Equal(25, footer.GetProperty("dropped").GetInt32());
        string?[] ids = [.. records.Where(record => record.TryGetProperty("id", out _)).Select(record => record.GetProperty("id").GetString())];
        Assert.Equal(LogShipper.Capacity, ids.Length);
        Assert.Equal("id25", ids[0]);
        Assert.Equal(0, _shipper.Dropped);
    }

    [Fact]
    public async Task A_record_that_comes_after_the_stop_is_counted()
    {
        await _shipper.StartAsync(default);
        await _shipper.StopAsync(default);
        Queue(1);

        Assert.Equal(1, _shipper.Dropped);
    }

    private void Queue(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Exchange exchange = RoutedExchange.Of(Chat, _options.Current);
            _shipper.Take(new ExchangeRecord { Id = $"id{_made++}", Time = exchange.StartedAt, Dialect = "openai-chat", Operation = "chat" });
        }
    }

    /// <summary>Lets the fake clock run until something has happened.</summary>
    private async Task UntilAsync(Func<bool> happened, TimeSpan? step = null)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(30));
        while (!happened())
        {
            Assert.False(deadline.IsCancellationRequested, "It did not happen within 30 seconds.");
            _time.Advance(step ?? TimeSpan.FromMilliseconds(100));

            // The loop under test runs on the pool: give it the chance to see the new time before the next step.
            await Task.Delay(1, deadline.Token);
        }
    }

    private sealed class Snapshot : IGatewayOptions
    {
        public GatewayOptions Current { get; set; } = Settings.Read("");
    }
}
