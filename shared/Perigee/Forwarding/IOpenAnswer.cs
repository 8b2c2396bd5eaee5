namespace Perigee.Forwarding;

/// <summary>
/// A provider's answer in two halves: what is read of it before anything is shown, and what is given to the client. Between the two it can
/// still be thrown away for another. One object a try; not thread-safe.
/// </summary>
internal interface IOpenAnswer : IDisposable
{
    /// <summary>Reads until there is something to show: the first content of a stream, a whole body. Shows nothing.</summary>
    /// <returns>Null where it can be given, else why the try failed.</returns>
    ValueTask<GatewayError?> OpenAsync();

    /// <summary>Gives it to the client, to its end. Called at most once, after <see cref="OpenAsync"/> returned null.</summary>
    /// <param name="commit">Sets status and headers: called once, right before the first byte.</param>
    /// <returns>Null where the answer ended complete (or the client has been told that it did not), else why not.</returns>
    ValueTask<GatewayError?> GiveAsync(Action commit);

    /// <summary>Whether it holds anything that a person or program would use.</summary>
    bool Content { get; }

    /// <summary>Whether its end has been read.</summary>
    bool Ended { get; }

    /// <summary>Tokens of the answer so far as they can be counted from outside: an estimate, for answers that were cut before they told.</summary>
    long CountedTokens { get; }
}
