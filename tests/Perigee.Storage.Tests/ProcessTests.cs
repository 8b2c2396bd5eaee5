using System.Diagnostics;
using System.Globalization;

namespace Perigee.Storage.Tests;

/// <summary>Several processes on one data directory, and one that dies.</summary>
public sealed class ProcessTests(EmbeddedPlace place) : IClassFixture<EmbeddedPlace>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_process_loses_nothing_that_was_acknowledged()
    {
        using Process child = Start("write");
        int last = -1;
        while (last < 400)
        {
            string? line = await child.StandardOutput.ReadLineAsync(Cancel);
            Assert.NotNull(line);
            last = int.Parse(line, CultureInfo.InvariantCulture);
        }

        child.Kill();

        // What it said before the signal reached it counts, too; its last line may be cut.
        string[] rest = (await child.StandardOutput.ReadToEndAsync(Cancel)).Split('\n');
        foreach (string line in rest[..^1])
            last = int.Parse(line, CultureInfo.InvariantCulture);
        await child.WaitForExitAsync(Cancel);
        Assert.NotEqual(0, child.ExitCode);

        IStorage storage = place.Open();
        List<TableRow> rows = await storage.Table("children").ReadAsync("p", null, null, Cancel).ToListAsync(Cancel);
        Assert.InRange(rows.Count, last + 1, last + 2);
        Assert.All(rows, static (row, at) => Assert.Equal(at, row.Number("n")));
        List<BlobItem> blobs = await storage.Blobs("children").ListAsync("dt=2026/", Cancel).ToListAsync(Cancel);
        Assert.InRange(blobs.Count, last + 1, last + 2);
        Assert.All(blobs, static blob => Assert.Equal("whole".Length, blob.Length));
    }

    [Fact]
    public async Task Processes_that_race_for_a_counter_lose_no_increment()
    {
        const int Each = 300;
        Process[] children = [.. Enumerable.Range(0, 3).Select(_ => Start("count", Each.ToString(CultureInfo.InvariantCulture)))];
        foreach (Process child in children)
        {
            using (child)
            {
                await child.WaitForExitAsync(Cancel);
                Assert.Equal(0, child.ExitCode);
            }
        }

        TableRow counter = (await place.Open().Table("children").FindAsync("counter", "c", Cancel))!;
        Assert.Equal(Each * children.Length, counter.Number("n"));
    }

    private Process Start(string command, params string[] more)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Perigee.Storage.Writer.dll"), command, place.Directory, .. more])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }
}
