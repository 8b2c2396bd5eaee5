using System.Text.Encodings.Web;
using System.Text.Json;

namespace Perigee.Benchmarks.Semantic;

/// <summary>
/// Reads pairs from files. JSONL: <c>{"a","b","same","class","source","domain"?,"historyA"?,"historyB"?}</c> a line. TSV: a first line that names the columns
/// (<c>same a b</c> and, if wanted, <c>class source domain</c>).
/// </summary>
internal static class PairFile
{
    /// <summary>Reads a file by its ending; <c>.tsv</c> is a table, everything else JSONL.</summary>
    public static List<Pair> Read(string path) =>
        path.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase)
            ? ReadTable(File.ReadLines(path), Path.GetFileNameWithoutExtension(path), path)
            : ReadLines(File.ReadLines(path), path);

    /// <summary>Reads a table.</summary>
    /// <param name="lines">Its lines, the first names the columns.</param>
    /// <param name="named">The class of pairs that name none.</param>
    /// <param name="source">The source of pairs that name none.</param>
    public static List<Pair> ReadTable(IEnumerable<string> lines, string named, string source)
    {
        string[]? columns = null;
        List<Pair> pairs = [];
        foreach (string line in lines.Where(line => line.Length > 0))
        {
            string[] cells = line.Split('\t');
            if (columns is null)
            {
                columns = cells;
                continue;
            }

            string Cell(string column, string otherwise) => Array.IndexOf(columns, column) is >= 0 and int at && at < cells.Length ? cells[at] : otherwise;
            if (!bool.TryParse(Cell("same", ""), out bool same) || Cell("a", "") is not { Length: > 0 } a || Cell("b", "") is not { Length: > 0 } b)
                throw new InvalidDataException($"{source}: a line without same, a and b: {line}");
            pairs.Add(new(new(a, []), new(b, []), same, Cell("class", named), Cell("source", source), Cell("domain", "")));
        }

        return pairs;
    }

    /// <summary>Writes pairs as JSONL.</summary>
    public static void Write(string path, IEnumerable<Pair> pairs)
    {
        using FileStream file = File.Create(path);
        foreach (Pair pair in pairs)
        {
            using (Utf8JsonWriter json = new(file, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                json.WriteStartObject();
                json.WriteString("a", pair.A.Text);
                json.WriteString("b", pair.B.Text);
                json.WriteBoolean("same", pair.Same);
                json.WriteString("class", pair.Class);
                json.WriteString("source", pair.Source);
                json.WriteString("domain", pair.Domain);
                Write(json, "historyA", pair.A.History);
                Write(json, "historyB", pair.B.History);
                json.WriteEndObject();
            }

            file.WriteByte((byte)'\n');
        }
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> turns)
    {
        if (turns.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (string turn in turns)
            json.WriteStringValue(turn);
        json.WriteEndArray();
    }

    private static List<Pair> ReadLines(IEnumerable<string> lines, string path)
    {
        List<Pair> pairs = [];
        foreach (string line in lines.Where(line => !string.IsNullOrWhiteSpace(line)))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement pair = document.RootElement;
            pairs.Add(new(
                new(Text(pair, "a", null), Turns(pair, "historyA")),
                new(Text(pair, "b", null), Turns(pair, "historyB")),
                pair.GetProperty("same").GetBoolean(),
                Text(pair, "class", "unnamed"),
                Text(pair, "source", Path.GetFileName(path)),
                Text(pair, "domain", "")));
        }

        return pairs;
    }

    private static string Text(JsonElement pair, string name, string? otherwise) =>
        pair.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : otherwise ?? throw new InvalidDataException($"A pair without \"{name}\": {pair}");

    /// <summary>Turns may be strings or the messages of a chat as they are: then their bytes are the scope.</summary>
    private static List<string> Turns(JsonElement pair, string name) =>
        pair.TryGetProperty(name, out JsonElement turns) && turns.ValueKind == JsonValueKind.Array
            ? [.. turns.EnumerateArray().Select(turn => turn.ValueKind == JsonValueKind.String ? turn.GetString()! : turn.GetRawText())]
            : [];
}
