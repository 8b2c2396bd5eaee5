using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Perigee.Logs.Verifying;

/// <summary>Checks the chains of the audit: each record is what its hash says, and names the one before it of its chain.</summary>
internal sealed class AuditChains
{
    private readonly Dictionary<string, SortedDictionary<long, (string Id, string Hash, string Previous)>> _chains = new(StringComparer.Ordinal);
    private readonly List<(string Id, string Fault)> _faults = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly HashSet<string> _byOwn = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _byOthers = new(StringComparer.Ordinal);

    /// <summary>How many chains there are.</summary>
    public int Count => _chains.Count;

    /// <summary>The ids of all records.</summary>
    public IReadOnlySet<string> Ids => _ids;

    /// <summary>Lines with a record that was there already: two processes shipped it, or one did twice. Nothing is wrong with that.</summary>
    public long Repeated { get; private set; }

    /// <summary>How many records a process made that others shipped in its place.</summary>
    public int ShippedForOf(string instance) => _byOthers.Count(pair => !_byOwn.Contains(pair.Key) && pair.Value.EndsWith("-" + instance, StringComparison.Ordinal));

    /// <summary>Takes a line of stream <c>audit</c>.</summary>
    public void Add(JsonElement line)
    {
        string id = line.GetProperty("id"u8).GetString()!, hash = line.GetProperty("hash"u8).GetString()!;
        JsonElement record = line.GetProperty("record"u8);

        // The very bytes that were hashed stand in the line.
        if (Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(record.GetRawText()))) != hash)
            _faults.Add((id, "the record is not what its hash says"));
        if (record.GetProperty("id"u8).GetString() != id)
            _faults.Add((id, "the record has another id"));
        string chain = record.GetProperty("chain"u8).GetString()!;
        if (!_chains.TryGetValue(chain, out SortedDictionary<long, (string, string, string)>? links))
            _chains.Add(chain, links = []);
        long sequence = record.GetProperty("sequence"u8).GetInt64();
        string previous = record.GetProperty("previous"u8).GetString()!;
        if (!links.TryAdd(sequence, (id, hash, previous)) && links[sequence].Item2 != hash)
            _faults.Add((id, $"another record has place {sequence} of its chain"));
        if (!_ids.Add(id))
            Repeated++;
        string maker = AuditRow.ProcessOf(chain);
        if (maker == $"{line.GetProperty("region"u8).GetString()}-{line.GetProperty("instance"u8).GetString()}")
            _byOwn.Add(id);
        else
            _byOthers[id] = maker;
    }

    /// <summary>Everything that is broken, by the id of the record where it shows.</summary>
    /// <param name="complete">Whether the chains were read from their beginnings; else a chain may begin anywhere.</param>
    public IReadOnlyList<(string Id, string Fault)> Faults(bool complete)
    {
        List<(string, string)> faults = [.. _faults];
        foreach (SortedDictionary<long, (string Id, string Hash, string Previous)> links in _chains.Values)
        {
            long next = -1;
            string last = "";
            foreach ((long sequence, (string id, string hash, string previous)) in links)
            {
                if (next < 0 ? complete && sequence != 0 : sequence != next)
                    faults.Add((id, $"the {Math.Max(0, sequence - Math.Max(0, next))} record(s) before it are missing"));
                else if (next < 0 ? sequence == 0 && previous.Length > 0 : previous != last)
                    faults.Add((id, "it does not name the record before it"));
                (next, last) = (sequence + 1, hash);
            }
        }

        return faults;
    }
}
