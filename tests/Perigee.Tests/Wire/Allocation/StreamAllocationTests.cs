using System.Text;
using Perigee.Forwarding;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Allocation;

/// <summary>
/// Bytes hold still where times do not: what an event of a stream may allocate on its way from one dialect into another, all that the stream
/// itself costs (reader, writer, ids, ending) shared among its events.
/// </summary>
public sealed class StreamAllocationTests(ITestOutputHelper output)
{
    private const int Events = 500;

    /// <summary>Beyond what finding the event costs.</summary>
    private const double MostBytesAnEvent = 128;

    /// <summary>
    /// What each further event may cost: nothing is allocated for it, but what has to be remembered of the stream (offsets for citations, arguments
    /// that a dialect can only say whole) may grow.
    /// </summary>
    private const double MostBytesAFurtherEvent = 96;

    public static TheoryData<string, string> Pairs()
    {
        TheoryData<string, string> pairs = [];
        foreach (string from in SampleStreams.Dialects)
        {
            foreach (string to in SampleStreams.Dialects)
                pairs.Add(from, to);
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void An_event_on_its_way_into_a_dialect_allocates_at_most_128_bytes(string from, string to)
    {
        IChatDialect source = StreamRun.Dialect(from), target = StreamRun.Dialect(to);
        using PooledBuffer buffer = new();
        Check($"{from} -> {to}", from, stream => StreamRun.Translate(stream, source, target, buffer));
    }

    [Theory]
    [InlineData("openai-chat")]
    [InlineData("anthropic")]
    [InlineData("gemini")]
    public void An_event_that_is_only_metered_allocates_at_most_128_bytes(string dialect)
    {
        IChatDialect source = StreamRun.Dialect(dialect);
        Check($"{dialect}, metered", dialect, stream => StreamRun.Meter(stream, source));
    }

    /// <summary>Figures of a stream that was passed over say nothing.</summary>
    [Theory]
    [MemberData(nameof(Pairs))]
    public void What_is_measured_is_an_answer(string from, string to)
    {
        foreach (EventKind kind in Enum.GetValues<EventKind>())
        {
            List<byte> written = [];
            using PooledBuffer buffer = new();
            StreamRun.Translate(SampleStreams.Make(from, kind, 13), StreamRun.Dialect(from), StreamRun.Dialect(to), buffer, written);
            string text = Encoding.UTF8.GetString([.. written]);
            Assert.Equal(2, text.Split("近地点").Length + (text.Contains("reasoning_details", StringComparison.Ordinal) ? -1 : 0));
            Assert.Contains("\\\"near", text, StringComparison.Ordinal);

            // What was written is what the writer's own dialect reads, to its end.
            Assert.True(StreamRun.Meter([.. written], StreamRun.Dialect(to)) > 0);
        }
    }

    private void Check(string name, string from, Func<byte[], long> run)
    {
        foreach (EventKind kind in Enum.GetValues<EventKind>())
        {
            byte[] stream = SampleStreams.Make(from, kind, Events), longer = SampleStreams.Make(from, kind, 2 * Events);
            long found = Allocated(() => StreamRun.Find(stream));
            long all = Allocated(() => run(stream)), more = Allocated(() => run(longer));
            double each = (all - found) / (double)Events, further = (more - all) / (double)Events;
            output.WriteLine($"{name}, {kind}: {each:F1} B an event, {further:F1} B each further event, {found} B to find them all");
            Assert.True(each <= MostBytesAnEvent, $"{name}, {kind}: {each:F1} B an event, at most {MostBytesAnEvent} B.");
            Assert.True(further <= MostBytesAFurtherEvent, $"{name}, {kind}: {further:F1} B each further event, at most {MostBytesAFurtherEvent} B.");
        }
    }

    /// <summary>Bytes of one call, once it is warm: the least of some, for a collection that comes between adds what the thread had in reserve.</summary>
    private static long Allocated(Func<long> act)
    {
        for (int i = 0; i < 20; i++)
            act();
        long least = long.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            act();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
