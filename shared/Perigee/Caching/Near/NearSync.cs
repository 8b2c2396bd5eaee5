using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Embedding;
using Perigee.Storage;

namespace Perigee.Caching.Near;

/// <summary>
/// Keeps the namespaces of all instances in step: what one keeps stands in a table within a fraction of a second, and those who are asked about
/// the same namespace read it every two seconds. A namespace that is new here is read from its last snapshot and the changes since. No request
/// waits for any of it, and where the storage does not answer there are misses.
/// </summary>
internal sealed partial class NearSync : BackgroundService
{
    /// <summary>How far readers look back: the time that a write may take and what clocks may differ by.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromSeconds(6);

    private const int Readers = 4;
    private const int MostSpaces = 512;
    private const long MostBytes = 512L * 1024 * 1024;

    /// <summary>How often what is due is looked for.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);

    /// <summary>How often changes of one namespace are read.</summary>
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(2);

    /// <summary>A namespace that nobody asked about for so long is not read any more, until somebody asks.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(3);

    /// <summary>And after so long it is forgotten.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LoadPatience = TimeSpan.FromMinutes(2);

    private readonly IStorage _storage;
    private readonly NearPlaces _places;
    private readonly NearSnapshots _snapshots;
    private readonly NearKeeper _keeper;
    private readonly NearWriter _writer;
    private readonly TimeProvider _time;
    private readonly ILogger<NearSync> _log;
    private readonly ConcurrentDictionary<(string Name, string Version), NearSpace> _spaces = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Makes it; nothing is read or written before somebody asks.</summary>
    /// <param name="storage">What instances share.</param>
    /// <param name="mostTtl">The longest life of an entry.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Takes what went wrong.</param>
    /// <param name="instance">This instance, in letters and digits; null makes a name.</param>
    public NearSync(IStorage storage, TimeSpan mostTtl, TimeProvider time, ILogger<NearSync> log, string? instance = null)
    {
        (_storage, _time, _log) = (storage, time, log);
        instance ??= Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        _places = new NearPlaces(mostTtl);
        _snapshots = new NearSnapshots(storage.Blobs(NearPlaces.Name), instance, Counts);
        _keeper = new NearKeeper(storage, _places, _snapshots, instance, time);
        _writer = new NearWriter(storage, _places, instance, Counts, time, log);
    }

    /// <summary>What was done.</summary>
    public NearCounts Counts { get; } = new();

    /// <summary>Changes that wait to be written for others.</summary>
    public int Unwritten => _writer.Unwritten;

    /// <summary>
    /// The namespace. One that is not known here begins to be read; until that is done <see cref="NearSpace.Loaded"/> is false.
    /// </summary>
    public NearSpace Open(string name, ITextEmbedder embedder, int mostEntries)
    {
        if (!_spaces.TryGetValue((name, embedder.Version), out NearSpace? space))
            space = _spaces.GetOrAdd((name, embedder.Version), static (key, with) => new NearSpace(key.Name, with.embedder, with.mostEntries, with._time), (embedder, mostEntries, _time));
        bool wake = !space.Loaded || space.Idle >= Quiet;
        space.Ask();
        if (wake)
            _wake.Writer.TryWrite(true);
        return space;
    }

    /// <summary>Keeps an entry: here at once, for others soon.</summary>
    public void Keep(NearSpace space, in NearDelta change)
    {
        // Two changes of one entry in one tick of the clock: the second counts.
        if (space.Apply(change))
            _writer.Add(space, change);
    }

    /// <summary>Takes an entry out of one namespace, whatever made its vectors: here at once, for others soon.</summary>
    public void Remove(string name, string id)
    {
        foreach (((string Name, string Version) key, NearSpace space) in _spaces)
        {
            if (key.Name == name)
                Keep(space, NearDelta.Gone(id, _time.GetUtcNow().UtcTicks));
        }
    }

    /// <summary>Writes an object of what is in memory and what was done.</summary>
    public void WriteReport(Utf8JsonWriter json)
    {
        long entries = 0;
        long bytes = 0;
        foreach (NearIndex index in _spaces.Values.Select(static space => space.Index).OfType<NearIndex>())
            (entries, bytes) = (entries + index.Count, bytes + index.Bytes);
        json.WriteStartObject();
        json.WriteNumber("namespaces", _spaces.Count);
        json.WriteNumber("entries", entries);
        json.WriteNumber("bytes", bytes);
        json.WriteNumber("written", Counts.Written);
        json.WriteNumber("waiting", Unwritten);
        json.WriteNumber("not_shared", Counts.Dropped);
        json.WriteNumber("taken_from_others", Counts.Taken);
        json.WriteNumber("damaged", Counts.Damaged);
        json.WriteNumber("of_other_embedders", Counts.Foreign);
        json.WriteNumber("storage_failures", Counts.Failures);
        json.WriteNumber("loads", Counts.Loads);
        json.WriteNumber("snapshots", Counts.Snapshots);
        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _writer.Complete();
        if (ExecuteTask is { } running)
            await Task.WhenAll(base.StopAsync(cancellationToken), running).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_writer.RunAsync(stoppingToken), FollowAsync(stoppingToken));

    private async Task FollowAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                NearSpace[] due = [.. _spaces.Values.Where(IsDue)];
                await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = stop }, StepAsync);
                ForgetQuiet();
                if (!_spaces.IsEmpty)
                    await _keeper.CleanAsync(stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                Counts.AddFailure();
                LogFailure(_log, e.Message);
            }
            catch (Exception)
            {
                // The process ends.
                return;
            }

            await WaitAsync(stop);
        }
    }

    /// <summary>Until the next tick, or until somebody asks about a namespace that is not read.</summary>
    private async Task WaitAsync(CancellationToken stop)
    {
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task tick = Task.Delay(Tick, _time, enough.Token);
        Task<bool> wake = _wake.Reader.WaitToReadAsync(enough.Token).AsTask();
        await Task.WhenAny(tick, wake);
        _wake.Reader.TryRead(out _);
        await enough.CancelAsync();
        await Task.WhenAll(tick, wake).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool IsDue(NearSpace space)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return now >= space.NotBefore && space.Idle < Quiet && (!space.Loaded || now - space.ReadTo >= ReadEvery);
    }

    private async ValueTask StepAsync(NearSpace space, CancellationToken stop)
    {
        try
        {
            using CancellationTokenSource patience = new(space.Loaded ? Patience : LoadPatience, _time);
            using CancellationTokenRegistration stopping = stop.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
            if (space.Loaded)
                await ReadAsync(space, space.ReadTo, patience.Token);
            else if (await space.Embedder.PrepareAsync(patience.Token) && space.Index is not null)
                await LoadAsync(space, patience.Token);
            else
                throw new StorageException("there is no embedder");
            space.Failures = 0;
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            Counts.AddFailure();
            LogFailure(_log, e.Message);
            TimeSpan pause = TimeSpan.FromSeconds(1 << Math.Min(space.Failures++, 5));
            space.NotBefore = _time.GetUtcNow() + (pause < LongestBackOff ? pause : LongestBackOff);
            return;
        }

        await SnapshotAsync(space, stop);
    }

    private async Task LoadAsync(NearSpace space, CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        DateTimeOffset oldest = now - _places.Span;
        DateTimeOffset? until = await _snapshots.ReadAsync(space, cancel);
        space.Settle(space.Changes);
        space.SnapshotTo = until ?? now;
        await ReadAsync(space, until > oldest ? until.Value : oldest, cancel);
        Counts.AddLoad();
        space.Done();
    }

    private async Task ReadAsync(NearSpace space, DateTimeOffset from, CancellationToken cancel)
    {
        DateTimeOffset started = _time.GetUtcNow();
        from -= Overlap;
        foreach ((string table, string partition) in _places.Hours(space.Hash, from, started + Overlap))
        {
            await foreach (TableRow row in _storage.Table(table).ReadAsync(partition, NearDelta.RowsFrom(from), null, cancel))
                Take(space, row);
        }

        space.ReadTo = started;
    }

    private void Take(NearSpace space, TableRow row)
    {
        if (NearDelta.FromRow(row) is not { } change)
        {
            Counts.AddDamaged();
        }
        else if (row.Text("embedder") != space.Embedder.Version || (change.Vector is { } vector && vector.Length != space.Index!.Stride))
        {
            Counts.AddForeign();
        }
        else if (space.Apply(change))
        {
            Counts.AddTaken();
        }
    }

    private async Task SnapshotAsync(NearSpace space, CancellationToken stop)
    {
        try
        {
            using CancellationTokenSource patience = new(LoadPatience, _time);
            using CancellationTokenRegistration stopping = stop.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
            await _keeper.SnapshotAsync(space, patience.Token);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            Counts.AddFailure();
            LogFailure(_log, e.Message);
        }
    }

    /// <summary>Lets namespaces go that nobody asks about; the quietest first where there are too many.</summary>
    private void ForgetQuiet()
    {
        long bytes = 0;
        int count = 0;
        foreach (((string, string) key, NearSpace space) in _spaces.OrderBy(static pair => pair.Value.Idle))
        {
            bytes += space.Index?.Bytes ?? 0;
            if (space.Idle >= Forgotten || ++count > MostSpaces || (bytes > MostBytes && count > 1))
                _spaces.TryRemove(key, out _);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Questions of other instances are not read: {Why}")]
    private static partial void LogFailure(ILogger log, string why);
}
