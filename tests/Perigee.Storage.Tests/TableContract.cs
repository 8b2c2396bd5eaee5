namespace Perigee.Storage.Tests;

public sealed class EmbeddedTableTests(EmbeddedPlace place) : TableContract(place), IClassFixture<EmbeddedPlace>;

public sealed class AzuriteTableTests(AzuritePlace place) : TableContract(place);

/// <summary>What every table does.</summary>
public abstract class TableContract(IPlace place)
{
    private readonly string _name = "t" + Guid.NewGuid().ToString("N");
    private readonly IStorage _storage = place.Open();

    private ITable Table => _storage.Table(_name);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_that_nobody_wrote_to_is_empty()
    {
        Assert.Null(await Table.FindAsync("p", "r", Cancel));
        Assert.Empty(await ReadAsync("p", null, null));
        Assert.Empty(await Table.ScanAsync(Cancel).ToListAsync(Cancel));
        Assert.False(await Table.RemoveAsync("p", "r", null, Cancel));
        string elsewhere = (await _storage.Table(_name + "x").WriteAsync(new TableRow("p", "r"), WriteWhen.Always, Cancel)).ETag!;
        Assert.False(await Table.RemoveAsync("p", "r", elsewhere, Cancel));
        Assert.False((await Table.WriteAsync(new TableRow("p", "r") { ETag = elsewhere }, WriteWhen.Unchanged, Cancel)).Written);
        await _storage.DropTableAsync(_name, Cancel);
        await _storage.ProbeAsync(Cancel);
    }

    [Fact]
    public async Task Values_of_every_type_come_back_exact()
    {
        TableRow row = new TableRow("p", "r")
            .Set("text", "naïve \"quotes\" \\ / \u0001 \r\n 𝄞 é 漢字")
            .Set("empty", "")
            .Set("yes", true).Set("no", false)
            .Set("int", int.MinValue)
            .Set("long", 9_007_199_254_740_993L).Set("min", long.MinValue).Set("small", 5L)
            .Set("double", 0.1 + 0.2).Set("whole", 5.0).Set("tiny", double.Epsilon).Set("huge", double.MaxValue)
            .Set("guid", Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"))
            .Set("moment", new DateTimeOffset(638_000_000_000_000_001L, TimeSpan.Zero))
            .Set("early", new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero)).Set("late", DateTimeOffset.MaxValue)
            .Set("bytes", (byte[])[0, 255, 128, 10]).Set("none", Array.Empty<byte>())
            .Set("absent", null);
        await Table.WriteAsync(row, WriteWhen.Always, Cancel);

        TableRow found = (await Table.FindAsync("p", "r", Cancel))!;

        Assert.Equal(("p", "r"), (found.Partition, found.Row));
        Assert.Equal(row.Values.OrderBy(static v => v.Key, StringComparer.Ordinal), found.Values.OrderBy(static v => v.Key, StringComparer.Ordinal));
        Assert.All(row.Values, value => Assert.Equal(value.Value.GetType(), found.Values[value.Key].GetType()));
    }

    [Fact]
    public async Task A_write_replaces_the_whole_row()
    {
        await Table.WriteAsync(new TableRow("p", "r").Set("a", 1).Set("b", 2), WriteWhen.Always, Cancel);
        await Table.WriteAsync(new TableRow("p", "r").Set("b", 3), WriteWhen.Always, Cancel);
        TableRow found = (await Table.FindAsync("p", "r", Cancel))!;
        Assert.Null(found.Number("a"));
        Assert.Equal(3, found.Number("b"));
    }

    [Fact]
    public async Task A_row_says_when_the_storage_wrote_it()
    {
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        await Table.WriteAsync(new TableRow("p", "r").Set("n", 1), WriteWhen.Always, Cancel);
        DateTimeOffset after = TimeProvider.System.GetUtcNow();
        DateTimeOffset first = (await Table.FindAsync("p", "r", Cancel))!.WrittenAt!.Value;

        // Both storages run on this machine, so by its clock; but the emulator reads it in a way of its own, which was seen to be a little ahead.
        Assert.InRange(first, before.AddMilliseconds(-50), after.AddMilliseconds(50));
        await Table.WriteAsync(new TableRow("p", "r").Set("n", 2), WriteWhen.Always, Cancel);
        TableRow again = Assert.Single(await Table.ReadAsync("p", null, null, Cancel).ToListAsync(Cancel));
        Assert.InRange(again.WrittenAt!.Value, first, TimeProvider.System.GetUtcNow().AddMilliseconds(50));
    }

    [Fact]
    public async Task Absent_wins_once()
    {
        WriteResult first = await Table.WriteAsync(new TableRow("p", "r").Set("n", 1), WriteWhen.Absent, Cancel);
        WriteResult second = await Table.WriteAsync(new TableRow("p", "r").Set("n", 2), WriteWhen.Absent, Cancel);
        Assert.True(first.Written);
        Assert.False(second.Written);
        TableRow found = (await Table.FindAsync("p", "r", Cancel))!;
        Assert.Equal(1, found.Number("n"));
        Assert.Equal(first.ETag, found.ETag);
    }

    [Fact]
    public async Task Unchanged_needs_the_version_in_force()
    {
        string first = (await Table.WriteAsync(new TableRow("p", "r").Set("n", 1), WriteWhen.Always, Cancel)).ETag!;
        string second = (await Table.WriteAsync(new TableRow("p", "r") { ETag = first }.Set("n", 2), WriteWhen.Unchanged, Cancel)).ETag!;
        WriteResult stale = await Table.WriteAsync(new TableRow("p", "r") { ETag = first }.Set("n", 3), WriteWhen.Unchanged, Cancel);
        Assert.False(stale.Written);
        Assert.Equal(2, (await Table.FindAsync("p", "r", Cancel))!.Number("n"));

        await Table.RemoveAsync("p", "r", null, Cancel);
        WriteResult gone = await Table.WriteAsync(new TableRow("p", "r") { ETag = second }.Set("n", 3), WriteWhen.Unchanged, Cancel);
        Assert.False(gone.Written);

        await Table.WriteAsync(new TableRow("p", "r").Set("n", 2), WriteWhen.Absent, Cancel);
        WriteResult reborn = await Table.WriteAsync(new TableRow("p", "r") { ETag = second }.Set("n", 3), WriteWhen.Unchanged, Cancel);
        Assert.False(reborn.Written, "A row written anew is not the row that was removed, even with equal values.");
    }

    [Fact]
    public async Task Every_write_makes_a_version_of_its_own()
    {
        HashSet<string> versions = [];
        for (int round = 0; round < 100; round++)
        {
            WriteResult result = await Table.WriteAsync(new TableRow("p", "r").Set("n", 1), WriteWhen.Always, Cancel);
            Assert.True(versions.Add(result.ETag!));
        }
    }

    [Fact]
    public async Task A_counter_with_many_writers_loses_nothing()
    {
        const int Writers = 8, Each = 12;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            ITable own = place.Open().Table(_name);
            for (int done = 0; done < Each;)
            {
                TableRow? row = await own.FindAsync("c", "c", Cancel);
                TableRow next = new TableRow("c", "c") { ETag = row?.ETag }.Set("n", (row?.Number("n") ?? 0) + 1);
                if ((await own.WriteAsync(next, row is null ? WriteWhen.Absent : WriteWhen.Unchanged, Cancel)).Written)
                    done++;
            }
        })));
        Assert.Equal(Writers * Each, (await Table.FindAsync("c", "c", Cancel))!.Number("n"));
    }

    [Fact]
    public async Task Rows_are_read_in_ordinal_order_and_by_range()
    {
        string[] keys = ["", "A", "B", "Z", "a", "a ", "a'b", "a|b", "b", "é", "漢", "\uD834\uDD1E", "\uFF21"];
        foreach (string key in keys.Reverse())
            await Table.WriteAsync(new TableRow("p", key), WriteWhen.Always, Cancel);
        await Table.WriteAsync(new TableRow("o", "a"), WriteWhen.Always, Cancel);
        await Table.WriteAsync(new TableRow("p2", "a"), WriteWhen.Always, Cancel);

        Assert.Equal(keys.Order(StringComparer.Ordinal), keys);
        Assert.Equal(keys, await ReadAsync("p", null, null));
        Assert.Equal(["a", "a ", "a'b", "a|b"], await ReadAsync("p", "a", "b"));
        Assert.Equal(["a'b", "a|b", "b"], await ReadAsync("p", "a'b", "c"));
        Assert.Equal(["漢", "\uD834\uDD1E", "\uFF21"], await ReadAsync("p", "漢", null));
        Assert.Equal(["", "A"], await ReadAsync("p", null, "B"));
        Assert.Empty(await ReadAsync("p", "b", "b"));
        Assert.Equal(
            ["o/a", .. keys.Select(static key => "p/" + key), "p2/a"],
            await Table.ScanAsync(Cancel).Select(static row => row.Partition + "/" + row.Row).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Reading_goes_on_past_a_page()
    {
        const int Count = 2_150;
        string[] keys = [.. Enumerable.Range(0, Count).Select(static n => $"{n:D5}")];
        foreach (string[] chunk in keys.Chunk(100))
            Assert.True((await Table.WriteTogetherAsync([.. chunk.Select(static key => new TableWrite(new TableRow("p", key), WriteWhen.Absent))], Cancel)).Written);
        Assert.Equal(keys, await ReadAsync("p", null, null));
        Assert.Equal(keys[7..2100], await ReadAsync("p", "00007", "02100"));
        Assert.Equal(Count, await Table.ScanAsync(Cancel).CountAsync(Cancel));
        Assert.Equal("00000", (await Table.ReadAsync("p", null, null, Cancel).FirstAsync(Cancel)).Row);
    }

    [Fact]
    public async Task A_batch_is_written_whole()
    {
        string version = (await Table.WriteAsync(new TableRow("p", "b").Set("n", 1), WriteWhen.Always, Cancel)).ETag!;
        WriteResult result = await Table.WriteTogetherAsync(
            [
                new(new TableRow("p", "a").Set("n", 2), WriteWhen.Absent),
                new(new TableRow("p", "b") { ETag = version }.Set("n", 2), WriteWhen.Unchanged),
                new(new TableRow("p", "c").Set("n", 2), WriteWhen.Always),
            ],
            Cancel);
        Assert.True(result.Written);
        Assert.All(await Table.ReadAsync("p", null, null, Cancel).ToListAsync(Cancel), static row => Assert.Equal(2, row.Number("n")));
        Assert.Equal(["a", "b", "c"], await ReadAsync("p", null, null));
    }

    [Theory]
    [InlineData(WriteWhen.Absent)]
    [InlineData(WriteWhen.Unchanged)]
    public async Task A_batch_that_loses_one_row_writes_none(WriteWhen when)
    {
        await Table.WriteAsync(new TableRow("p", "b").Set("n", 1), WriteWhen.Always, Cancel);
        string stale = (await Table.FindAsync("p", "b", Cancel))!.ETag!;
        await Table.WriteAsync(new TableRow("p", "b").Set("n", 1), WriteWhen.Always, Cancel);
        WriteResult result = await Table.WriteTogetherAsync(
            [
                new(new TableRow("p", "a").Set("n", 2), WriteWhen.Always),
                new(new TableRow("p", "b") { ETag = stale }.Set("n", 2), when),
                new(new TableRow("p", "c").Set("n", 2), WriteWhen.Always),
            ],
            Cancel);
        Assert.False(result.Written);
        Assert.Equal(1, result.FailedIndex);
        Assert.Equal(["b"], await ReadAsync("p", null, null));
        Assert.Equal(1, (await Table.FindAsync("p", "b", Cancel))!.Number("n"));
    }

    [Fact]
    public async Task Limits_are_enforced_before_the_write()
    {
        byte[] full = new byte[TableLimits.ValueBytes];
        TableRow largest = new("p", "largest");
        for (int value = 0; value < 15; value++)
            largest.Set($"v{value}", full);
        Assert.InRange(TableLimits.Check(largest), 15 * TableLimits.ValueBytes, TableLimits.RowBytes);

        // The emulator counts base64 against the limit of a row, so a row that it takes is a quarter smaller.
        for (int value = 11; value < 15; value++)
            largest.Set($"v{value}", null);
        Assert.True((await Table.WriteAsync(largest, WriteWhen.Always, Cancel)).Written);
        TableRow most = new("p", "most");
        for (int value = 0; value < 252; value++)
            most.Set($"v{value}", value);
        Assert.True((await Table.WriteAsync(most, WriteWhen.Always, Cancel)).Written);

        await RefusedAsync(new TableRow("p", "x").Set("v", new byte[TableLimits.ValueBytes + 1]));
        await RefusedAsync(new TableRow("p", "x").Set("v", new string('x', (TableLimits.ValueBytes / 2) + 1)));
        TableRow row = new("p", "x");
        for (int value = 0; value < 16; value++)
            row.Set($"v{value}", full);
        await RefusedAsync(row);
        most.Set("v252", 1);
        await RefusedAsync(most);
        foreach (string key in (string[])["a/b", "a\\b", "a#b", "a?b", "a\u0007b", "a\u0085b", new string('k', 1025), "\uD834"])
        {
            await RefusedAsync(new TableRow("p", key));
            await RefusedAsync(new TableRow(key, "r"));
        }

        foreach (string name in (string[])["", "a-b", "1a", "RowKey", "Timestamp", "é"])
            await RefusedAsync(new TableRow("p", "x").Set(name, 1));
        await RefusedAsync(new TableRow("p", "x").Set("v", 1.5m));
        await RefusedAsync(new TableRow("p", "x").Set("v", double.NaN));
        await RefusedAsync(new TableRow("p", "x").Set("v", "\uDD1E"));
        await RefusedAsync(new TableRow("p", "x").Set("v", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromHours(1))));
        await RefusedAsync([.. Enumerable.Range(0, 101).Select(static n => new TableWrite(new TableRow("p", $"{n}"), WriteWhen.Always))]);
        await RefusedAsync([.. Enumerable.Range(0, 5).Select(n => new TableWrite(Large(full, $"{n}"), WriteWhen.Always))]);
        await RefusedAsync([new(new TableRow("p", "a"), WriteWhen.Always), new(new TableRow("q", "a"), WriteWhen.Always)]);
        await RefusedAsync([new(new TableRow("p", "a"), WriteWhen.Always), new(new TableRow("p", "a"), WriteWhen.Always)]);
        await RefusedAsync([]);
        Assert.Equal(["largest", "most"], await ReadAsync("p", null, null));
    }

    [Fact]
    public async Task Removing_says_whether_there_was_something()
    {
        string stale = (await Table.WriteAsync(new TableRow("p", "r"), WriteWhen.Always, Cancel)).ETag!;
        string current = (await Table.WriteAsync(new TableRow("p", "r"), WriteWhen.Always, Cancel)).ETag!;
        Assert.False(await Table.RemoveAsync("p", "r", stale, Cancel));
        Assert.True(await Table.RemoveAsync("p", "r", current, Cancel));
        Assert.False(await Table.RemoveAsync("p", "r", null, Cancel));
        await Table.WriteAsync(new TableRow("p", "r"), WriteWhen.Always, Cancel);
        Assert.True(await Table.RemoveAsync("p", "r", null, Cancel));
        Assert.Null(await Table.FindAsync("p", "r", Cancel));
    }

    [Fact]
    public async Task Dropping_takes_one_table_with_all_rows()
    {
        ITable other = _storage.Table(_name + "x");
        await other.WriteAsync(new TableRow("p", "r"), WriteWhen.Always, Cancel);
        for (int batch = 0; batch < 6; batch++)
        {
            int first = batch * 100;
            await Table.WriteTogetherAsync([.. Enumerable.Range(first, 100).Select(static n => new TableWrite(new TableRow("p", $"{n}"), WriteWhen.Always))], Cancel);
        }

        await _storage.DropTableAsync(_name, Cancel);
        Assert.Empty(await Table.ScanAsync(Cancel).ToListAsync(Cancel));
        Assert.NotNull(await other.FindAsync("p", "r", Cancel));
    }

    [Fact]
    public async Task Another_storage_on_the_same_place_sees_a_write_at_once()
    {
        ITable other = place.Open().Table(_name.ToUpperInvariant());
        await Table.WriteAsync(new TableRow("p", "r").Set("n", 1), WriteWhen.Always, Cancel);
        Assert.Equal(1, (await other.FindAsync("p", "r", Cancel))!.Number("n"));
        await other.WriteAsync(new TableRow("p", "r").Set("n", 2), WriteWhen.Always, Cancel);
        Assert.Equal(2, (await Table.FindAsync("p", "r", Cancel))!.Number("n"));
    }

    [Fact]
    public async Task A_body_of_many_values_comes_back_whole()
    {
        foreach (int length in (int[])[0, 1, 60 * 1024, (60 * 1024) + 1, 200_000, RowBody.MaxBytes])
        {
            byte[] body = new byte[length];
            new Random(length).NextBytes(body);
            TableRow row = new TableRow("p", $"{length}").Set("kind", "answer");
            RowBody.Write(row, new byte[100_000]);
            RowBody.Write(row, body);
            await Table.WriteAsync(row, WriteWhen.Always, Cancel);
            TableRow found = (await Table.FindAsync("p", $"{length}", Cancel))!;
            Assert.Equal(body, RowBody.Read(found)!.Value.ToArray());
            Assert.Equal("answer", found.Text("kind"));
        }

        Assert.Throws<TableLimitException>(static () => RowBody.Write(new TableRow("p", "r"), new byte[RowBody.MaxBytes + 1]));
    }

    [Fact]
    public async Task Cancelling_is_told_as_such()
    {
        using CancellationTokenSource gone = new();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Table.FindAsync("p", "r", gone.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Table.WriteAsync(new TableRow("p", "r"), WriteWhen.Always, gone.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Table.ReadAsync("p", null, null, gone.Token).CountAsync(gone.Token));
    }

    private static TableRow Large(byte[] full, string key)
    {
        TableRow row = new("p", key);
        for (int value = 0; value < 15; value++)
            row.Set($"v{value}", full);
        return row;
    }

    private async Task RefusedAsync(TableRow row)
    {
        await Assert.ThrowsAsync<TableLimitException>(async () => await Table.WriteAsync(row, WriteWhen.Always, Cancel));
        await RefusedAsync([new TableWrite(row, WriteWhen.Always)]);
    }

    private async Task RefusedAsync(IReadOnlyList<TableWrite> writes) =>
        await Assert.ThrowsAsync<TableLimitException>(async () => await Table.WriteTogetherAsync(writes, Cancel));

    private async Task<List<string>> ReadAsync(string partition, string? from, string? to) =>
        await Table.ReadAsync(partition, from, to, Cancel).Select(static row => row.Row).ToListAsync(Cancel);
}
