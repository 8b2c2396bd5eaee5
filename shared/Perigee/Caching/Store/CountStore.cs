using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Perigee.Storage;

namespace Perigee.Caching.Store;

/// <summary>
/// The counts of all instances: each writes a row of its own a day and nobody else does, so none waits for another; what was counted in all is
/// their sum.
/// </summary>
internal sealed class CountStore(ITable state, string instance)
{
    private const string Partition = "counts";

    /// <summary>How long counts are kept, in days.</summary>
    public const int Kept = 92;

    private static readonly string[] Names = [.. Enum.GetNames<CacheEvent>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    /// <summary>The name of an event in JSON.</summary>
    public static string NameOf(CacheEvent what) => Names[(int)what];

    /// <summary>Writes this instance's row of a day.</summary>
    public async ValueTask WriteAsync(CountDay day, CancellationToken cancel)
    {
        TableRow row = new(Partition, $"{DayName(day.Date)}|{instance}");
        ArrayBufferWriter<byte> body = new(1024);
        using (Utf8JsonWriter json = new(body))
            Write(json, day.Cells);
        RowBody.Write(row, body.WrittenSpan[..Math.Min(body.WrittenCount, RowBody.MaxBytes)]);
        await state.WriteAsync(row, WriteWhen.Always, cancel);
    }

    /// <summary>The sum over all instances.</summary>
    /// <param name="since">The first day.</param>
    /// <param name="own">What this instance holds itself: it is newer than its rows.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>The sums, and whether those of others are in them: not while the storage does not answer.</returns>
    public async ValueTask<(Dictionary<CountScope, long[]> Sums, bool Whole)> SumAsync(DateOnly since, IReadOnlyList<CountDay> own, CancellationToken cancel)
    {
        Dictionary<CountScope, long[]> sums = [];
        HashSet<string> held = [];
        foreach (CountDay day in own)
        {
            held.Add($"{DayName(day.Date)}|{instance}");
            if (day.Date < since)
                continue;
            foreach ((CountScope scope, long[] numbers) in day.Cells)
                Add(sums, scope, numbers);
        }

        try
        {
            await foreach (TableRow row in state.ReadAsync(Partition, DayName(since), null, cancel))
            {
                if (!held.Contains(row.Row) && RowBody.Read(row) is { } body)
                    Read(sums, body);
            }

            return (sums, true);
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            return (sums, false);
        }
    }

    /// <summary>Removes what is too old. For the one who cleans.</summary>
    public async ValueTask CleanAsync(DateOnly today, CancellationToken cancel)
    {
        List<string> old = [];
        await foreach (TableRow row in state.ReadAsync(Partition, null, DayName(today.AddDays(-Kept)), cancel))
            old.Add(row.Row);
        foreach (string name in old)
            await state.RemoveAsync(Partition, name, null, cancel);
    }

    private static string DayName(DateOnly day) => day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter json, IEnumerable<KeyValuePair<CountScope, long[]>> cells)
    {
        json.WriteStartArray();
        foreach ((CountScope scope, long[] numbers) in cells)
        {
            json.WriteStartObject();
            json.WriteString("tenant"u8, scope.Tenant);
            json.WriteString("namespace"u8, scope.Namespace);
            json.WriteString("model"u8, scope.Model);
            for (int i = 0; i < numbers.Length; i++)
            {
                if (Interlocked.Read(ref numbers[i]) is not 0 and var number)
                    json.WriteNumber(Names[i], number);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Read(Dictionary<CountScope, long[]> sums, ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            foreach (JsonElement cell in document.RootElement.EnumerateArray())
            {
                CountScope scope = new(Text(cell, "tenant"), Text(cell, "namespace"), Text(cell, "model"));
                long[] numbers = new long[Names.Length];
                for (int i = 0; i < Names.Length; i++)
                {
                    if (cell.TryGetProperty(Names[i], out JsonElement number) && number.TryGetInt64(out long value))
                        numbers[i] = value;
                }

                Add(sums, scope, numbers);
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // A damaged row counts for nothing.
        }
    }

    private static string Text(JsonElement cell, string name) => cell.TryGetProperty(name, out JsonElement text) ? text.GetString() ?? "" : "";

    private static void Add(Dictionary<CountScope, long[]> sums, CountScope scope, long[] numbers)
    {
        if (!sums.TryGetValue(scope, out long[]? sum))
            sums[scope] = sum = new long[Names.Length];
        for (int i = 0; i < numbers.Length; i++)
            sum[i] += Interlocked.Read(ref numbers[i]);
    }
}
