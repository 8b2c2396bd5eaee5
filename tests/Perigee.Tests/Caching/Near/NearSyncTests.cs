using System.Globalization;
using System.Text.Json;
using Perigee.Caching.Near;
using Perigee.Embedding;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Near;

public sealed class NearSyncTests : IAsyncDisposable
{
    private const string Question = "What is the tallest building in Chicago?";
    private const string Again = "please what is the tallest building in chicago";
    private readonly NearRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Entry_of_one_instance_is_hit_by_another_within_five_seconds()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        NearRig.Instance other = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "e1", Question);
        Assert.True(await one.HitsAsync("ns", Again));
        Assert.False(await other.HitsAsync("ns", Again));
        await _rig.PassAsync(5);
        NearFound? found = await other.AskAsync("ns", Again);
        Assert.True(found is { Hit: true, Id: "e1" });
        Assert.InRange(found.Similarity, 0.9, 1);
    }

    [Fact]
    public async Task Removed_entry_is_gone_everywhere_within_five_seconds()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        NearRig.Instance other = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "e1", Question);
        await _rig.PassAsync(5);
        other.Lookup.Forget("ns", "e1");
        Assert.False(await other.HitsAsync("ns", Again));
        await _rig.PassAsync(5);
        Assert.False(await one.HitsAsync("ns", Again));

        // What is read again in the overlap does not bring it back; what is kept anew does.
        await _rig.PassAsync(5);
        Assert.False(await other.HitsAsync("ns", Again));
        one.Keep("ns", "e1", Question);
        await _rig.PassAsync(5);
        Assert.True(await one.HitsAsync("ns", Again));
        Assert.True(await other.HitsAsync("ns", Again));
    }

    [Fact]
    public async Task Entry_without_its_answer_leaves_only_here()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        NearRig.Instance other = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "e1", Question);
        await _rig.PassAsync(15);
        one.Lookup.Drop("ns", "e1");
        await _rig.PassAsync(5);
        Assert.False(await one.HitsAsync("ns", Again));
        Assert.True(await other.HitsAsync("ns", Again));
    }

    [Fact]
    public async Task Namespace_that_is_new_here_is_a_miss_and_then_known()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "e1", Question);
        await _rig.PassAsync(1);
        NearRig.Instance cold = await _rig.StartAsync();
        Assert.False(await cold.HitsAsync("ns", Again));
        await cold.LoadedAsync("ns");
        Assert.True(await cold.HitsAsync("ns", Again));
    }

    [Fact]
    public async Task Cold_instance_reads_the_snapshot_and_what_changed_since()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        for (int i = 0; i < 2500; i++)
            one.Keep("ns", $"e{i}", $"how far is city{i} from here", minutes: 600);
        one.Keep("ns", "short", "a question that expires soon", minutes: 1);
        await _rig.PassAsync(180);
        Assert.Equal(1, one.Sync.Counts.Snapshots);
        one.Lookup.Forget("ns", "e7");
        one.Keep("ns", "late", Question, minutes: 600);
        await _rig.PassAsync(2);

        // Rows from before the snapshot are not read any more: they may as well be gone.
        int reads = _rig.Storage.Reads;
        NearRig.Instance cold = await _rig.StartKnowingAsync("ns");
        Assert.InRange(_rig.Storage.Reads - reads, 1, 8);
        Assert.Equal(2500, cold.Space("ns").Index!.Count);
        Assert.True(await cold.HitsAsync("ns", "how far is city2499 from here"));
        Assert.True(await cold.HitsAsync("ns", Again));
        Assert.False(await cold.HitsAsync("ns", "how far is city7 from here"));
        Assert.Null(cold.Space("ns").Index!.Find("short"));
    }

    [Fact]
    public async Task Only_one_of_many_instances_writes_a_snapshot()
    {
        NearRig.Instance[] all = [await _rig.StartKnowingAsync("ns"), await _rig.StartKnowingAsync("ns"), await _rig.StartKnowingAsync("ns")];
        for (int i = 0; i < 2500; i++)
            all[i % 3].Keep("ns", $"e{i}", $"how far is city{i} from here", minutes: 600);
        await _rig.PassAsync(160);
        Assert.Equal(1, all.Sum(static instance => instance.Sync.Counts.Snapshots));
        Assert.All(all, static instance => Assert.Equal(2500, instance.Space("ns").Index!.Count));
    }

    [Fact]
    public async Task Damaged_rows_and_snapshots_are_passed_over_and_counted()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        for (int i = 0; i < 2100; i++)
            one.Keep("ns", $"e{i}", $"how far is city{i} from here", minutes: 600);
        await _rig.PassAsync(160);
        MemoryStorage.MemoryBlobs blobs = _rig.Storage.BlobsOf("cachenear");
        string part = Assert.Single(blobs.All.Keys);
        blobs.All[part][1000] ^= 1;
        TableRow row = _rig.Storage.Rows("cachenear").First(static row => row.Text("id") == "e7");
        row.Set("vector", null);
        NearRig.Instance cold = await _rig.StartKnowingAsync("ns");

        // Without the snapshot, all is in the rows.
        Assert.Equal(2099, cold.Space("ns").Index!.Count);
        Assert.Equal(2, cold.Sync.Counts.Damaged);
        Assert.True(await cold.HitsAsync("ns", "how far is city8 from here"));
        Assert.False(await cold.HitsAsync("ns", "how far is city7 from here"));
    }

    [Fact]
    public async Task Vectors_of_another_embedder_are_never_compared()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        NearRig.Instance other = await _rig.StartKnowingAsync("ns", new Renamed("words0"));
        one.Keep("ns", "e1", Question);
        await _rig.PassAsync(5);
        Assert.True(await one.HitsAsync("ns", Again));
        Assert.Equal(0, other.Space("ns").Index!.Count);

        // Even where they stand in the same place.
        TableRow found = _rig.Storage.Rows("cachenear").Single();
        TableRow moved = new(other.Space("ns").Hash + found.Partition[32..], NearDelta.RowName(_rig.Time.GetUtcNow(), "x", 1));
        foreach ((string name, object value) in found.Values)
            moved.Set(name, value);
        await _rig.Storage.Table(_rig.Storage.Tables.Single(static name => name.StartsWith("cachenear", StringComparison.Ordinal))).WriteAsync(moved, WriteWhen.Always, default);
        await _rig.PassAsync(3);
        Assert.Equal(0, other.Space("ns").Index!.Count);
        Assert.NotEqual(0, other.Sync.Counts.Foreign);
    }

    [Fact]
    public async Task Storage_that_is_down_means_misses_and_then_all_comes_back()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        NearRig.Instance other = await _rig.StartKnowingAsync("ns");
        _rig.Storage.Down = true;
        one.Keep("ns", "e1", Question);
        NearRig.Instance cold = await _rig.StartAsync();
        Assert.False(await cold.HitsAsync("ns", Again));
        await _rig.PassAsync(3);
        Assert.True(await one.HitsAsync("ns", Again));
        Assert.False(await other.HitsAsync("ns", Again));
        Assert.False(await cold.HitsAsync("ns", Again));
        Assert.NotEqual(0, other.Sync.Counts.Failures);
        _rig.Storage.Down = false;
        await _rig.PassAsync(10);
        Assert.True(await other.HitsAsync("ns", Again));
        Assert.True(await cold.HitsAsync("ns", Again));
        Assert.Equal(0, one.Sync.Counts.Dropped);
    }

    [Fact]
    public async Task What_cannot_be_written_for_long_is_dropped_and_counted()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        _rig.Storage.Down = true;
        one.Keep("ns", "e1", Question);
        await _rig.PassAsync(30);
        Assert.Equal(1, one.Sync.Counts.Dropped);
        Assert.True(await one.HitsAsync("ns", Again));
    }

    [Fact]
    public async Task Nobody_reads_a_namespace_that_nobody_asks_about()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        await _rig.PassAsync(200);
        int reads = _rig.Storage.Reads;
        await _rig.PassAsync(60);
        Assert.Equal(reads, _rig.Storage.Reads);

        // The first to ask again misses what came meanwhile, and starts the reading.
        NearRig.Instance other = await _rig.StartKnowingAsync("ns");
        other.Keep("ns", "e1", Question);
        await _rig.PassAsync(1);
        Assert.False(await one.HitsAsync("ns", Again));
        await _rig.PassAsync(1);
        Assert.True(await one.HitsAsync("ns", Again));
    }

    [Fact]
    public async Task Clocks_that_differ_by_some_seconds_do_no_harm()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        NearRig.Instance other = await _rig.StartKnowingAsync("ns");
        NearSpace space = one.Space("ns");
        NearPlaces places = new(TimeSpan.FromHours(24));
        one.Keep("ns", "e0", Question);
        await _rig.PassAsync(4);
        TableRow template = _rig.Storage.Rows("cachenear").Single();
        foreach (int skew in (int[])[-4, 4])
        {
            DateTimeOffset then = _rig.Time.GetUtcNow().AddSeconds(skew);
            (string table, string partition) = places.At(space.Hash, then);
            TableRow row = new(partition, NearDelta.RowName(then, "skewed", skew + 10));
            foreach ((string name, object value) in template.Values)
                row.Set(name, value);
            await _rig.Storage.Table(table).WriteAsync(row.Set("id", $"e{skew}"), WriteWhen.Always, default);
        }

        await _rig.PassAsync(4);
        Assert.NotNull(other.Space("ns").Index!.Find("e-4"));
        Assert.NotNull(other.Space("ns").Index!.Find("e4"));
    }

    [Fact]
    public async Task Tables_and_snapshots_that_nobody_needs_disappear()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "e1", Question, minutes: 600);
        await _rig.PassAsync(2);
        string first = _rig.Storage.Tables.Single(static name => name.StartsWith("cachenear", StringComparison.Ordinal));
        _rig.Storage.BlobsOf("cachenear").All["v1/abc/0000000000000000001-x/0000-of-0001"] = [];
        for (int day = 0; day < 3; day++)
        {
            _rig.Time.Advance(TimeSpan.FromHours(24));
            one.Space("ns").Ask();
            one.Keep("ns", $"day{day}", Question, minutes: 600);
            await _rig.PassAsync(2);
        }

        Assert.Contains(first, _rig.Storage.Dropped);
        Assert.DoesNotContain(first, _rig.Storage.Tables);
        Assert.Equal(2, _rig.Storage.Tables.Count(static name => name.StartsWith("cachenear", StringComparison.Ordinal)));
        Assert.DoesNotContain(_rig.Storage.BlobsOf("cachenear").All.Keys, static name => name.Contains("/abc/", StringComparison.Ordinal));
        Assert.Equal(_rig.Storage.Dropped.Count, _rig.Storage.Dropped.Distinct().Count());
    }

    [Fact]
    public async Task Words_are_stored_only_where_they_are_to_be_kept()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("secret-tenant");
        one.Keep("secret-tenant", "e1", Question);
        await _rig.PassAsync(1);
        TableRow row = _rig.Storage.Rows("cachenear").Single();
        Assert.Null(row.Text("text"));
        Assert.DoesNotContain("secret-tenant", row.Partition, StringComparison.Ordinal);
        one.Keep("secret-tenant", "e2", Question, keepText: true);
        await _rig.PassAsync(1);
        Assert.Contains(_rig.Storage.Rows("cachenear"), static row => row.Text("text") == Question);
    }

    [Fact]
    public async Task Waiting_changes_are_written_when_the_process_ends()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        for (int i = 0; i < 1000; i++)
            one.Keep("ns", i.ToString(CultureInfo.InvariantCulture), $"how far is city{i} from here");
        await _rig.StopAsync(one);
        Assert.Equal(1000, _rig.Storage.Rows("cachenear").Count());
    }

    [Fact]
    public async Task Report_says_what_there_is()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "e1", Question);
        await _rig.PassAsync(1);
        using MemoryStream output = new();
        using (Utf8JsonWriter json = new(output))
            one.Sync.WriteReport(json);
        using JsonDocument report = JsonDocument.Parse(output.ToArray());
        Assert.Equal(1, report.RootElement.GetProperty("namespaces").GetInt32());
        Assert.Equal(1, report.RootElement.GetProperty("entries").GetInt32());
        Assert.Equal(1, report.RootElement.GetProperty("written").GetInt32());
    }

    [Fact]
    public void Snapshot_parts_read_back_and_any_damage_is_seen()
    {
        Random dice = new(11);
        List<(NearEntry, sbyte[])> entries = [.. Enumerable.Range(0, 20).Select(i =>
        {
            sbyte[] vector = [.. Enumerable.Range(0, 32).Select(_ => (sbyte)dice.Next(-63, 64))];
            return (new NearEntry($"e{i}", ScopeHash.Of([(byte)i]), new byte[i], _rig.Time.GetUtcNow().AddMinutes(i), i % 2 == 0 ? null : $"tëxt {i}") { At = i }, vector);
        })];
        byte[] part = NearSnapshotPart.Write("v", 32, entries).ToArray();
        (string version, List<NearDelta> read) = NearSnapshotPart.Read(part)!.Value;
        Assert.Equal("v", version);
        Assert.Equal(entries.Select(static entry => Text(entry.Item1, entry.Item2)), read.Select(static entry => Text(entry.Entry, entry.Vector!)));
        for (int i = 0; i < 500; i++)
        {
            byte[] damaged = [.. part];
            damaged[dice.Next(damaged.Length)] ^= (byte)(1 << dice.Next(8));
            Assert.Null(NearSnapshotPart.Read(damaged));
            Assert.Null(NearSnapshotPart.Read(part.AsSpan(0, dice.Next(part.Length))));
        }
    }

    private static string Text(NearEntry entry, sbyte[] vector) =>
        $"{entry.Id} {entry.Scope} {entry.Expires:O} {entry.At} {entry.Text} {Convert.ToHexString(entry.Features.Span)} {string.Join(',', vector)}";

    /// <summary>The same vectors under another name.</summary>
    private sealed class Renamed(string version) : ITextEmbedder
    {
        public string Version => version;

        public int Dimensions => HashedEmbedder.Size;

        public double Threshold => 0.5;

        public ValueTask<bool> EmbedAsync(string text, Memory<float> vector, CancellationToken cancel) => new(HashedEmbedder.Embed(text, vector.Span));
    }
}
