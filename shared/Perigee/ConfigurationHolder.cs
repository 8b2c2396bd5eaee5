using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Perigee;

/// <summary>Holds the snapshot in force. The first one is read when this is made: a faulty configuration stops the start.</summary>
internal sealed partial class GatewayOptionsHolder : IGatewayOptions
{
    private readonly ConfigurationFile _file;
    private readonly ConfigurationReader _reader;
    private readonly ILogger<GatewayOptionsHolder> _logger;
    private GatewayOptions _current;
    private (string? Path, long Length, DateTime Written) _stamp;
    private string _hash;
    private readonly Lock _gate = new();
    private ConfigurationContent? _stored;
    private bool _gone;
    private string? _refusal;

    /// <summary>Reads the file.</summary>
    /// <exception cref="ConfigurationException">Every fault of it.</exception>
    public GatewayOptionsHolder(ConfigurationFile file, ConfigurationReader reader, ILogger<GatewayOptionsHolder> logger)
    {
        (_file, _reader, _logger) = (file, reader, logger);
        _stamp = file.Stamp();
        ConfigurationContent content = file.Read();
        _current = reader.Read(content.Bytes, content.Source);
        (_hash, Path) = (content.Hash, content.Path);
    }

    /// <inheritdoc/>
    public GatewayOptions Current => Volatile.Read(ref _current);

    /// <summary>The file that the snapshot came from, or null.</summary>
    public string? Path { get; private set; }

    /// <summary>Why a newer configuration than the one in force is not taken, or null.</summary>
    public string? Refusal => Volatile.Read(ref _refusal);

    /// <summary>Looks whether the file has changed. A good change is taken over, a bad one is logged once and the old snapshot goes on.</summary>
    public void Poll()
    {
        lock (_gate)
        {
            if (_stored is null)
                PollFile();
        }
    }

    /// <summary>A configuration that was put by the management API holds in the place of the file. One that cannot be used here is logged, and what holds goes on.</summary>
    public void TakeStored(ConfigurationContent content)
    {
        lock (_gate)
        {
            _stored = content;
            Take(content);
        }
    }

    /// <summary>The file holds again; nothing happens where it holds already.</summary>
    public void TakeFile()
    {
        lock (_gate)
        {
            if (_stored is null)
                return;
            _stored = null;
            _stamp = _file.Stamp();
            Reread();
        }
    }

    /// <summary>Something that the environment says has changed: the same content is read once more.</summary>
    public void Reread()
    {
        lock (_gate)
        {
            try
            {
                Take(_stored ?? _file.Read());
            }
            catch (ConfigurationException refused)
            {
                Refuse(refused);
            }
        }
    }

    private void Take(ConfigurationContent content)
    {
        try
        {
            Volatile.Write(ref _current, _reader.Read(content.Bytes, content.Source));
            (Path, _hash, _refusal) = (content.Path, content.Hash, null);
            LogTaken(content.Source);
        }
        catch (ConfigurationException refused)
        {
            Refuse(refused);
        }
    }

    private void Refuse(ConfigurationException refused)
    {
        if (refused.Message != _refusal)
            LogRefused(refused.Message);
        _refusal = refused.Message;
    }

    private void PollFile()
    {
        (string? Path, long Length, DateTime Written) stamp = _file.Stamp();
        if (stamp == _stamp)
            return;
        if (stamp.Path is null)
        {
            // An editor that replaces a file leaves a moment without one: what is in force stays in force.
            if (!_gone)
                LogGone(Path ?? "perigee.json");
            _gone = true;
            return;
        }

        _gone = false;
        ConfigurationContent? content = null;
        try
        {
            content = _file.Read();
            if (content.Hash != _hash)
            {
                // Remembered before it is judged: a bad content is judged once.
                _hash = content.Hash;
                Volatile.Write(ref _current, _reader.Read(content.Bytes, content.Source));
                Path = content.Path;
                LogTaken(content.Source);
            }

            (_stamp, _refusal) = (stamp, null);
        }
        catch (ConfigurationException refused)
        {
            // Without content the file could not be read: that may pass, so the stamp stays old and the next poll tries again.
            if (content is not null)
                _stamp = stamp;
            Refuse(refused);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The changed configuration in {Source} is in force.")]
    private partial void LogTaken(string source);

    [LoggerMessage(Level = LogLevel.Error, Message = "A changed configuration was refused; the old one stays in force. {Faults}")]
    private partial void LogRefused(string faults);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Source} is gone; what it said stays in force.")]
    private partial void LogGone(string source);
}

/// <summary>Polls the file: a file watcher is not dependable on network shares and in containers.</summary>
internal sealed class ConfigurationWatch(GatewayOptionsHolder holder, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private ITimer? _timer;
    private int _busy;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => Poll(), null, Period, Period);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _timer, null)?.Dispose();

    private void Poll()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            holder.Poll();
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }
}
