using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>
/// What was done through the management API: one record before each change, so that nothing is changed of which there is none; one more where
/// the change then failed. Records are written once and never again, a partition a day, and chained: each holds the SHA-256 of the one before
/// it of the same process, so that one that is taken out or changed shows.
/// </summary>
internal sealed partial class AuditLog(SharedTables tables, GatewayHost host, TimeProvider time, ILogger<AuditLog> log, IAuditSink? sink = null) : IDisposable
{
    private const int Tries = 3;

    private readonly ITable _table = tables.HomeStorage.Table("audit");
    private readonly SemaphoreSlim _turn = new(1, 1);
    private string _chain = NewChain(host);
    private long _sequence;
    private long _lastMillisecond;
    private string _previous = "";

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>Writes what is about to be done.</summary>
    /// <param name="who">Who does it.</param>
    /// <param name="action">What, as <c>key.create</c>.</param>
    /// <param name="target">The id of what it is done to, or the path.</param>
    /// <param name="before">What it was, as JSON without secrets; empty for nothing.</param>
    /// <param name="after">What it is to be, or what was asked for.</param>
    /// <param name="request">The id of the request.</param>
    /// <param name="cancel">Gives up; then nothing may be changed.</param>
    /// <returns>The record's id.</returns>
    /// <exception cref="StorageException">It is not known to be written: nothing may be changed.</exception>
    public ValueTask<string> WriteAsync(
        Manager who, string action, string target, ReadOnlyMemory<byte>? before, ReadOnlyMemory<byte> after, string request, CancellationToken cancel) =>
        AppendAsync(who, action, target, before ?? default, after, request, null, cancel);

    /// <summary>Makes a change with a record before it, and one more where it fails or turns out not to be made.</summary>
    /// <param name="http">The request, behind the guard.</param>
    /// <param name="action">What is done.</param>
    /// <param name="target">The id of what it is done to.</param>
    /// <param name="before">What it was; empty for nothing.</param>
    /// <param name="after">What it is to be; empty for nothing.</param>
    /// <param name="change">Makes it, and says whether it was made.</param>
    /// <exception cref="StorageException">Nothing was changed, or it is not known.</exception>
    public async ValueTask<bool> ChangeAsync(
        HttpContext http, string action, string target, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, Func<ValueTask<bool>> change)
    {
        Manager who = Manager.Of(http);
        string id = await WriteAsync(who, action, target, before, after, http.TraceIdentifier, http.RequestAborted);
        bool made = false;
        try
        {
            return made = await change();
        }
        finally
        {
            if (!made)
                await WriteFailedAsync(who, action, target, id, http.TraceIdentifier);
        }
    }

    /// <summary>Adds that a change of which there is a record did not come about. Never throws: the change is known to have failed all the same.</summary>
    public async ValueTask WriteFailedAsync(Manager who, string action, string target, string of, string request)
    {
        try
        {
            await AppendAsync(who, action, target, default, default, request, of, CancellationToken.None);
        }
        catch (StorageException)
        {
            LogLost(log, of);
        }
    }

    /// <summary>The records of one day behind an id, the oldest first.</summary>
    public IAsyncEnumerable<TableRow> ReadAsync(DateOnly day, string? from, string? to, CancellationToken cancel) =>
        _table.ReadAsync(PartitionOf(day), from, to, cancel);

    /// <summary>The record of a row, as it was hashed.</summary>
    public static ReadOnlyMemory<byte> BodyOf(TableRow row) => RowBody.Read(row) ?? default;

    /// <summary>The hash by which the next record names this one.</summary>
    public static string HashOf(ReadOnlySpan<byte> record) => Convert.ToHexStringLower(SHA256.HashData(record));

    private async ValueTask<string> AppendAsync(
        Manager who, string action, string target, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, string request, string? failed, CancellationToken cancel)
    {
        if (sink is not null)
            await sink.TakeRoomAsync(cancel);
        bool kept = false;
        try
        {
            await _turn.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            sink?.ReturnRoom();
            throw;
        }

        try
        {
            DateTimeOffset now = time.GetUtcNow();

            // A millisecond of its own for each: ids of one process are in the order of its chain.
            _lastMillisecond = Math.Max(now.ToUnixTimeMilliseconds(), _lastMillisecond + 1);
            DateTimeOffset turn = DateTimeOffset.FromUnixTimeMilliseconds(_lastMillisecond);
            string id = Guid.CreateVersion7(turn).ToString("N");
            byte[] record = Write(id, now, who, action, target, before, after, request, failed);
            TableRow row = new(PartitionOf(DateOnly.FromDateTime(turn.UtcDateTime)), id);
            RowBody.Write(row, record);
            await WriteOnceAsync(row, cancel);
            (_previous, _sequence) = (HashOf(record), _sequence + 1);
            kept = true;
            sink?.Keep(new AuditEntry(id, now, record, _previous));
            return id;
        }
        finally
        {
            if (!kept)
                sink?.ReturnRoom();
            _turn.Release();
        }
    }

    private async ValueTask WriteOnceAsync(TableRow row, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                // Nobody else has this id: who finds the row there has written it, and lost the reply.
                await _table.WriteAsync(row, WriteWhen.Absent, cancel);
                return;
            }
            catch (Exception e) when (e is StorageException or OperationCanceledException)
            {
                if (e is StorageException && attempt < Tries)
                    continue;

                // It may have been written or not: what follows begins a chain of its own instead of naming a record that may not exist.
                (_chain, _sequence, _previous) = (NewChain(host), 0, "");
                throw;
            }
        }
    }

    private byte[] Write(
        string id, DateTimeOffset now, Manager who, string action, string target, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, string request, string? failed)
    {
        ArrayBufferWriter<byte> body = new(1024);
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id);
            json.WriteString("object"u8, "audit.record");
            json.WriteString("at"u8, now.UtcDateTime);
            json.WriteStartObject("who"u8);
            json.WriteString("kind"u8, who.Kind);
            json.WriteString("id"u8, who.Id);
            json.WriteString("name"u8, who.Name);
            json.WriteString("role"u8, ManagementRoles.WordOf(who.Role));
            json.WriteEndObject();
            json.WriteString("action"u8, action);
            json.WriteString("target"u8, target.Length > 200 ? target[..200] : target);
            json.WriteString("requestId"u8, request);
            if (failed is not null)
                json.WriteString("failed"u8, failed);
            WriteRaw(json, "before", before);
            WriteRaw(json, "after", after);
            json.WriteString("chain"u8, _chain);
            json.WriteNumber("sequence"u8, _sequence);
            json.WriteString("previous"u8, _previous);
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private void WriteRaw(Utf8JsonWriter json, string name, ReadOnlyMemory<byte> value)
    {
        if (sink is not null)
            value = sink.Clean(value);
        if (value.IsEmpty)
        {
            json.WriteNull(name);
            return;
        }

        // What was asked for is kept as it came where it is JSON, and not at all where it is none: the handler refuses it.
        try
        {
            using JsonDocument document = JsonDocument.Parse(ReadableJson.Of(value));
            json.WritePropertyName(name);
            document.RootElement.WriteTo(json);
        }
        catch (JsonException)
        {
            json.WriteNull(name);
        }
    }

    private static string PartitionOf(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string NewChain(GatewayHost host) => $"{host.Region}-{host.Instance}-{Guid.NewGuid().ToString("N")[..8]}";

    [LoggerMessage(Level = LogLevel.Error, Message = "That the change of audit record {Id} failed could not be written to the audit.")]
    private static partial void LogLost(ILogger log, string id);
}
