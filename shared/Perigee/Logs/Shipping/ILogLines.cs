using System.Text.Json;

namespace Perigee.Logs.Shipping;

/// <summary>How the items of a stream become lines.</summary>
internal interface ILogLines<T>
{
    /// <summary>When it happened: decides the day and hour of the blob whose first line it is.</summary>
    DateTimeOffset TimeOf(T item);

    /// <summary>Writes one line.</summary>
    /// <param name="json">Takes one object.</param>
    /// <param name="item">The item.</param>
    /// <param name="sequence">Its place in the stream.</param>
    /// <param name="objects">Takes what is written as a blob of its own, before the line is.</param>
    void Write(Utf8JsonWriter json, T item, long sequence, List<LogObject> objects);

    /// <summary>It is written, or given up: what it holds can go.</summary>
    void Done(T item);
}

/// <summary>A blob beside the lines.</summary>
/// <param name="Name">Its name, the same for every try.</param>
/// <param name="Content">Its bytes.</param>
internal readonly record struct LogObject(string Name, ReadOnlyMemory<byte> Content);
