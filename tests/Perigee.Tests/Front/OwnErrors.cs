using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Perigee.Tests.Front;

/// <summary>Takes what the gateway reports as an error of its own.</summary>
internal sealed class OwnErrors(ConcurrentQueue<string> log) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Error)
            log.Enqueue($"{formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
