using System.Collections.Concurrent;

namespace Perigee.Embedded;

/// <summary>
/// The one thread that writes. SQLite has one writer at a time anyway; on a thread of its own, waiting for another process's lock blocks no
/// request, and all writes that queued up meanwhile share one commit.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int MostPerCommit = 256;

    private readonly BlockingCollection<Job> _queue = new(new ConcurrentQueue<Job>());
    private readonly WriteStatements _statements;
    private readonly Thread _thread;

    public SqliteWriter(WriteStatements statements)
    {
        _statements = statements;
        _thread = new Thread(Run) { IsBackground = true, Name = "perigee-sqlite-writer" };
        _thread.Start();
    }

    public Task<T> Enqueue<T>(Func<WriteStatements, T> write, CancellationToken cancel)
    {
        Job<T> job = new(write, cancel);
        try
        {
            _queue.Add(job, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(EmbeddedStorage));
        }

        return job.Task;
    }

    /// <summary>Commits what is queued, then ends.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
        _statements.Dispose();
    }

    private void Run()
    {
        List<Job> group = new(MostPerCommit);
        while (_queue.TryTake(out Job? first, Timeout.Infinite))
        {
            group.Clear();
            group.Add(first);
            while (group.Count < MostPerCommit && _queue.TryTake(out Job? next))
                group.Add(next);
            Commit(group);
        }
    }

    private void Commit(List<Job> group)
    {
        try
        {
            _statements.Begin();
            foreach (Job job in group)
                job.Run(_statements);
            _statements.Commit();
        }
        catch (Exception fault)
        {
            _statements.TryRollback();
            Exception told = Faults.IsStorage(fault) ? Faults.Translate(fault) : fault;
            foreach (Job job in group)
                job.Fail(told);
            return;
        }

        foreach (Job job in group)
            job.Done();
    }

    private abstract class Job
    {
        public abstract void Run(WriteStatements statements);

        public abstract void Done();

        public abstract void Fail(Exception fault);
    }

    private sealed class Job<T>(Func<WriteStatements, T> write, CancellationToken cancel) : Job
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;
        private bool _cancelled;

        public Task<T> Task => _done.Task;

        public override void Run(WriteStatements statements)
        {
            _cancelled = cancel.IsCancellationRequested;
            if (!_cancelled)
                _result = write(statements);
        }

        public override void Done()
        {
            if (_cancelled)
                _done.TrySetCanceled(cancel);
            else
                _done.TrySetResult(_result!);
        }

        public override void Fail(Exception fault) => _done.TrySetException(fault);
    }
}
