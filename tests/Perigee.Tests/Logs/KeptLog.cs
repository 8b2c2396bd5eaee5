using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Perigee.Tests.Logs;

/// <summary>The process's own log, kept to be looked at: every line from information upwards, with what was thrown.</summary>
internal sealed class KeptLog(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue(formatter(state, exception) + exception);

    public void Dispose()
    {
    }
}
