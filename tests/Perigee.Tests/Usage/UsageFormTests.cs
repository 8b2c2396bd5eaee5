using System.Buffers;
using Perigee.Usage;

namespace Perigee.Tests.Usage;

public sealed class UsageFormTests(ITestOutputHelper output)
{
    [Fact]
    public void What_is_written_is_read_back_and_what_is_damaged_is_said_to_be()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random dice = new(seed);
        for (int round = 0; round < 200; round++)
        {
            Dictionary<UsageGroup, UsageCell> groups = [];
            int count = dice.Next(1, 65);
            while (groups.Count < count)
                groups[new UsageGroup([.. Enumerable.Range(0, UsageDimensions.Held).Select(_ => dice.Next(3) == 0 ? "" : $"ü{dice.Next(40)}\"")])] = Cell(dice);
            ArrayBufferWriter<byte> bytes = new();
            UsageForm.Write(bytes, groups);
            byte[] packed = UsageForm.Pack(bytes.WrittenSpan);

            Dictionary<UsageGroup, UsageCell> read = [];
            Assert.True(UsageForm.TryRead(packed, bytes.WrittenCount, read.Add));
            Assert.Equal(groups.Keys.ToHashSet(), [.. read.Keys]);
            foreach ((UsageGroup group, UsageCell cell) in groups)
            {
                read[group].Merge(cell, -1);
                Assert.True(read[group].IsZero);
            }

            byte[] damaged = [.. packed];
            damaged[dice.Next(damaged.Length)] ^= (byte)(1 << dice.Next(8));
            UsageForm.TryRead(damaged, bytes.WrittenCount, static (_, _) => { });
            Assert.False(UsageForm.TryRead(packed.AsSpan(0, dice.Next(packed.Length)), bytes.WrittenCount, static (_, _) => { }));
            byte[] broken = [.. bytes.WrittenSpan[..dice.Next(bytes.WrittenCount)]];
            Assert.False(UsageForm.TryRead(UsageForm.Pack(broken), broken.Length, static (_, _) => { }));
        }
    }

    [Fact]
    public void A_row_of_the_widest_groups_fits_into_a_row_of_the_table()
    {
        Random dice = new(7);
        Dictionary<UsageGroup, UsageCell> groups = [];
        for (int i = 0; i < SpanRollup.SlotSize; i++)
        {
            UsageCell cell = Cell(dice);
            for (int step = 0; step < 1200; step++)
            {
                cell.Latency.Add(step, dice.NextInt64(1_000_000));
                cell.FirstContent.Add(step, dice.NextInt64(1_000_000));
            }

            // As much as there can be, and nothing that packs.
            string[] values = [.. Enumerable.Range(0, UsageDimensions.Held).Select(_ => string.Concat(Enumerable.Range(0, UsageGroup.LongestValue).Select(_ => (char)dice.Next(0x4e00, 0x9000))))];
            groups[new UsageGroup(values)] = cell;
        }

        ArrayBufferWriter<byte> bytes = new();
        UsageForm.Write(bytes, groups);
        Perigee.Storage.TableRow row = UsageRow.Make(UsagePeriod.Day, Moments.Noon, "w", 0, bytes.WrittenSpan);
        output.WriteLine($"{bytes.WrittenCount} bytes, packed {Perigee.Storage.TableLimits.Check(row)}");
        int read = 0;
        Assert.True(UsageRow.TryRead(row, (_, _) => read++));
        Assert.Equal(SpanRollup.SlotSize, read);
    }

    private static UsageCell Cell(Random dice)
    {
        UsageCell cell = new();
        for (int place = 0; place < UsageCell.Numbers; place++)
            cell.Restore(place, dice.Next(4) == 0 ? 0 : dice.NextInt64(long.MinValue, long.MaxValue) >> dice.Next(64));
        cell.Restore((Int128)dice.NextInt64() * dice.NextInt64(), -(Int128)dice.NextInt64());
        for (int i = dice.Next(20); i > 0; i--)
        {
            cell.Latency.Add(dice.Next(1500), dice.Next(1, 1000));
            cell.FirstContent.Add(dice.Next(1500), -dice.Next(1, 1000));
        }

        return cell;
    }
}
