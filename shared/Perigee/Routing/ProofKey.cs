using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Routing;

/// <summary>
/// The gateway's own secret that seals proofs of reasoning on their way through a client: made once, shared by all instances of all regions.
/// Table <c>secrets</c>: partition <c>gateway</c>, row <c>proofs</c>.
/// </summary>
internal sealed partial class ProofKey(SharedTables tables, ILogger<ProofKey> log) : IProofSecret
{
    private const int Length = 32;

    private readonly ITable _here = tables.Own("secrets");
    private readonly ITable _home = tables.Home("secrets");

    // Where the storage does not answer: what this process seals, this process can open.
    private readonly byte[] _own = RandomNumberGenerator.GetBytes(Length);
    private byte[]? _shared;
    private int _asked;

    /// <summary>The secret. Never fails: without the storage it is this process's own.</summary>
    public ValueTask<byte[]> FindAsync(CancellationToken cancel) => _shared is { } key ? ValueTask.FromResult(key) : LoadAsync(cancel);

    /// <inheritdoc/>
    public byte[]? Known
    {
        get
        {
            if (_shared is null && Interlocked.Exchange(ref _asked, 1) == 0)
                _ = LoadAsync(CancellationToken.None).AsTask();
            return _shared;
        }
    }

    private async ValueTask<byte[]> LoadAsync(CancellationToken cancel)
    {
        try
        {
            if ((await _here.FindAsync("gateway", "proofs", cancel))?.Bytes("key") is { Length: Length } known)
                return _shared = known;

            // Twice: whoever loses the race to make it reads what the winner made.
            for (int round = 0; round < 2; round++)
            {
                TableRow? row = await _home.FindAsync("gateway", "proofs", cancel);
                if (row?.Bytes("key") is { Length: Length } found)
                    return _shared = found;
                await _home.WriteAsync(new TableRow("gateway", "proofs").Set("key", _own), WriteWhen.Absent, cancel);
            }
        }
        catch (StorageException fault)
        {
            LogStorage(log, fault);
        }

        return _own;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The key that seals proofs of reasoning could not be read: those sealed now are known to this process only.")]
    private static partial void LogStorage(ILogger log, Exception fault);
}
