namespace Perigee.Storage;

/// <summary>The storage could not answer: down, throttled past the adapter's own retries, or access refused.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A row or batch that Table Storage would refuse: a fault of ours, never of the storage.</summary>
public sealed class TableLimitException(string message) : Exception(message);
