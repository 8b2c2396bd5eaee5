using System.Globalization;
using Perigee.Embedded;
using Perigee.Storage;

// A process for the storage tests to race with and to kill.
//   write DIRECTORY      rows 0, 1, 2 ... until it is killed; each number is printed once its row is acknowledged
//   count DIRECTORY N    N increments of one counter by compare-and-swap
// Ends when its input does: a test that dies leaves none behind.
new Thread(static () =>
{
    Console.In.ReadToEnd();
    Environment.Exit(3);
})
{ IsBackground = true }.Start();
using EmbeddedStorage storage = new(args[1]);
ITable table = storage.Table("children");
if (args[0] == "write")
{
    for (int number = 0; ; number++)
    {
        string key = number.ToString("D8", CultureInfo.InvariantCulture);
        await table.WriteAsync(new TableRow("p", key).Set("n", number), WriteWhen.Absent, CancellationToken.None);
        await storage.Blobs("children").WriteAsync($"dt=2026/{key}.txt", "whole"u8.ToArray(), "text/plain", CancellationToken.None);
        Console.WriteLine(number);
    }
}

int left = int.Parse(args[2], CultureInfo.InvariantCulture);
while (left > 0)
{
    TableRow? row = await table.FindAsync("counter", "c", CancellationToken.None);
    TableRow next = new TableRow("counter", "c") { ETag = row?.ETag }.Set("n", (row?.Number("n") ?? 0) + 1);
    if ((await table.WriteAsync(next, row is null ? WriteWhen.Absent : WriteWhen.Unchanged, CancellationToken.None)).Written)
        left--;
}
