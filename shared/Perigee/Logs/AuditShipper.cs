using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Perigee.Logs.Shipping;
using Perigee.Storage;

namespace Perigee.Logs;

/// <summary>
/// Ships the audit, each record byte for byte with its hash, so that the chain can be checked in the blobs alone. Nothing is ever dropped:
/// where no room is left, what asks for it waits, and is then refused.
/// </summary>
internal sealed class AuditShipper : IAuditSink, ILogLines<AuditEntry>, IDisposable
{
    /// <summary>How many records may wait for the storage.</summary>
    public const int Room = 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _room = new(Room, Room);
    private readonly LogQueue<AuditEntry> _queue = new(int.MaxValue);
    private readonly LogStream<AuditEntry> _stream;
    private readonly LogOrigin _origin;
    private readonly Redactor _redactor;
    private readonly TimeProvider _time;
    private readonly TakenFile? _taken;

    public AuditShipper(
        IStorage storage, GatewayHost host, IGatewayOptions options, Redactor redactor, TimeProvider time, ILogger<AuditShipper> log,
        LogMetrics? metrics = null, LogFolder? folder = null)
    {
        (_origin, _redactor, _time) = (new LogOrigin(host.Region, host.Instance), redactor, time);
        _taken = folder?.Taken(storage, host, LogSchema.Audit);
        _stream = new LogStream<AuditEntry>(
            LogSchema.Audit, _queue, this, givesUp: false, new(storage.Blobs("logs"), _origin, options, metrics ?? new LogMetrics(), time, log, _taken));
    }

    /// <summary>Processes before this one on the same machine that ended without a last word. Known once it has begun.</summary>
    public IReadOnlyList<string> Gone => _stream.Gone;

    /// <inheritdoc/>
    public async ValueTask TakeRoomAsync(CancellationToken cancel)
    {
        if (_room.Wait(0, CancellationToken.None))
            return;
        using CancellationTokenSource patience = new(Patience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            await _room.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new StorageException("The audit waits for the storage, and no more fits in memory.");
        }
    }

    /// <inheritdoc/>
    public void ReturnRoom() => _room.Release();

    /// <inheritdoc/>
    public void Keep(AuditEntry entry) => _queue.Add(entry, entry.Record.Length, (_, number) => _taken?.Set(number));

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Clean(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
            return json;
        ArrayBufferWriter<byte> clean = new(json.Length);
        using StreamRedactor stream = new(_redactor.SecretsOnly, clean);
        stream.Write(json.Span);
        stream.End();
        return clean.WrittenMemory;
    }

    /// <summary>Begins.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _stream.Start();
        return Task.CompletedTask;
    }

    /// <summary>Writes what waits, within four seconds.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _stream.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _room.Dispose();
    }

    DateTimeOffset ILogLines<AuditEntry>.TimeOf(AuditEntry item) => item.At;

    void ILogLines<AuditEntry>.Write(Utf8JsonWriter json, AuditEntry item, long sequence, List<LogObject> objects)
    {
        _origin.Begin(json, "audit"u8, item.At);
        json.WriteNumber("seq"u8, sequence);
        json.WriteString("id"u8, item.Id);
        json.WriteString("hash"u8, item.Hash);
        json.WritePropertyName("record"u8);
        json.WriteRawValue(item.Record.Span, skipInputValidation: true);
        json.WriteEndObject();
    }

    void ILogLines<AuditEntry>.Done(AuditEntry item) => _room.Release();
}
