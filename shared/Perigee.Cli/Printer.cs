using System.Text.Encodings.Web;
using System.Text.Json;

namespace Perigee.Cli;

/// <summary>Prints answers: as JSON for programs, else lists as a table and one thing as lines.</summary>
internal static class Printer
{
    private const int Widest = 60;

    private static readonly string[] Columns = ["time", "id", "keyId", "name", "organisation", "team", "role", "owner", "meter", "per", "model", "amount", "spent", "remaining", "reset", "target", "status", "cache", "totalMs", "cost", "disabled", "expiresAt", "revokedAt", "deletedAt"];
    private static readonly string[] UsageColumns =
    [
        "from", "organisation", "team", "key", "model", "provider", "region", "status", "statusClass", "cache", "dialect", "operation", "purpose", "requests", "errors",
        "tokens.inputFresh", "tokens.inputCacheRead", "tokens.outputText", "tokens.outputReasoning", "cost", "priceUnknown", "savedCost", "latencyMs.p50", "latencyMs.p95", "ttftMs.p95",
    ];

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints an answer.</summary>
    public static void Print(JsonElement answer, bool json, TextWriter output)
    {
        if (json)
            output.WriteLine(Text(answer));
        else if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("data", out JsonElement list) && list.ValueKind == JsonValueKind.Array)
            PrintTable([.. list.EnumerateArray()], output);
        else if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("limits", out JsonElement stands) && stands.ValueKind == JsonValueKind.Array && answer.TryGetProperty("owner", out _))
            PrintTable([.. stands.EnumerateArray()], output);
        else if (answer.ValueKind == JsonValueKind.Object)
            PrintLines(answer, output);
        else
            output.WriteLine(Text(answer));
    }

    /// <summary>A record of an exchange as one line: when, which, what came of it and how long it took.</summary>
    public static string Line(JsonElement record) => string.Join("  ", ((string[])["time", "id", "status", "model", "target", "cache", "totalMs", "cost"])
        .Select(column => Cell(record, column)).Where(static cell => cell.Length > 0));

    private static void PrintTable(List<JsonElement> rows, TextWriter output)
    {
        bool usage = rows.Exists(static row => row.ValueKind == JsonValueKind.Object && row.TryGetProperty("object", out JsonElement what) && what.ValueEquals("usage"));
        string[] columns = [.. (usage ? UsageColumns : Columns).Where(column => rows.Exists(row => Cell(row, column).Length > 0))];
        if (columns.Length == 0)
        {
            output.WriteLine(rows.Count == 0 ? "None." : string.Join(Environment.NewLine, rows.Select(Text)));
            return;
        }

        int[] widths = [.. columns.Select(column => Math.Max(column.Length, rows.Max(row => Cell(row, column).Length)))];
        output.WriteLine(string.Join("  ", columns.Select((column, i) => column.PadRight(widths[i]))).TrimEnd());
        foreach (JsonElement row in rows)
            output.WriteLine(string.Join("  ", columns.Select((column, i) => Cell(row, column).PadRight(widths[i]))).TrimEnd());
    }

    private static void PrintLines(JsonElement one, TextWriter output)
    {
        JsonProperty[] members = [.. one.EnumerateObject().Where(static member => member.Value.ValueKind != JsonValueKind.Null && member.Name != "object")];
        int width = members.Length == 0 ? 0 : members.Max(static member => member.Name.Length);
        foreach (JsonProperty member in members)
            output.WriteLine($"{member.Name.PadRight(width)}  {(member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? Text(member.Value) : Plain(member.Value))}");
    }

    private static string Cell(JsonElement row, string column)
    {
        int dot = column.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0)
            return row.ValueKind == JsonValueKind.Object && row.TryGetProperty(column[..dot], out JsonElement outer) ? Cell(outer, column[(dot + 1)..]) : "";

        // How a limit stands has the limit itself inside.
        if (row.ValueKind != JsonValueKind.Object
            || !(row.TryGetProperty(column, out JsonElement value) || (row.TryGetProperty("limit", out JsonElement inner) && inner.TryGetProperty(column, out value)))
            || value.ValueKind is JsonValueKind.Null)
            return "";
        string text = Plain(value);
        return text.Length > Widest ? text[..(Widest - 3)] + "..." : text;
    }

    /// <summary>Names may hold what a terminal obeys.</summary>
    private static string Plain(JsonElement value) =>
        new([.. (value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText()).Select(static c => char.IsControl(c) ? '?' : c)]);

    private static string Text(JsonElement value)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text, Indented))
            value.WriteTo(json);
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }
}
