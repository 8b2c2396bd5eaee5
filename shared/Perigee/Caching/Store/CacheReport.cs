using System.Buffers;
using System.Text.Json;
using Perigee.Storage;

namespace Perigee.Caching.Store;

/// <summary>Writes what <c>GET /manage/v1/cache</c> says.</summary>
internal sealed class CacheReport(AnswerCache cache, CountStore counts, IEnumerable<ICacheReport> parts, TimeProvider time)
{
    private const int MostScopes = 200;

    private static readonly CacheEvent[] Hits = [CacheEvent.ExactMemory, CacheEvent.ExactTable, CacheEvent.Joined, CacheEvent.Equivalent, CacheEvent.Near];

    /// <summary>Writes the members.</summary>
    public async ValueTask WriteAsync(Utf8JsonWriter json, CacheFilter filter, CancellationToken cancel)
    {
        DateOnly since = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(1 - filter.Days);
        (Dictionary<CountScope, long[]> sums, bool whole) = await counts.SumAsync(since, cache.Counts.Days(), cancel);
        List<KeyValuePair<CountScope, long[]>> asked = [.. sums.Where(pair => filter.Takes(pair.Key))];
        long[] total = new long[CountDay.Events];
        foreach ((_, long[] numbers) in asked)
        {
            for (int i = 0; i < total.Length; i++)
                total[i] += numbers[i];
        }

        json.WriteString("object"u8, "cache");
        json.WriteString("since"u8, since.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteBoolean("allInstances"u8, whole);
        Write(json, total);
        json.WriteStartArray("scopes"u8);
        foreach ((CountScope scope, long[] numbers) in asked.Where(static pair => pair.Key != CountScope.Unknown)
            .OrderByDescending(static pair => Asked(pair.Value)).ThenBy(static pair => pair.Key.ToString(), StringComparer.Ordinal).Take(MostScopes))
        {
            json.WriteStartObject();
            json.WriteString("tenant"u8, scope.Tenant);
            json.WriteString("namespace"u8, scope.Namespace);
            json.WriteString("model"u8, scope.Model);
            Write(json, numbers);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("memory"u8);
        json.WriteString("instance"u8, cache.Instance);
        json.WriteNumber("entries"u8, cache.Memory.Count);
        json.WriteNumber("bytes"u8, cache.Memory.Bytes);
        json.WriteNumber("mostBytes"u8, cache.Memory.MostBytes);
        json.WriteEndObject();
        await WriteStorageAsync(json, cancel);
        foreach (ICacheReport part in parts)
            await WriteAsync(json, part, filter, cancel);
    }

    private static long Found(long[] numbers) => Hits.Sum(hit => numbers[(int)hit]);

    private static long Asked(long[] numbers) => Found(numbers) + numbers[(int)CacheEvent.Miss];

    private static void Write(Utf8JsonWriter json, long[] numbers)
    {
        // Of those that were looked for: who wants no replay cannot get one.
        if (Asked(numbers) is > 0 and var asked)
            json.WriteNumber("hitRate"u8, Math.Round((double)Found(numbers) / asked, 4));
        else
            json.WriteNull("hitRate"u8);
        json.WriteNumber("hits"u8, Found(numbers));
        json.WriteStartObject("counts"u8);
        for (int i = 0; i < numbers.Length; i++)
            json.WriteNumber(CountStore.NameOf((CacheEvent)i), numbers[i]);
        json.WriteEndObject();
    }

    private async ValueTask WriteStorageAsync(Utf8JsonWriter json, CancellationToken cancel)
    {
        json.WriteStartObject("storage"u8);
        json.WriteString("breaker"u8, cache.Breaker.State);
        json.WriteNumber("waitingWrites"u8, cache.WaitingWrites);
        json.WriteNumber("missedWrites"u8, cache.MissedWrites);
        try
        {
            List<(string Name, DateTimeOffset Until)> buckets = await cache.Buckets.ListAsync(cancel);
            json.WriteStartArray("buckets"u8);
            foreach ((string name, DateTimeOffset until) in buckets)
            {
                json.WriteStartObject();
                json.WriteString("table"u8, name);
                json.WriteString("droppedAfter"u8, until);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            json.WriteNull("buckets"u8);
        }

        json.WriteEndObject();
    }

    /// <summary>Each writes on paper of its own: one that fails half-way leaves no half.</summary>
    private static async ValueTask WriteAsync(Utf8JsonWriter json, ICacheReport part, CacheFilter filter, CancellationToken cancel)
    {
        ArrayBufferWriter<byte> own = new(1024);
        try
        {
            using Utf8JsonWriter inner = new(own);
            inner.WriteStartObject();
            await part.WriteAsync(inner, filter, cancel);
            inner.WriteEndObject();
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            json.WriteNull(part.Section);
            return;
        }

        json.WritePropertyName(part.Section);
        json.WriteRawValue(own.WrittenSpan);
    }
}
