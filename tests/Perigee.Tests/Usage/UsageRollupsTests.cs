using Perigee.Storage;
using Perigee.Usage;
using Perigee.Wire;

namespace Perigee.Tests.Usage;

public sealed class UsageRollupsTests(ITestOutputHelper output) : IDisposable
{
    private readonly TestStorage _storage = new();

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task What_an_exchange_used_is_counted_by_class_and_an_unknown_price_is_not_nothing()
    {
        UsageRig rig = new(_storage, region: "west");
        TokenUsage tokens = new(10, 2, 3, 40, 5);
        rig.Take(
            new Asked(Moments.At(9, 30)) { Organisation = "org_a", Team = "team_b", Key = "key_c", Tokens = tokens, First = 20 },
            new Asked(Moments.At(9, 30)) { Model = "unpriced", Price = null, Tokens = tokens },
            new Asked(Moments.At(9, 30)) { Cache = CacheOutcome.Hit, Tokens = tokens, SavedPicoDollars = 77 },
            new Asked(Moments.At(9, 30)) { Cache = CacheOutcome.Joined, Tokens = tokens },
            new Asked(Moments.At(9, 30)) { Status = 429, Unserved = true },
            new Asked(Moments.At(9, 30)) { Key = null, Status = 401 });

        List<UsageLine> lines = await rig.ReadAsync("from=2026-11-24&to=2026-11-25&groupBy=organisation,team,key,model,provider,region,status,statusClass,cache,dialect,operation,purpose");

        string[] groups = [.. lines.Select(static line => string.Join('|', line.Group.Values))];
        Assert.Equal(
            [
                "||||||401|4xx|off|openai-chat|chat|".Replace("||||||401", "||||" + "|west|401", StringComparison.Ordinal),
                "||key_1|||west|200|2xx|hit|openai-chat|chat|",
                "||key_1|||west|200|2xx|joined|openai-chat|chat|",
                "||key_1|test/m|test|west|429|4xx|off|openai-chat|chat|",
                "||key_1|test/unpriced|test|west|200|2xx|off|openai-chat|chat|",
                "org_a|team_b|key_c|test/m|test|west|200|2xx|off|openai-chat|chat|",
            ],
            groups);
        UsageCell served = lines[5].Cell;
        Assert.Equal((1, 0, 1, 0), (served.Requests, served.Errors, served.Priced, served.Unpriced));
        Assert.Equal(new UsageTokens(10, 2, 3, 0, 40, 5), served.Tokens);
        Assert.Equal(lines[5].Cell.Cost, (Int128)new Asked(Moments.Noon) { Tokens = tokens }.Record().Spent!.Value.PicoDollars!.Value);
        Assert.NotEqual(0, served.Cost);
        Assert.InRange(served.Latency.Quantile(0.5)!.Value, 99_000, 101_000);
        Assert.InRange(served.FirstContent.Quantile(0.5)!.Value, 19_800, 20_200);
        Assert.Equal((0, 1, null), (lines[4].Cell.Cost, lines[4].Cell.Unpriced, UsageLines.Cost(lines[4].Cell)));
        UsageCell hit = lines[1].Cell, joined = lines[2].Cell;
        Assert.Equal((default(UsageTokens), new UsageTokens(10, 2, 3, 0, 40, 5), (Int128)77, 1L), (hit.Tokens, hit.Saved, hit.SavedCost, hit.SavedPriced));
        Assert.Equal((default(UsageTokens), 0L, 1L), (joined.Tokens, joined.SavedPriced, joined.SavedUnpriced));
        Assert.Equal((1, 1), (lines[3].Cell.Errors, lines[0].Cell.Errors));
        Assert.Equal(0m, UsageLines.Cost(lines[0].Cell));
    }

    [Fact]
    public async Task Sums_by_any_dimension_and_any_bucket_are_the_same_whoever_counted_and_whatever_was_flushed_in_between()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random dice = new(seed);
        UsageRig[] rigs = [.. Enumerable.Range(0, 4).Select(i => new UsageRig(_storage, instance: $"i{i}", region: i % 2 == 0 ? "west" : "east"))];
        UsageCell exact = new();
        Lock turn = new();
        await Parallel.ForEachAsync(rigs, async (rig, _) =>
        {
            Random own = new(seed ^ rig.GetHashCode());
            for (int i = 0; i < 500; i++)
            {
                Asked asked = Draw(own);
                ExchangeRecord record = asked.Record();
                lock (turn)
                    exact.Add(UsageSample.Of(record));
                rig.Rollups.Take(record);
                if (own.Next(50) == 0 || i % 100 == 0)
                    await rig.FlushAsync();
                if (own.Next(100) == 0)
                    rig.Rollups.Tidy(Moments.At(own.Next(24), own.Next(60)));
            }
        });

        // The last one has not written its last: it answers, and knows.
        foreach (UsageRig rig in rigs[..^1])
            await rig.FlushAsync();
        UsageRig asking = rigs[^1];
        foreach (string bucket in (string[])["minute", "hour", "day", "total"])
        {
            foreach (string groupBy in UsageDimensions.All.Prepend("").Append("key,model,cache").Append("organisation,team,key,model,provider,region,status,cache,dialect,operation,purpose"))
            {
                UsageCell sum = new();
                foreach (UsageLine line in await asking.ReadAsync($"from=2026-11-24&to=2026-11-25&bucket={bucket}&groupBy={groupBy}"))
                    sum.Merge(line.Cell);
                sum.Merge(exact, -1);
                Assert.True(sum.IsZero, $"{bucket} by '{groupBy}' (seed {seed})");
            }
        }

        // Parts of a day add up to the whole, wherever it is cut.
        for (int round = 0; round < 20; round++)
        {
            DateTimeOffset cut = Moments.At(dice.Next(24), dice.Next(60));
            UsageCell sum = new();
            if (cut > Moments.At(0, 0))
                sum.Merge(await asking.TotalAsync($"from=2026-11-24&to={cut:yyyy-MM-ddTHH:mmZ}"));
            sum.Merge(await asking.TotalAsync($"from={cut:yyyy-MM-ddTHH:mmZ}&to=2026-11-25"));
            sum.Merge(exact, -1);
            Assert.True(sum.IsZero, $"{cut} (seed {seed})");
        }
    }

    [Fact]
    public async Task A_lost_reply_or_a_second_try_counts_nothing_twice()
    {
        UsageRig rig = new(_storage);
        rig.Take(new Asked(Moments.At(9, 0)), new Asked(Moments.At(9, 1)));
        _storage.Next = static _ => Mishap.Down;
        await Assert.ThrowsAsync<StorageException>(rig.FlushAsync);
        rig.Take(new Asked(Moments.At(9, 1)));
        _storage.Next = static _ => Mishap.None;
        Assert.Equal(4, await rig.FlushAsync());

        // Whose end is unknown is written once more, as the first try might yet land behind the second; then it is settled.
        Assert.Equal(4, await rig.FlushAsync());
        Assert.Equal(0, await rig.FlushAsync());
        Assert.Equal(3, (await new UsageRig(_storage).TotalAsync()).Requests);
        Assert.Equal(3, (await rig.TotalAsync()).Requests);
    }

    [Fact]
    public async Task What_a_flush_that_was_given_up_could_not_write_the_one_behind_it_writes()
    {
        UsageRig rig = new(_storage);
        rig.Take(new Asked(Moments.At(9, 0)));
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _storage.Gate = gate.Task;
        _storage.Next = static _ => Mishap.Down;
        Task<int> first = rig.FlushAsync(), last = rig.FlushAsync();
        Assert.False(last.IsCompleted);
        _storage.Gate = Task.CompletedTask;
        gate.SetResult();
        await Assert.ThrowsAsync<StorageException>(() => first);
        _storage.Next = static _ => Mishap.None;
        try
        {
            await last;
        }
        catch (StorageException)
        {
            // It was quicker than the line above.
            await rig.FlushAsync();
        }

        Assert.Equal(1, (await new UsageRig(_storage).TotalAsync()).Requests);
    }

    [Fact]
    public async Task A_process_that_dies_loses_what_it_had_not_written_and_one_after_it_of_the_same_name_adds_to_it()
    {
        UsageRig first = new(_storage);
        first.Take(new Asked(Moments.At(9, 0)), new Asked(Moments.At(9, 0)));
        await first.FlushAsync();
        first.Take(new Asked(Moments.At(9, 0)));

        UsageRig second = new(_storage);
        second.Take(new Asked(Moments.At(9, 0)));
        await second.FlushAsync();

        Assert.Equal(3, (await new UsageRig(_storage).TotalAsync()).Requests);
    }

    [Fact]
    public async Task A_late_exchange_and_a_clock_that_goes_back_are_counted_where_they_began()
    {
        UsageRig rig = new(_storage);
        rig.Take(new Asked(Moments.At(9, 0)), new Asked(Moments.At(23, 59, 59)), new Asked(Moments.At(23, 59, 59).AddSeconds(1)));
        await rig.FlushAsync();
        rig.Rollups.Tidy(Moments.Noon.AddDays(3));
        Assert.Equal(0, rig.Rollups.Cells);

        // The spans were let go: they begin anew beside what was written.
        rig.Take(new Asked(Moments.At(9, 0, 59)), new Asked(Moments.At(9, 1)));
        Assert.Equal(4, (await rig.TotalAsync()).Requests);
        await rig.FlushAsync();
        Assert.Equal(4, (await rig.TotalAsync()).Requests);
        Assert.Equal(4, (await new UsageRig(_storage).TotalAsync()).Requests);
        List<UsageLine> minutes = await rig.ReadAsync("from=2026-11-24T09:00Z&to=2026-11-24T10:00Z&bucket=minute");
        Assert.Equal([(0, 2L), (1, 1L)], minutes.Select(static line => (line.Start.Minute, line.Cell.Requests)));
        List<UsageLine> days = await rig.ReadAsync("from=2026-11-24&to=2026-11-26");
        Assert.Equal([(24, 4L), (25, 1L)], days.Select(static line => (line.Start.Day, line.Cell.Requests)));
    }

    [Fact]
    public async Task Groups_beyond_the_bound_are_one_and_the_sum_is_whole()
    {
        UsageRig rig = new(_storage, new UsageOptions { MostGroups = 10 });
        for (int i = 0; i < 100; i++)
            rig.Take(new Asked(Moments.At(9, i % 60)) { Key = $"key_{i}" });
        await rig.FlushAsync();

        List<UsageLine> lines = await new UsageRig(_storage).ReadAsync("from=2026-11-24&to=2026-11-25&groupBy=key,status,statusClass,region");
        Assert.Equal(11, lines.Count);
        UsageLine other = Assert.Single(lines, static line => line.Group.Values[0] == UsageGroup.Other);
        Assert.Equal([UsageGroup.Other, UsageGroup.Other, UsageGroup.Other, "local"], other.Group.Values);
        Assert.Equal((90, 100), (other.Cell.Requests, lines.Sum(static line => line.Cell.Requests)));
        Assert.Equal(90, rig.Rollups.Othered);
    }

    [Fact]
    public async Task A_storage_that_is_down_for_a_day_costs_minutes_but_neither_hours_nor_memory_without_bound()
    {
        UsageRig rig = new(_storage);
        _storage.Next = static _ => Mishap.Down;
        int most = 0;
        for (DateTimeOffset minute = Moments.At(0, 0); minute < Moments.At(23, 0); minute = minute.AddMinutes(1))
        {
            for (int key = 0; key < 300; key++)
                rig.Take(new Asked(minute) { Key = $"key_{key}" });
            if (minute.Minute % 10 == 0)
                await Assert.ThrowsAsync<StorageException>(rig.FlushAsync);
            rig.Rollups.Tidy(minute);
            most = Math.Max(most, rig.Rollups.Cells);
        }

        Assert.InRange(most, 1, 41_000);
        Assert.Equal((23 * 60) - 180, rig.Rollups.LostMinutes);
        _storage.Next = static _ => Mishap.None;
        await rig.FlushAsync();
        List<UsageLine> hours = await new UsageRig(_storage).ReadAsync("from=2026-11-24&to=2026-11-25&bucket=hour");
        Assert.Equal(23, hours.Count);
        Assert.All(hours, static hour => Assert.Equal(60 * 300, hour.Cell.Requests));
        Assert.Equal(23 * 60 * 300, Assert.Single(await new UsageRig(_storage).ReadAsync("from=2026-11-24&to=2026-11-25")).Cell.Requests);
    }

    [Fact]
    public void Counting_a_request_makes_nothing()
    {
        UsageRig rig = new(_storage);
        ExchangeRecord[] records = [.. Enumerable.Range(0, 20).Select(static i => new Asked(Moments.At(9, 0))
        {
            Organisation = "org_a", Key = $"key_{i % 5}", Tokens = new TokenUsage(1, 2, 3, 4, 5), Milliseconds = 10 * (i + 1), First = i + 1,
        }.Record())];
        for (int i = 0; i < 100; i++)
            rig.Rollups.Take(records[i % 20]);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            rig.Rollups.Take(records[i % 20]);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task No_key_and_no_broken_text_of_others_comes_into_a_row()
    {
        UsageRig rig = new(_storage);
        rig.Take(
            new Asked(Moments.At(9, 0)) { Model = "sk-canary0123456789canary" }, new Asked(Moments.At(9, 0)) { Model = "a\ud800b" },
            new Asked(Moments.At(9, 0)) { Model = new string('x', 100_000) });
        string[] live = [.. (await rig.ReadAsync("groupBy=model")).Select(static line => line.Group.Values[0])];
        await rig.FlushAsync();
        string[] stored = [.. (await new UsageRig(_storage).ReadAsync("groupBy=model")).Select(static line => line.Group.Values[0])];

        Assert.Equal(live, stored);
        Assert.Equal(3, live.Length);
        Assert.All(live, static model => Assert.True(model.Length <= UsageGroup.LongestValue && !model.Contains("canary", StringComparison.Ordinal), model));
    }

    private static Asked Draw(Random dice) => new(Moments.At(dice.Next(24), dice.Next(60), dice.Next(60)))
    {
        Organisation = dice.Next(3) == 0 ? null : $"org_{dice.Next(2)}",
        Key = $"key_{dice.Next(6)}",
        Model = $"m{dice.Next(4)}",
        Price = dice.Next(4) == 0 ? null : dice.Next(1, 50) / 10m,
        Status = dice.Next(5) == 0 ? 429 : 200,
        Cache = dice.Next(4) == 0 ? CacheOutcome.Hit : CacheOutcome.Miss,
        SavedPicoDollars = dice.Next(2) == 0 ? null : dice.Next(1_000_000),
        Tokens = new TokenUsage(dice.Next(10_000), dice.Next(100), dice.Next(10), dice.Next(1000), dice.Next(50)),
        Milliseconds = dice.NextDouble() * 10_000,
        First = dice.Next(3) == 0 ? null : dice.NextDouble() * 1000,
    };
}
