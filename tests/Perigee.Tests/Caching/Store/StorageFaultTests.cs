using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Store;

public sealed class StorageFaultTests : IDisposable
{
    private readonly CacheRig _rig = new();

    [Fact]
    public async Task Storage_that_fails_is_a_miss_and_after_some_in_a_row_is_not_asked_until_it_answers_again()
    {
        await _rig.WriteAsync((CacheRig.Key("r"), _rig.Answer()));
        AnswerCache cache = _rig.Instance();
        _rig.Storage.Before = static _ => throw new StorageException("down");
        for (int i = 0; i < StorageBreaker.Failures; i++)
        {
            Assert.Equal("closed", cache.Breaker.State);
            Assert.Null(await FindAsync(cache));
        }

        Assert.Equal("open", cache.Breaker.State);
        _rig.Storage.Calls.Clear();
        for (int i = 0; i < 100; i++)
            Assert.Null(await FindAsync(cache));
        Assert.Empty(_rig.Storage.Calls);

        // A probe that fails; then the storage is back, and one look-up finds out.
        _rig.Time.Advance(StorageBreaker.Open);
        Assert.Null(await FindAsync(cache));
        Assert.Null(await FindAsync(cache));
        Assert.Single(_rig.Storage.Calls);
        _rig.Storage.Before = static _ => Task.CompletedTask;
        Assert.Null(await FindAsync(cache));
        _rig.Time.Advance(StorageBreaker.Open);
        Assert.NotNull(await FindAsync(cache));
        Assert.Equal("closed", cache.Breaker.State);
        Assert.Equal(2, _rig.Log.Lines.Count);
    }

    [Fact]
    public async Task Failures_that_others_come_between_do_not_open_it()
    {
        AnswerCache cache = _rig.Instance();
        for (int i = 0; i < 100; i++)
        {
            int call = i;
            _rig.Storage.Before = _ => call % StorageBreaker.Failures != 0 ? throw new StorageException("down") : Task.CompletedTask;
            Assert.Null(await FindAsync(cache));
        }

        Assert.Equal(("closed", 0), (cache.Breaker.State, _rig.Log.Lines.Count));
    }

    [Fact]
    public async Task Storage_that_hangs_is_a_miss_within_the_budget_and_its_late_failure_is_nobodys()
    {
        int unobserved = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, args) =>
        {
            if (args.Exception.ToString().Contains("late for a test", StringComparison.Ordinal))
                Interlocked.Increment(ref unobserved);
        };
        TaskScheduler.UnobservedTaskException += count;
        await HangAsync();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        TaskScheduler.UnobservedTaskException -= count;
        Assert.Equal(0, unobserved);
    }

    private async Task HangAsync()
    {
        AnswerCache cache = _rig.Instance();
        List<TaskCompletionSource> hanging = [];
        _rig.Storage.Before = _ =>
        {
            TaskCompletionSource hang = new(TaskCreationOptions.RunContinuationsAsynchronously);
            hanging.Add(hang);
            return hang.Task;
        };
        for (int i = 0; i < StorageBreaker.Failures; i++)
        {
            Task<CachedAnswer?> finding = FindAsync(cache);
            _rig.Time.Advance(CacheRig.Budget - TimeSpan.FromMilliseconds(1));
            Assert.False(finding.IsCompleted);
            _rig.Time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Null(await finding.WaitAsync(TimeSpan.FromSeconds(90)));
        }

        Assert.Equal("open", cache.Breaker.State);
        Assert.Null(await FindAsync(cache));
        Assert.Equal(StorageBreaker.Failures, hanging.Count);
        foreach (TaskCompletionSource hang in hanging)
            hang.SetException(new StorageException("late for a test"));
        long[] counted = cache.Counts.Days()[0].Of(CountScope.Unknown);
        Assert.Equal(StorageBreaker.Failures, counted[(int)CacheEvent.TableTimeout]);
    }

    [Fact]
    public async Task Clients_that_leave_are_no_fault_of_the_storage()
    {
        AnswerCache cache = _rig.Instance();
        _rig.Storage.Before = static _ => new TaskCompletionSource().Task;
        for (int i = 0; i < 20; i++)
        {
            using CancellationTokenSource client = new();
            Task<CachedAnswer?> finding = cache.FindInTableAsync(CacheRig.Key("r"), CacheRig.Budget, client.Token).AsTask();
            await client.CancelAsync();
            Assert.Null(await finding.WaitAsync(TimeSpan.FromSeconds(90)));
        }

        Assert.Equal("closed", cache.Breaker.State);
    }

    [Fact]
    public async Task Writes_that_fail_are_counted_and_those_while_it_is_open_as_well()
    {
        _rig.Storage.Before = static _ => throw new StorageException("down");
        AnswerCache cache = await _rig.WriteAsync([.. Enumerable.Range(0, 30).Select(i => (CacheRig.Key($"r{i}"), _rig.Answer()))]);
        Assert.Equal(30, cache.MissedWrites);
        Assert.Equal("open", cache.Breaker.State);
        Assert.Equal(StorageBreaker.Failures, _rig.Storage.Calls.Count);
        Assert.NotNull(cache.FindInMemory(CacheRig.Key("r7")));
        Assert.Single(_rig.Log.Lines);
    }

    public void Dispose() => _rig.Dispose();

    private static Task<CachedAnswer?> FindAsync(AnswerCache cache) => cache.FindInTableAsync(CacheRig.Key("r"), CacheRig.Budget, default).AsTask();
}
