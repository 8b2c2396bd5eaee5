using OpenTelemetry;
using OpenTelemetry.Logs;
using Perigee.Logs;

namespace Perigee.Telemetry.Export;

/// <summary>Takes secrets out of the process's log before it is sent. Of an exception its type and its message go, no more.</summary>
internal sealed class LogRedaction(Redactor redactor) : BaseProcessor<LogRecord>
{
    /// <inheritdoc/>
    public override void OnEnd(LogRecord data)
    {
        if (data.FormattedMessage is { } message)
            data.FormattedMessage = redactor.Redact(message);
        List<KeyValuePair<string, object?>> attributes = [];
        foreach ((string name, object? value) in data.Attributes ?? [])
            attributes.Add(new(name, value is string text ? redactor.Redact(text) : value));
        if (data.Exception is { } fault)
        {
            attributes.Add(new("exception.type", fault.GetType().FullName));
            attributes.Add(new("exception.message", redactor.Redact(fault.Message)));
            data.Exception = null;
        }

        data.Attributes = attributes;
    }
}
