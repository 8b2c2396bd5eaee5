using System.Text.Json;

namespace Perigee.Logs.Verifying;

/// <summary>What is found in the blobs of one stream.</summary>
internal sealed class StreamReport(string stream)
{
    private const int MostShown = 100;

    private readonly SortedDictionary<string, InstanceCount> _instances = new(StringComparer.Ordinal);

    /// <summary>The processes, by name.</summary>
    public IReadOnlyDictionary<string, InstanceCount> Instances => _instances;

    /// <summary>Blobs that cannot be read to their end, with what is wrong.</summary>
    public List<(string Name, string Fault)> Corrupt { get; } = [];

    /// <summary>Blobs that lines name.</summary>
    public List<string> Objects { get; } = [];

    /// <summary>The audit's chains.</summary>
    public AuditChains Chains { get; } = new();

    /// <summary>Audit records that are in the table and in no blob.</summary>
    public List<string> NotShipped { get; } = [];

    /// <summary>Nothing is missing, double, or broken.</summary>
    public bool IsWhole => _instances.Values.All(static instance => instance.IsWhole) && Corrupt.Count == 0 && NotShipped.Count == 0 && Chains.Faults(complete: false).Count == 0;

    /// <summary>Takes a line.</summary>
    /// <returns>Whether it is a footer.</returns>
    public bool Take(JsonElement line)
    {
        string? kind = line.GetProperty("kind"u8).GetString();
        InstanceCount instance = Of(line.GetProperty("instance"u8).GetString()!);
        switch (kind)
        {
            case "drops":
                instance.Drops(line);
                return false;
            case "lost":
                Of(line.GetProperty("of"u8).GetString()!).Killed(line.GetProperty("taken"u8).GetInt64());
                return false;
            case "footer":
                instance.Footer(line);
                return true;
        }

        instance.Record(line.GetProperty("seq"u8).GetInt64());
        if (kind == "audit")
            Chains.Add(line);
        if (kind == "body" && line.TryGetProperty("blob"u8, out JsonElement blob))
            Objects.Add(blob.GetString()!);
        return false;
    }

    /// <summary>Everything was read: what others shipped of a process that was killed is not lost.</summary>
    public void Settle()
    {
        foreach ((string name, InstanceCount instance) in _instances)
            instance.ShippedByOthers = Chains.ShippedForOf(name);
    }

    /// <summary>Writes what is found.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("stream"u8, stream);
        json.WriteBoolean("whole"u8, IsWhole);
        json.WriteStartArray("instances"u8);
        foreach (InstanceCount instance in _instances.Values)
            instance.Write(json);
        json.WriteEndArray();
        WriteFaults(json, "corrupt", "blob", Corrupt);
        if (stream == LogSchema.Audit)
        {
            json.WriteNumber("chains"u8, Chains.Count);
            json.WriteNumber("repeated"u8, Chains.Repeated);
            WriteFaults(json, "broken", "id", Chains.Faults(complete: false));
            json.WriteStartArray("notShipped"u8);
            foreach (string id in NotShipped.Take(MostShown))
                json.WriteStringValue(id);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteFaults(Utf8JsonWriter json, string name, string what, IReadOnlyList<(string Name, string Fault)> faults)
    {
        json.WriteStartArray(name);
        foreach ((string one, string fault) in faults.Take(MostShown))
        {
            json.WriteStartObject();
            json.WriteString(what, one);
            json.WriteString("fault"u8, fault);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private InstanceCount Of(string name)
    {
        if (!_instances.TryGetValue(name, out InstanceCount? instance))
            _instances.Add(name, instance = new InstanceCount(stream, name));
        return instance;
    }
}
