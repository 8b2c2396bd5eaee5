using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Routing.Health;

/// <summary>
/// Tells the other instances of the region which breakers opened and closed, and hears it from them: a row per target, written on changes
/// only, and one read of all rows every two seconds while requests are served. No request waits for either; while the storage is down each
/// instance goes by what it sees itself.
/// </summary>
internal sealed partial class SharedHealth : BackgroundService
{
    /// <summary>The most targets of which this instance says that they are open. Clients may name any model, and one that is none is unusable.</summary>
    private const int MostOpen = 256;

    /// <summary>Tries to write a row that others write as well.</summary>
    private const int MostTries = 5;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);
    private static readonly TimeSpan LastChance = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly ITable _table;
    private readonly TargetStates _states;
    private readonly TimeProvider _time;
    private readonly ILogger<SharedHealth> _log;
    private readonly ITextRedactor? _texts;
    private readonly string _partition;
    private readonly string _instance;
    private readonly Channel<TargetState> _changed = Channel.CreateUnbounded<TargetState>();
    private readonly Channel<bool> _woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _told = new(StringComparer.Ordinal);
    private readonly Lock _warning = new();
    private DateTimeOffset _warned = DateTimeOffset.MinValue;
    private Task? _writing;
    private volatile Doing _writer;
    private volatile Doing _reader;

    public SharedHealth(IStorage storage, GatewayHost host, TargetStates states, TimeProvider time, ILogger<SharedHealth> log, ITextRedactor? texts = null)
    {
        _table = storage.Table("health");
        (_states, _time, _log, _texts) = (states, time, log, texts);
        (_partition, _instance) = (HealthRow.Key(host.Region), host.Instance);
        states.Changed = Queue;
        states.Woken = () => _woken.Writer.TryWrite(true);
    }

    /// <summary>Whether nothing is left to do until the clock moves or something changes.</summary>
    public bool Rests
    {
        get
        {
            // In this order: what is taken out of a channel is taken by one that is known to be busy.
            (bool nothingWoken, bool nothingChanged) = (_woken.Reader.Count == 0, _changed.Reader.Count == 0);
            return RestsNow(_reader, nothingWoken) && RestsNow(_writer, nothingChanged);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What has changed is still told; a storage that does not answer holds nobody.
        _changed.Writer.TryComplete();
        if (_writing is { } writing)
            await writing.WaitAsync(LastChance, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _writing = WriteAllAsync(stoppingToken);
        return Task.WhenAll(_writing, ReadAllAsync(stoppingToken));
    }

    private static bool RestsNow(Doing doing, bool nothing) => doing == Doing.Pausing || (doing == Doing.Waiting && nothing);

    /// <summary>A target waits once, however often it changes meanwhile: what is written is how it stands then.</summary>
    private void Queue(TargetState state)
    {
        bool first;
        lock (_waiting)
            first = _waiting.Add(state.Name);
        if (first)
            _changed.Writer.TryWrite(state);
    }

    private async Task WriteAllAsync(CancellationToken stopping)
    {
        try
        {
            while (await _changed.Reader.WaitToReadAsync(stopping))
            {
                _writer = Doing.Working;
                while (_changed.Reader.TryRead(out TargetState? state))
                {
                    lock (_waiting)
                        _waiting.Remove(state.Name);
                    while (!await TryTellAsync(state, stopping))
                    {
                        Task pause = Task.Delay(Pause, _time, stopping);
                        _writer = Doing.Pausing;
                        await pause;
                        _writer = Doing.Working;
                    }
                }

                _writer = Doing.Waiting;
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private async Task<bool> TryTellAsync(TargetState state, CancellationToken stopping)
    {
        BreakerNews news = state.News();

        // A model's name may be what a client made up: a key or an address stands in no table.
        if ((_texts is { } texts && texts.Redact(state.Name) != state.Name) || !MayTell(state.Name, news))
            return true;
        using CancellationTokenSource patience = new(Patience, _time);
        using CancellationTokenRegistration stop = stopping.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
        try
        {
            await BoundedAsync(WriteAsync(state.Name, news, patience.Token), patience.Token);
            return true;
        }
        catch (Exception fault) when (!stopping.IsCancellationRequested)
        {
            Warn(fault);
            return false;
        }
    }

    /// <summary>Whose finding is the latest, that one stays.</summary>
    private async Task WriteAsync(string name, BreakerNews news, CancellationToken cancel)
    {
        TableRow row = HealthRow.Of(_partition, name, news, _instance);
        for (int i = 0; i < MostTries; i++)
        {
            TableRow? old = await _table.FindAsync(row.Partition, row.Row, cancel);
            if (old is not null && HealthRow.At(old) > news.At)
                return;
            row.ETag = old?.ETag;
            if ((await _table.WriteAsync(row, old is null ? WriteWhen.Absent : WriteWhen.Unchanged, cancel)).Written)
                return;
        }
    }

    private bool MayTell(string name, in BreakerNews news)
    {
        if (news.OpenUntil is not { } until)
        {
            _told.Remove(name);
            return true;
        }

        if (_told.Count >= MostOpen && !_told.ContainsKey(name))
        {
            DateTimeOffset now = _time.GetUtcNow();
            foreach (string over in _told.Where(told => told.Value < now).Select(told => told.Key).ToList())
                _told.Remove(over);
            if (_told.Count >= MostOpen)
                return false;
        }

        _told[name] = until;
        return true;
    }

    private async Task ReadAllAsync(CancellationToken stopping)
    {
        try
        {
            // An idle instance reads nothing.
            while (await _woken.Reader.WaitToReadAsync(stopping))
            {
                _reader = Doing.Working;
                _woken.Reader.TryRead(out _);
                do
                {
                    await ReadAsync(stopping);
                    Task pause = Task.Delay(Every, _time, stopping);
                    _reader = Doing.Pausing;
                    await pause;
                    _reader = Doing.Working;
                }
                while (_states.IsActive);
                _reader = Doing.Waiting;
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private async Task ReadAsync(CancellationToken stopping)
    {
        using CancellationTokenSource patience = new(Patience, _time);
        using CancellationTokenRegistration stop = stopping.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
        try
        {
            await BoundedAsync(MergeAsync(patience.Token), patience.Token);
        }
        catch (Exception fault) when (!stopping.IsCancellationRequested)
        {
            Warn(fault);
        }
    }

    private async Task MergeAsync(CancellationToken cancel)
    {
        List<TableRow>? old = null;
        await foreach (TableRow row in _table.ReadAsync(_partition, null, null, cancel))
        {
            if (HealthRow.At(row) is not { } at || _time.GetUtcNow() - at > Kept)
                (old ??= []).Add(row);
            else if (row.Text("instance") != _instance && HealthRow.Read(row) is { } read)
                Merge(read.Target, read.News);
        }

        foreach (TableRow row in old ?? [])
            await _table.RemoveAsync(row.Partition, row.Row, row.ETag, cancel);
    }

    private void Merge(string target, in BreakerNews news)
    {
        // That a target works, or did not long ago, is no news of one that was never met.
        TargetState? state = news.OpenUntil is { } until && until > _time.GetUtcNow() - Lately ? _states.Of(target) : _states.Find(target);
        state?.Merge(news);
    }

    /// <summary>The adapter is not trusted to honour the token at once; what becomes of it then is nobody's fault.</summary>
    private static Task BoundedAsync(Task work, CancellationToken cancel)
    {
        _ = work.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return work.WaitAsync(cancel);
    }

    private void Warn(Exception fault)
    {
        DateTimeOffset now = _time.GetUtcNow();
        lock (_warning)
        {
            if (now - _warned < Quiet)
                return;
            _warned = now;
        }

        LogDown(_log, fault.Message);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The health of targets is not shared with other instances for the moment: {Why}")]
    private static partial void LogDown(ILogger log, string why);

    private enum Doing
    {
        Waiting,
        Working,
        Pausing,
    }
}
