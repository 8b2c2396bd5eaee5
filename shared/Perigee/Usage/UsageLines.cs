using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Perigee.Usage;

/// <summary>Writes lines of usage: as JSON, and as CSV (RFC 4180) whose columns are JSON's members.</summary>
internal static class UsageLines
{
    private const decimal PicoDollars = 1_000_000_000_000m;
    private static readonly double[] Quantiles = [0.5, 0.95, 0.99];
    private static readonly string[] QuantileNames = ["p50", "p95", "p99"];

    /// <summary>Writes one line.</summary>
    public static void Write(Utf8JsonWriter json, UsageQuery query, in UsageLine line)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "usage");
        json.WriteString("from"u8, line.Start.UtcDateTime);
        json.WriteString("to"u8, query.EndOf(line.Start).UtcDateTime);
        for (int i = 0; i < query.GroupBy.Count; i++)
            json.WriteString(UsageDimensions.NameOf(query.GroupBy[i]), line.Group.Values[i] is { Length: > 0 } value ? value : null);
        WriteNumbers(json, line.Cell);
        json.WriteEndObject();
    }

    /// <summary>Writes the numbers of a cell as members.</summary>
    public static void WriteNumbers(Utf8JsonWriter json, UsageCell cell)
    {
        json.WriteNumber("requests"u8, cell.Requests);
        json.WriteNumber("errors"u8, cell.Errors);
        WriteTokens(json, "tokens", cell.Tokens);
        json.WriteNumber("estimated"u8, cell.Estimated);
        WriteMoney(json, "cost", Cost(cell));
        json.WriteNumber("priceUnknown"u8, cell.Unpriced);
        WriteTokens(json, "savedTokens", cell.Saved);
        WriteMoney(json, "savedCost", SavedCost(cell));
        json.WriteNumber("savedPriceUnknown"u8, cell.SavedUnpriced);
        WriteSketch(json, "latencyMs", cell.Latency);
        WriteSketch(json, "ttftMs", cell.FirstContent);
    }

    /// <summary>Dollars; null where nothing of it has a known price and something an unknown one: that is not 0.</summary>
    public static decimal? Cost(UsageCell cell) => cell.Priced == 0 && cell.Unpriced > 0 ? null : Dollars(cell.Cost);

    /// <summary>The heading of a CSV, with its line's end.</summary>
    public static string Heading(UsageQuery query)
    {
        IEnumerable<string> columns =
        [
            "from", "to", .. query.GroupBy.Select(UsageDimensions.NameOf), "requests", "errors", .. UsageTokens.Names.Select(static name => "tokens." + name), "estimated", "cost",
            "priceUnknown", .. UsageTokens.Names.Select(static name => "savedTokens." + name), "savedCost", "savedPriceUnknown",
            .. QuantileNames.Select(static name => "latencyMs." + name), .. QuantileNames.Select(static name => "ttftMs." + name),
        ];
        return string.Join(',', columns) + "\r\n";
    }

    /// <summary>Adds one line to a CSV.</summary>
    public static void Append(StringBuilder csv, UsageQuery query, in UsageLine line)
    {
        UsageCell cell = line.Cell;
        csv.Append(CultureInfo.InvariantCulture, $"{line.Start.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ},{query.EndOf(line.Start).UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
        foreach (string value in line.Group.Values)
            csv.Append(',').Append(Field(value));
        csv.Append(CultureInfo.InvariantCulture, $",{cell.Requests},{cell.Errors}");
        AppendTokens(csv, cell.Tokens);
        csv.Append(CultureInfo.InvariantCulture, $",{cell.Estimated},{Money(Cost(cell))},{cell.Unpriced}");
        AppendTokens(csv, cell.Saved);
        csv.Append(CultureInfo.InvariantCulture, $",{Money(SavedCost(cell))},{cell.SavedUnpriced}");
        AppendSketch(csv, cell.Latency);
        AppendSketch(csv, cell.FirstContent);
        csv.Append("\r\n");
    }

    /// <summary>
    /// A text as a field: quoted where RFC 4180 asks for it. Spreadsheets take what begins with one of a few characters for a formula, wherever it came from: an apostrophe
    /// in front makes it a text (OWASP, "CSV Injection").
    /// </summary>
    public static string Field(string value)
    {
        if (value.Length > 0 && value[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n')
            value = "'" + value;
        return value.AsSpan().ContainsAny(",\"\r\n") ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
    }

    private static decimal? SavedCost(UsageCell cell) => cell.SavedPriced == 0 && cell.SavedUnpriced > 0 ? null : Dollars(cell.SavedCost);

    // A decimal has 28 digits: sixteen for dollars are left, and whoever counts more has no cents to lose.
    private static decimal Dollars(Int128 pico)
    {
        Int128 most = (Int128)(decimal.MaxValue / 2);
        decimal dollars = (decimal)Int128.Clamp(pico, -most, most) / PicoDollars;

        // Without the zeros that a division may leave behind.
        return dollars / 1.0000000000000000000000000000m;
    }

    private static string Money(decimal? dollars) => dollars?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static void WriteMoney(Utf8JsonWriter json, string name, decimal? dollars)
    {
        if (dollars is { } known)
            json.WriteNumber(name, known);
        else
            json.WriteNull(name);
    }

    private static void WriteTokens(Utf8JsonWriter json, string name, in UsageTokens tokens)
    {
        json.WriteStartObject(name);
        for (int i = 0; i < UsageTokens.Names.Count; i++)
            json.WriteNumber(UsageTokens.Names[i], tokens[i]);
        json.WriteEndObject();
    }

    private static void AppendTokens(StringBuilder csv, in UsageTokens tokens)
    {
        for (int i = 0; i < UsageTokens.Names.Count; i++)
            csv.Append(CultureInfo.InvariantCulture, $",{tokens[i]}");
    }

    private static void WriteSketch(Utf8JsonWriter json, string name, DurationSketch sketch)
    {
        json.WriteStartObject(name);
        for (int i = 0; i < Quantiles.Length; i++)
        {
            if (Milliseconds(sketch, Quantiles[i]) is { } value)
                json.WriteNumber(QuantileNames[i], value);
            else
                json.WriteNull(QuantileNames[i]);
        }

        json.WriteEndObject();
    }

    private static void AppendSketch(StringBuilder csv, DurationSketch sketch)
    {
        foreach (double q in Quantiles)
            csv.Append(CultureInfo.InvariantCulture, $",{Milliseconds(sketch, q)}");
    }

    // Five digits: more would feign what 1 % does not give.
    private static double? Milliseconds(DurationSketch sketch, double q) => sketch.Quantile(q) is not { } value ? null
        : value <= 0 ? 0 : Math.Round(value / 1000, Math.Clamp(4 - (int)Math.Floor(Math.Log10(value / 1000)), 0, 6));
}
