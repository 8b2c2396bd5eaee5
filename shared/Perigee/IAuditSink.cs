namespace Perigee;

/// <summary>Where the records of what was done through the management API go besides the table: the logs.</summary>
internal interface IAuditSink
{
    /// <summary>Takes room for one record. Waits where there is none; nothing may be done of which the record would be lost.</summary>
    /// <exception cref="Storage.StorageException">There is no room for so long that the storage must be down.</exception>
    ValueTask TakeRoomAsync(CancellationToken cancel);

    /// <summary>Gives the room back: there is no record.</summary>
    void ReturnRoom();

    /// <summary>Keeps a record for which there is room. It is in the table already.</summary>
    void Keep(AuditEntry entry);

    /// <summary>JSON that somebody sent, without secrets.</summary>
    ReadOnlyMemory<byte> Clean(ReadOnlyMemory<byte> json);
}

/// <summary>A record of the audit.</summary>
/// <param name="Id">Its id.</param>
/// <param name="At">When it was.</param>
/// <param name="Record">The record, byte for byte as it was hashed.</param>
/// <param name="Hash">Its SHA-256 in hex, by which the next record of the same chain names it.</param>
internal sealed record AuditEntry(string Id, DateTimeOffset At, ReadOnlyMemory<byte> Record, string Hash);
