using Perigee.Limits.Estimating;

namespace Perigee.Tests.Limits.Estimating;

public sealed class OutputHistoryTests
{
    [Fact]
    public void There_is_no_figure_before_enough_answers_and_none_of_others()
    {
        OutputHistory history = new();
        for (int i = 0; i < OutputHistory.LeastAnswers - 1; i++)
            history.Note("k", "m", 100);
        Assert.Null(history.P95("k", "m"));
        history.Note("k", "m", 100);
        Assert.NotNull(history.P95("k", "m"));
        Assert.Null(history.P95("k", "other"));
        Assert.Null(history.P95("other", "m"));
    }

    [Fact]
    public void The_figure_is_the_95th_of_100_or_up_to_a_fifth_above()
    {
        int seed = Environment.TickCount;
        Random dice = new(seed);
        OutputHistory history = new();
        List<long> lengths = [];
        for (int i = 0; i < 1_000; i++)
        {
            long length = (long)Math.Exp(dice.NextDouble() * 9);
            lengths.Add(length);
            history.Note("k", "m", length);
        }

        lengths.Sort();
        long exact = lengths[949];
        Assert.InRange(history.P95("k", "m")!.Value, exact, (long)Math.Ceiling(exact * 1.2) + 1);
    }

    [Fact]
    public void What_is_recent_outweighs_what_was()
    {
        OutputHistory history = new();
        for (int i = 0; i < 1_000; i++)
            history.Note("k", "m", 50_000);
        for (int i = 0; i < 12_000; i++)
            history.Note("k", "m", 10);
        Assert.True(history.P95("k", "m") < 20);
    }

    [Fact]
    public void The_longest_and_the_shortest_have_a_class()
    {
        OutputHistory history = new();
        for (int i = 0; i < 40; i++)
            history.Note("k", "m", i % 2 == 0 ? 0 : long.MaxValue);
        Assert.True(history.P95("k", "m") > 1_000_000);
    }

    [Fact]
    public void Its_memory_is_bounded()
    {
        OutputHistory history = new();
        for (int i = 0; i < 20_000; i++)
            history.Note("k" + i, "m", 1);
        for (int i = 0; i < OutputHistory.LeastAnswers; i++)
            history.Note("k", "m", 7);
        Assert.NotNull(history.P95("k", "m"));
    }
}
