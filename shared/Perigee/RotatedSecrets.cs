using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee;

/// <summary>
/// Keys of providers as a vault has them, over those of the environment: read at start, every minute, and at once (but not more than every ten seconds) where a provider
/// says that a key is not valid. A changed key is in force without a restart. While the vault does not answer what was last read holds.
/// </summary>
internal sealed partial class RotatedSecrets(TimeProvider time, ILogger<RotatedSecrets> log, ISecretSource? source = null) : IExchangeSink
{
    /// <summary>How often the vault is read.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(10);

    private Dictionary<string, string> _secrets = new(StringComparer.Ordinal);
    private long _readAt = long.MinValue;
    private int _busy;
    private bool _down;

    /// <summary>Told when a secret has changed.</summary>
    public event Action? Changed;

    /// <summary>Whether there is a vault.</summary>
    public bool IsOn => source is not null;

    /// <summary>The secret that stands for an environment variable, or null. The gateway's own settings are not taken from a vault.</summary>
    public string? Find(string variable) =>
        Volatile.Read(ref _secrets).TryGetValue(variable, out string? value) && !variable.StartsWith("PERIGEE_", StringComparison.OrdinalIgnoreCase) ? value : null;

    /// <inheritdoc/>
    public bool Wants(GatewayOptions options) => source is not null;

    /// <inheritdoc/>
    public void Take(ExchangeRecord record)
    {
        foreach (Attempt attempt in record.Attempts)
        {
            if (attempt.Status == 401 && (_readAt == long.MinValue || time.GetElapsedTime(_readAt) >= LeastPause))
                _ = ReadAsync(CancellationToken.None);
        }
    }

    /// <summary>Reads the vault once. Never throws.</summary>
    public async Task ReadAsync(CancellationToken cancel)
    {
        if (source is null || Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            _readAt = time.GetTimestamp();
            IReadOnlyDictionary<string, string> now = await source.ReadAsync(cancel);
            Dictionary<string, string> before = _secrets;
            string[] changed = [.. now.Where(pair => before.GetValueOrDefault(pair.Key) != pair.Value).Select(static pair => pair.Key), .. before.Keys.Where(name => !now.ContainsKey(name))];
            Volatile.Write(ref _secrets, new Dictionary<string, string>(now, StringComparer.Ordinal));
            _down = false;
            if (changed.Length == 0)
                return;
            string names = string.Join(", ", changed.Order(StringComparer.Ordinal));
            LogChanged(names, source.Location);
            Changed?.Invoke();
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            if (!_down)
                LogDown(fault, source.Location);
            _down = true;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Names} were read of {Vault} and are in force.")]
    private partial void LogChanged(string names, string vault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Vault} does not give its secrets: those that are known hold.")]
    private partial void LogDown(Exception fault, string vault);
}

/// <summary>Reads the vault at start and from time to time.</summary>
internal sealed class SecretWatch(RotatedSecrets secrets, GatewayOptionsHolder holder, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private ITimer? _timer;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!secrets.IsOn)
            return;
        secrets.Changed += holder.Reread;
        using CancellationTokenSource patience = new(Patience, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        await secrets.ReadAsync(both.Token);
        _timer = time.CreateTimer(_ => _ = secrets.ReadAsync(CancellationToken.None), null, RotatedSecrets.Period, RotatedSecrets.Period);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _timer, null)?.Dispose();
}
