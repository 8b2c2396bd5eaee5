using System.IO.Compression;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Logs;
using Perigee.Logs.Shipping;
using Perigee.Logs.Verifying;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Logs;

/// <summary>Two thousand records a second against a storage that fails: each is in the blobs or told to be dropped, and whoever reads can tell exactly.</summary>
public sealed class LogLoadTests
{
    private const int ASecond = 2000;
    private const int Steps = 20;

    internal static readonly DateTimeOffset Start = new(2031, 2, 3, 4, 59, 30, TimeSpan.Zero);

    [Theory]
    [InlineData(64 << 20, false)]
    [InlineData(4 << 20, true)]
    public async Task Every_record_is_in_the_blobs_or_counted_as_dropped(int memory, bool drops)
    {
        const int seed = 7;
        FakeTimeProvider time = new(Start);
        FaultyBlobs blobs = new(new Random(seed), time) { Share = 0.3, Outage = (Start.AddSeconds(20), Start.AddSeconds(40)) };
        await LoadAsync(blobs, time, memory, 60, out int made);
        (HashSet<long> found, long dropped) = Count(blobs, $"Seed {seed}");
        Assert.True(blobs.Faults > 4, $"Only {blobs.Faults} faults.");
        TestContext.Current.TestOutputHelper!.WriteLine($"{found.Count} in {blobs.All.Count} blobs, {dropped} dropped, {blobs.Faults} faults.");
        Assert.True(!drops || dropped > 0, "Nothing was dropped.");
        Assert.Equal(made, found.Count + dropped);
        StreamReport report = await ReportAsync(blobs);
        InstanceCount count = report.Instances["abcd1234"];
        Assert.True(report.IsWhole);
        Assert.Equal((found.Count, dropped, 0L, 0L, 0L), (count.Records, count.Dropped, count.MissingCount, count.Duplicates, count.LostAtEnd!.Value));
    }

    [Fact]
    public async Task A_blob_that_failed_is_tried_again_so_that_faults_alone_cost_nothing()
    {
        const int seed = 9;
        FakeTimeProvider time = new(Start);

        // Half of all writes fail at once: what there is to lose is what is not tried again, as the queue never fills.
        FaultyBlobs blobs = new(new Random(seed), time) { Share = 0.5, Hangs = false };
        await LoadAsync(blobs, time, 64 << 20, 20, out int made);
        (HashSet<long> found, long dropped) = Count(blobs, $"Seed {seed}");
        Assert.True(blobs.Faults > 4, $"Only {blobs.Faults} faults.");
        Assert.Equal((made, 0), (found.Count, dropped));
    }

    [Theory]
    [InlineData(11, 0.5)]
    [InlineData(12, 0.9)]
    [InlineData(13, 1)]
    public async Task A_stop_while_writes_fail_costs_nothing_that_is_not_counted(int seed, double share)
    {
        FakeTimeProvider time = new(Start);
        FaultyBlobs blobs = new(new Random(seed), time) { Share = 0.3 };
        DirectoryInfo notes = Directory.CreateTempSubdirectory("perigee-load-");
        try
        {
            int made = await RunAsync(blobs, time, 64 << 20, 12, null, new LogFolder(notes.FullName), share);
            LogStopTests.Gone(notes.FullName);
            blobs.Share = 0;
            using (LogShipper next = new(blobs, new GatewayHost { Mode = "local", Instance = "next" }, new Fixed(Settings.Read("")), new Redactor([]), time, NullLogger<LogShipper>.Instance, null, new LogFolder(notes.FullName)))
            {
                await next.StartAsync(default);
                await next.StopAsync(default).WaitAsync(TimeSpan.FromSeconds(60));
            }

            (HashSet<long> found, long dropped) = Count(blobs, $"Seed {seed}");
            InstanceCount count = (await ReportAsync(blobs)).Instances["abcd1234"];
            TestContext.Current.TestOutputHelper!.WriteLine($"{found.Count} in {blobs.All.Count} blobs, {dropped} dropped, {count.LostAtEnd} lost at the end, {blobs.Faults} faults.");
            Assert.True(share < 1 || count.LostAtEnd > 0, "A storage that takes nothing any more took everything.");
            Assert.Equal((found.Count, dropped, 0L, 0L), (count.Records, count.Dropped, count.MissingCount, count.Duplicates));
            Assert.Equal(made, found.Count + dropped + count.LostAtEnd!.Value);
        }
        finally
        {
            notes.Delete(recursive: true);
        }
    }

    private static (HashSet<long> Found, long Dropped) Count(FaultyBlobs blobs, string run)
    {
        HashSet<long> found = [];
        long dropped = 0;
        foreach (JsonElement line in Lines(blobs.All.Values))
        {
            if (line.GetProperty("kind").GetString() == "exchange")
                Assert.True(found.Add(line.GetProperty("seq").GetInt64()), $"{run}: doubled.");
            else if (line.GetProperty("kind").GetString() == "drops")
                dropped += line.GetProperty("dropped").GetInt64();
        }

        return (found, dropped);
    }

    [Fact]
    public async Task What_is_taken_out_doubled_cut_or_garbled_is_told_exactly()
    {
        FakeTimeProvider time = new(Start);
        FaultyBlobs blobs = new(new Random(8), time) { Share = 0.2 };
        await LoadAsync(blobs, time, 64 << 20, 40, out _);
        string[] names = [.. blobs.Raw.Keys];
        Assert.True(names.Length > 12, $"{names.Length} blobs.");
        long[] Numbers(string name) => [.. Lines([blobs.Raw[name]]).Where(line => line.GetProperty("kind").GetString() == "exchange").Select(line => line.GetProperty("seq").GetInt64())];
        List<long> missing = [];
        foreach (int gone in (int[])[1, 4, 5])
        {
            missing.AddRange(Numbers(names[gone]));
            blobs.Raw.Remove(names[gone]);
        }

        long doubled = Numbers(names[2]).Length;
        blobs.Raw.Add(names[2].Replace(".ndjson", "x.ndjson", StringComparison.Ordinal), blobs.Raw[names[2]]);
        string cut = names[7], garbled = names[9];
        long[] of = Numbers(cut), between = [.. Enumerable.Range((int)Numbers(names[8])[^1] + 1, (int)(Numbers(names[10])[0] - Numbers(names[8])[^1] - 1)).Select(number => (long)number)];
        blobs.Raw[cut] = blobs.Raw[cut][..(blobs.Raw[cut].Length / 2)];
        blobs.Raw[garbled][blobs.Raw[garbled].Length / 2] ^= 0x55;

        StreamReport report = await ReportAsync(blobs);
        InstanceCount count = report.Instances["abcd1234"];
        Assert.False(report.IsWhole);
        Assert.Equal(doubled, count.Duplicates);
        Assert.Equal([cut, garbled], report.Corrupt.Select(corrupt => corrupt.Name).Order(StringComparer.Ordinal));
        HashSet<long> told = [.. count.Missing.Ranges.SelectMany(range => Enumerable.Range((int)range.From, (int)(range.To - range.From + 1)).Select(number => (long)number))];
        Assert.Superset(missing.ToHashSet(), told);
        Assert.Contains(of[^1], told);

        // Besides what is gone, only numbers of the two blobs that cannot be read to their end are missing.
        Assert.Subset((HashSet<long>)[.. missing, .. of, .. between], told);
    }

    internal static Task LoadAsync(FaultyBlobs blobs, FakeTimeProvider time, int memory, int seconds, out int made, Action<int, LogShipper>? each = null)
    {
        made = seconds * ASecond;
        return RunAsync(blobs, time, memory, seconds, each);
    }

    private static async Task<int> RunAsync(
        FaultyBlobs blobs, FakeTimeProvider time, int memory, int seconds, Action<int, LogShipper>? each, LogFolder? notes = null, double shareAtStop = 0)
    {
        Fixed options = new(Settings.Read($$"""{"logs":{"memoryBytes":{{memory}} } }"""));
        using LogShipper shipper = new(
            blobs, new GatewayHost { Mode = "local", Instance = "abcd1234" }, options, new Redactor([]), time, NullLogger<LogShipper>.Instance, null, notes);
        await shipper.StartAsync(default);
        for (int step = 0; step < seconds * Steps; step++)
        {
            for (int i = 0; i < ASecond / Steps; i++)
                shipper.Take(new ExchangeRecord { Id = "x", Time = time.GetUtcNow(), Dialect = "openai-chat", Operation = "chat", Model = "openai/gpt-5-mini" });
            time.Advance(TimeSpan.FromSeconds(1.0 / Steps));

            // The writer runs on the pool: it gets the chance to see the new time.
            await Task.Delay(1);
            if (step % Steps == 0)
                each?.Invoke(step / Steps, shipper);
        }

        blobs.Share = shareAtStop;
        Task stop = shipper.StopAsync(default);
        if (shareAtStop == 0)
        {
            // The clock stands still: whoever has four seconds on it must not lose them to a machine that is busy otherwise.
            await stop.WaitAsync(TimeSpan.FromSeconds(60));
        }
        else
        {
            // Tries and pauses need the clock. However many of them a slow machine sees within the four seconds: what was not written is counted.
            long begin = TimeProvider.System.GetTimestamp();
            while (!stop.IsCompleted)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(60), "The stop did not end.");
                time.Advance(TimeSpan.FromMilliseconds(20));
                await Task.Delay(1);
            }

            await stop;
        }

        return seconds * ASecond;
    }

    internal static Task<StreamReport> ReportAsync(FaultyBlobs blobs) =>
        new LogVerifier(blobs).VerifyAsync(LogSchema.Requests, Start.AddHours(-1), Start.AddHours(2), null, TestContext.Current.CancellationToken);

    private static IEnumerable<JsonElement> Lines(IEnumerable<byte[]> blobs)
    {
        foreach (byte[] blob in blobs)
        {
            using StreamReader reader = new(new GZipStream(new MemoryStream(blob), CompressionMode.Decompress));
            while (reader.ReadLine() is { } line)
                yield return JsonDocument.Parse(line).RootElement;
        }
    }

    private sealed class Fixed(GatewayOptions options) : IGatewayOptions
    {
        public GatewayOptions Current => options;
    }
}
