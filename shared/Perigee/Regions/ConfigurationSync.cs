using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>
/// Takes over the configuration that was put by the management API, and goes back to the file where it was taken away. At start it is waited for, though not for
/// long: without the storage the file holds, and the process is not ready before it knows.
/// </summary>
internal sealed partial class ConfigurationSync(
    ConfigurationStore store, GatewayOptionsHolder holder, TimeProvider time, ILogger<ConfigurationSync> log) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private ITimer? _timer;
    private string _hash = "";
    private int _busy;
    private bool _known;

    /// <summary>Whether it is known which configuration is in force: once the storage has answered.</summary>
    public bool IsKnown => Volatile.Read(ref _known);

    /// <summary>SHA-256 of the stored configuration that was last looked at; empty for none.</summary>
    public string Hash => Volatile.Read(ref _hash);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = new(Patience, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        await LookAsync(both.Token);
        cancellationToken.ThrowIfCancellationRequested();
        _timer = time.CreateTimer(_ => _ = LookAsync(CancellationToken.None), null, Period, Period);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _timer, null)?.Dispose();

    /// <summary>Looks once. Never throws: what cannot be read now is read the next time.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            StoredConfiguration? found = await store.FindOwnAsync(cancel);
            string hash = found?.Hash ?? "";
            if (hash != _hash || !IsKnown)
                await TakeAsync(hash, cancel);
            Volatile.Write(ref _known, true);
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            if (!IsKnown)
                LogUnknown(fault);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private async ValueTask TakeAsync(string hash, CancellationToken cancel)
    {
        if (hash.Length == 0)
        {
            holder.TakeFile();
        }
        else
        {
            byte[] bytes = await store.ReadOwnAsync(hash, cancel) ?? throw new StorageException("The configuration's blob is not there.");
            if (ConfigurationStore.HashOf(bytes) != hash)
                throw new StorageException("The configuration's blob is not what it is named by.");
            holder.TakeStored(new ConfigurationContent($"stored configuration {hash[..12]}", bytes, hash));
        }

        Volatile.Write(ref _hash, hash);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether a configuration was put by the management API could not be read: perigee.json holds until it can.")]
    private partial void LogUnknown(Exception fault);
}
