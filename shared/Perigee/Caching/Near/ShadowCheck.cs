using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Caching.Near;

/// <summary>A semantic hit that is to be checked.</summary>
/// <param name="Scope">The tenant's namespace.</param>
/// <param name="CachedText">What was answered.</param>
/// <param name="AskFresh">Asks the question anew and gives the text of the answer; null where there is none.</param>
/// <param name="Remove">Removes the entry.</param>
/// <param name="MostErrorPercent">The share of errors, in percent, that must not be exceeded.</param>
internal sealed record ShadowCase(string Scope, string CachedText, Func<CancellationToken, ValueTask<string?>> AskFresh, Action Remove, double MostErrorPercent)
{
    /// <summary>A model that judges whether two answers say the same; null where words decide. What it cannot say, words do.</summary>
    public Func<string, string, CancellationToken, ValueTask<bool?>>? Judge { get; init; }
}

/// <summary>
/// Checks a share of semantic hits against a fresh answer, behind the request: an entry that disagrees is removed, and where the measured share
/// of errors is beyond doubt too large, semantic hits stop until an operator resumes them. What is found counts over all instances.
/// </summary>
internal sealed partial class ShadowCheck : BackgroundService
{
    private const int MostWaiting = 64;
    private const int Checkers = 2;
    private const int MostScopes = 10_000;
    private const string Others = "(others)";
    private const int MostTries = 8;
    private const int Readers = 4;

    /// <summary>Scopes in a report: the stopped ones first, then those that were checked most.</summary>
    private const int MostReported = 200;

    /// <summary>How often the row of a scope is read while there is traffic.</summary>
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AskPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StoragePatience = TimeSpan.FromSeconds(10);

    private readonly ITable _table;
    private readonly Func<double> _dice;
    private readonly TimeProvider _time;
    private readonly ILogger<ShadowCheck> _log;
    private readonly ConcurrentDictionary<string, ShadowScope> _scopes = new(StringComparer.Ordinal);
    private readonly Channel<ShadowCase> _waiting;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private long _dropped;
    private long _failed;
    private long _removed;
    private long _storageFailures;

    /// <summary>Makes it.</summary>
    /// <param name="storage">What instances share.</param>
    /// <param name="dice">A number from 0 to under 1, on any thread.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Takes what went wrong.</param>
    public ShadowCheck(IStorage storage, Func<double> dice, TimeProvider time, ILogger<ShadowCheck> log)
    {
        (_table, _dice, _time, _log) = (storage.Table(NearKeeper.Table), dice, time, log);
        _waiting = Channel.CreateBounded<ShadowCase>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite }, _ => Interlocked.Increment(ref _dropped));
    }

    /// <summary>Checks that were not made because too many waited.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Checks that got no fresh answer.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Whether semantic hits are served in this scope. Every semantic look-up asks; the answer is at most a few seconds old.</summary>
    public bool Allows(string scope)
    {
        ShadowScope found = Scope(scope);
        found.Asked = _time.GetTimestamp();
        if (found.Read == 0)
            _wake.Writer.TryWrite(true);
        return found.StoppedBy is null;
    }

    /// <summary>Whether this hit is to be checked.</summary>
    public bool Draws(ShadowOptions options) => options.Percent > 0 && _dice() * 100 < options.Percent;

    /// <summary>Queues a check.</summary>
    public void Check(ShadowCase hit) => _waiting.Writer.TryWrite(hit);

    /// <summary>Counts what would have been a hit where a tier only watches.</summary>
    public void CountWouldHit(string scope, string tier) => Scope(scope).AddWouldHit(tier);

    /// <summary>Counts why a near question was not the same, or why a question stays exact.</summary>
    public void CountRefused(string scope, string reason) => Scope(scope).AddRefused(reason);

    /// <summary>An operator lets semantic hits be served again. What was measured is forgotten.</summary>
    /// <returns>False where the storage did not take it.</returns>
    public ValueTask<bool> ResumeAsync(string scope, CancellationToken cancel) => DecideAsync(scope, stop: false, cancel);

    /// <summary>An operator stops semantic hits.</summary>
    /// <returns>False where the storage did not take it.</returns>
    public ValueTask<bool> KillAsync(string scope, CancellationToken cancel) => DecideAsync(scope, stop: true, cancel);

    /// <summary>Writes an object of what was measured and observed.</summary>
    public void WriteReport(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("scopes");
        foreach (ShadowScope scope in _scopes.Values.OrderByDescending(static scope => scope.StoppedBy is not null)
            .ThenByDescending(static scope => scope.Counts.Checked).ThenBy(static scope => scope.Name, StringComparer.Ordinal).Take(MostReported))
        {
            Write(json, scope);
        }

        json.WriteEndArray();
        json.WriteNumber("scopes_in_all", _scopes.Count);
        json.WriteNumber("removed", Interlocked.Read(ref _removed));
        json.WriteNumber("not_checked", Dropped);
        json.WriteNumber("without_fresh_answer", Failed);
        json.WriteNumber("storage_failures", Interlocked.Read(ref _storageFailures));
        json.WriteEndObject();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([FollowAsync(stoppingToken), .. Enumerable.Range(0, Checkers).Select(_ => CheckAllAsync(stoppingToken))]);

    private static void Write(Utf8JsonWriter json, ShadowScope scope)
    {
        ShadowCounts counts = scope.Counts;
        (double low, double high) = counts.Bounds;
        long decided = counts.Agreed + counts.Disagreed;
        (KeyValuePair<string, long>[] wouldHit, KeyValuePair<string, long>[] refused) = scope.Observed;
        json.WriteStartObject();
        json.WriteString("scope", scope.Name);
        json.WriteBoolean("stopped", scope.StoppedBy is not null);
        if (scope.StoppedBy is { } by)
            json.WriteString("stopped_by", by);
        json.WriteNumber("checked", counts.Checked);
        json.WriteNumber("agreed", counts.Agreed);
        json.WriteNumber("disagreed", counts.Disagreed);
        json.WriteNumber("undecided", counts.Undecided);
        if (decided > 0)
            json.WriteNumber("error_percent", Percent(counts.Disagreed / (double)decided));
        json.WriteNumber("error_percent_low", Percent(low));
        json.WriteNumber("error_percent_high", Percent(high));
        WriteCounts(json, "would_hit", wouldHit);
        WriteCounts(json, "refused", refused);
        json.WriteEndObject();
    }

    private static void WriteCounts(Utf8JsonWriter json, string name, KeyValuePair<string, long>[] counts)
    {
        json.WriteStartObject(name);
        foreach ((string word, long count) in counts)
            json.WriteNumber(word, count);
        json.WriteEndObject();
    }

    private static double Percent(double share) => Math.Round(share * 100, 3);

    /// <summary>Past the most scopes all others share one, so that names made up by callers cost nothing. No caller can be called as it is.</summary>
    private ShadowScope Scope(string name)
    {
        if (_scopes.TryGetValue(name, out ShadowScope? scope))
            return scope;
        return _scopes.GetOrAdd(_scopes.Count < MostScopes ? name : Others, static name => new ShadowScope(name));
    }

    private async Task CheckAllAsync(CancellationToken stop)
    {
        try
        {
            await foreach (ShadowCase hit in _waiting.Reader.ReadAllAsync(stop))
                await CheckAsync(hit, stop);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The process ends; what was not checked yet is not checked.
        }
    }

    private async Task CheckAsync(ShadowCase hit, CancellationToken stop)
    {
        try
        {
            using CancellationTokenSource patience = new(AskPatience, _time);
            using CancellationTokenRegistration stopping = stop.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
            if (await hit.AskFresh(patience.Token) is not { } fresh)
            {
                Interlocked.Increment(ref _failed);
                return;
            }

            Agreement found = await CompareAsync(hit, fresh, patience.Token);
            ShadowScope scope = Scope(hit.Scope);
            scope.Add(found, hit.MostErrorPercent);
            if (found == Agreement.Disagree)
            {
                hit.Remove();
                Interlocked.Increment(ref _removed);
            }

            await ShareAsync(scope, stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            Interlocked.Increment(ref _failed);
            LogFailure(_log, e.Message);
        }
    }

    private static async ValueTask<Agreement> CompareAsync(ShadowCase hit, string fresh, CancellationToken cancel)
    {
        Agreement words = AnswersAgree.Compare(hit.CachedText, fresh);
        if (hit.Judge is null || words == Agreement.Agree)
            return words;
        try
        {
            return await hit.Judge(hit.CachedText, fresh, cancel) switch
            {
                true => Agreement.Agree,
                false => Agreement.Disagree,
                null => words,
            };
        }
        catch (Exception) when (!cancel.IsCancellationRequested)
        {
            return words;
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Parallel.ForEachAsync(_scopes.Values.Where(IsDue), new ParallelOptions { MaxDegreeOfParallelism = Readers }, async (scope, _) => await ShareAsync(scope, stop));
            using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
            Task tick = Task.Delay(Tick, _time, enough.Token);
            Task<bool> wake = _wake.Reader.WaitToReadAsync(enough.Token).AsTask();
            await Task.WhenAny(tick, wake);
            _wake.Reader.TryRead(out _);
            await enough.CancelAsync();
            await Task.WhenAll(tick, wake).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool IsDue(ShadowScope scope) => scope.HasPending
        || scope.Read == 0
        || (_time.GetElapsedTime(scope.Read) >= ReadEvery && scope.Asked != 0 && _time.GetElapsedTime(scope.Asked) < Quiet);

    /// <summary>Reads the row and adds to it what was found here.</summary>
    private async Task ShareAsync(ShadowScope scope, CancellationToken stop)
    {
        try
        {
            await ChangeAsync(scope, row => scope.HasPending ? scope.Merge(row) : (null, default), stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            Interlocked.Increment(ref _storageFailures);
            LogFailure(_log, e.Message);

            // Not read, but tried: a storage that is down is asked as rarely as one that is up.
            scope.Read = Math.Max(1, _time.GetTimestamp());
        }
        catch (Exception)
        {
            // The process ends.
        }
    }

    private async ValueTask<bool> DecideAsync(string name, bool stop, CancellationToken cancel)
    {
        try
        {
            ShadowScope scope = Scope(name);
            return await ChangeAsync(scope, row => (scope.Decide(row, stop), default), cancel);
        }
        catch (StorageException e)
        {
            Interlocked.Increment(ref _storageFailures);
            LogFailure(_log, e.Message);
            return false;
        }
    }

    /// <summary>Reads the row, changes it as it is wanted, and writes it unless another instance was faster; then again.</summary>
    private async ValueTask<bool> ChangeAsync(ShadowScope scope, Func<TableRow?, (TableRow? Row, ShadowCounts Added)> change, CancellationToken cancel)
    {
        using CancellationTokenSource patience = new(StoragePatience, _time);
        using CancellationTokenRegistration gone = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), patience);
        await scope.Turn.WaitAsync(patience.Token);
        try
        {
            return await ChangeInTurnAsync(scope, change, patience.Token);
        }
        finally
        {
            scope.Turn.Release();
        }
    }

    private async ValueTask<bool> ChangeInTurnAsync(ShadowScope scope, Func<TableRow?, (TableRow? Row, ShadowCounts Added)> change, CancellationToken cancel)
    {
        for (int attempt = 0; attempt < MostTries; attempt++)
        {
            TableRow? row = await _table.FindAsync(ShadowScope.Partition, scope.Row, cancel);
            (TableRow? changed, ShadowCounts added) = change(row);
            if (changed is null)
            {
                scope.Take(row);
            }
            else if ((await _table.WriteAsync(changed, row is null ? WriteWhen.Absent : WriteWhen.Unchanged, cancel)).Written)
            {
                scope.Take(changed, added);
            }
            else
            {
                continue;
            }

            scope.Read = Math.Max(1, _time.GetTimestamp());
            return true;
        }

        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A check of semantic hits failed: {Why}")]
    private static partial void LogFailure(ILogger log, string why);
}
