using System.IO.Compression;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Logs;
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

        HashSet<long> found = [];
        long dropped = 0;
        foreach (JsonElement line in Lines(blobs.All.Values))
        {
            if (line.GetProperty("kind").GetString() == "exchange")
                Assert.True(found.Add(line.GetProperty("seq").GetInt64()), $"Seed {seed}: doubled.");
            else if (line.GetProperty("kind").GetString() == "drops")
                dropped += line.GetProperty("dropped").GetInt64();
        }

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

    private static async Task RunAsync(FaultyBlobs blobs, FakeTimeProvider time, int memory, int seconds, Action<int, LogShipper>? each)
    {
        Fixed options = new(Settings.Read($$"""{"logs":{"memoryBytes":{{memory}} } }"""));
        using LogShipper shipper = new(blobs, new GatewayHost { Mode = "local", Instance = "abcd1234" }, options, new Redactor([]), time, NullLogger<LogShipper>.Instance);
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

        // The clock stands still at the end: whoever has four seconds on it must not lose them to a machine that is busy otherwise. What a storage
        // that fails during the stop costs is told in LogShipperTests.
        blobs.Share = 0;
        await shipper.StopAsync(default).WaitAsync(TimeSpan.FromSeconds(60));
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
