namespace Perigee.Tests.Failover;

/// <summary>
/// Every fault x phase x dialect x streaming: what the client gets, who was asked how often, and what is held against the target. The table is
/// in <see cref="Faults"/>.
/// </summary>
public sealed class FaultMatrixTests(FaultRuns runs) : IClassFixture<FaultRuns>
{
    public static IEnumerable<TheoryDataRow<string>> Cells =>
        Cell.Matrix.Select(static cell => new TheoryDataRow<string>(cell.Name) { TestDisplayName = $"{nameof(One_good_answer_or_one_honest_error)}: {cell.Name}" });

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task One_good_answer_or_one_honest_error(string name)
    {
        (Cell cell, Task<Seen> run) = runs.Run(name);
        Seen seen = await run.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Fault fault = cell.Fault;
        Heard heard = seen.Heard;
        string what = $"{heard.Status} {seen.Attempts} {heard.Body}";
        Assert.False(heard.Cut, what);
        bool alone = cell.All || cell.NoFallback;
        Gets gets = alone ? Gets.Error : fault.Gets;
        Assert.Equal(Attempts(cell, gets), seen.Attempts);
        Assert.Equal(fault.Arrives ? fault.Tries.Length : 0, seen.FirstCalls);
        Assert.Equal(gets == Gets.Second ? 1 : cell.All && fault.Arrives ? (fault.TriesOfLast ?? fault.Tries).Length : 0, seen.SecondCalls);
        Assert.Equal(gets == Gets.Special ? 1 : 0, seen.SpecialCalls);
        Assert.Equal(fault.Health, seen.Health);
        if (gets == Gets.Error)
        {
            Refused(cell, heard, alone ? fault.StatusOfAll : fault.Status);
            return;
        }

        Assert.True(heard.Status == 200, what);
        Assert.Equal(cell.Stream && cell.Client != Tongue.GeminiArray ? "text/event-stream" : "application/json", heard.Type);
        string text = gets switch
        {
            Gets.Second => "second",
            Gets.Special => "special",
            _ => fault.Name.StartsWith("filtered", StringComparison.Ordinal) ? "" : "first",
        };
        Assert.True(heard.Text.StartsWith(text, StringComparison.Ordinal) && (gets == Gets.FirstThenError || heard.Text == text), what);
        Assert.DoesNotContain(gets is Gets.First or Gets.FirstThenError ? "second" : "first", heard.Body, StringComparison.Ordinal);
        Assert.True(heard.Error is not null == (gets == Gets.FirstThenError), what);
    }

    [Fact]
    public async Task All_of_it_takes_less_than_three_minutes()
    {
        await runs.EndAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"{Cell.Matrix.Count} cells in {runs.Took.TotalSeconds:0.0} s");
        Assert.InRange(runs.Took, TimeSpan.Zero, TimeSpan.FromMinutes(3));
    }

    private static string Attempts(Cell cell, Gets gets)
    {
        IEnumerable<string> tries = cell.Fault.Tries.Select(static outcome => $"first;{outcome}");
        IEnumerable<string> then = gets switch
        {
            Gets.Second => ["second;ok"],
            Gets.Special => ["special;ok"],
            _ => cell.All ? (cell.Fault.TriesOfLast ?? cell.Fault.Tries).Select(static outcome => $"second;{outcome}") : [],
        };
        return string.Join(", ", tries.Concat(then));
    }

    /// <summary>One error, in the client's dialect, with a status that says the truth.</summary>
    private static void Refused(Cell cell, Heard heard, int status)
    {
        Assert.Equal(status == 529 && cell.Client != Tongue.Anthropic ? 503 : status, heard.Status);
        Assert.Equal("application/json", heard.Type);
        Assert.True(!string.IsNullOrEmpty(heard.Error), heard.Body);
        Assert.Single(heard.Values);
        if (cell.Fault.RetryAfter is { Length: > 0 } after)
            Assert.StartsWith(after, heard.Header("retry-after"), StringComparison.Ordinal);
    }
}
