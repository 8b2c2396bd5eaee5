using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Logs;
using Perigee.Storage;

namespace Perigee.Tests.Usage;

/// <summary>Records on their way into blobs, by the real shipper.</summary>
internal static class Shipping
{
    /// <summary>Writes them as one instance would at that moment.</summary>
    public static async Task ShipAsync(IStorage storage, string region, DateTimeOffset at, IEnumerable<ExchangeRecord> records)
    {
        using LogShipper shipper = new(
            storage, new GatewayHost { Mode = "local", Region = region, Instance = "abcd1234" }, new UsageRig(storage).Options, new Redactor(["sk-"]), new FakeTimeProvider(at), NullLogger<LogShipper>.Instance);
        foreach (ExchangeRecord record in records)
            shipper.Take(record);
        await shipper.StartAsync(default);
        await shipper.StopAsync(default);
    }

    /// <summary>The line of one.</summary>
    public static byte[] Line(ExchangeRecord record)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
            new LogLine(new LogOrigin("local", "i"), new CleanTexts(new Redactor(["sk-"]), null)).Write(json, record);
        return buffer.WrittenSpan.ToArray();
    }
}
