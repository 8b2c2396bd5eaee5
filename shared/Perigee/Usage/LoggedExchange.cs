using System.Globalization;
using System.Text.Json;

namespace Perigee.Usage;

/// <summary>A line of the log as usage counts it: the same group and the same numbers as when the exchange ended. Members that count for nothing are passed over.</summary>
internal sealed class LoggedExchange
{
    private const decimal PicoDollars = 1_000_000_000_000m;
    private readonly string[] _values = new string[UsageDimensions.Held];

    private LoggedExchange() => Array.Fill(_values, "");

    /// <summary>What kind of line it is: <c>exchange</c>, <c>drops</c>, <c>lost</c>, <c>footer</c> or another.</summary>
    public string Kind { get; private set; } = "";

    /// <summary>The exchange's id, or empty.</summary>
    public string Id { get; private set; } = "";

    /// <summary>When it began.</summary>
    public DateTimeOffset Time { get; private set; }

    /// <summary>How many records the line says were dropped.</summary>
    public long Dropped { get; private set; }

    /// <summary>The process that wrote a line that is none of an exchange, or the process that a line <c>lost</c> is about; else empty.</summary>
    public string Process { get; private set; } = "";

    /// <summary>The highest sequence number that a footer or a line <c>drops</c> names, else 0.</summary>
    public long Last { get; private set; }

    /// <summary>How many records the process had ever taken, as a footer or a line <c>lost</c> says it.</summary>
    public long Taken { get; private set; }

    /// <summary>Its group.</summary>
    public UsageGroup Group => new(_values);

    /// <summary>Its numbers.</summary>
    public UsageSample Sample { get; private set; }

    /// <summary>Reads a line.</summary>
    /// <returns>Null where it is no JSON object with a kind and a time.</returns>
    public static LoggedExchange? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            Utf8JsonReader reader = new(line);
            LoggedExchange read = new();
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && read.Fill(ref reader) ? read : null;
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private bool Fill(ref Utf8JsonReader reader)
    {
        string target = "", tried = "", cache = "off", status = "0";
        bool failed = false, estimated = false;
        UsageTokens tokens = default;
        UsageTokens? saved = null;
        bool? priced = null;
        long? pico = null, savedPico = null, total = null, first = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? dimension = reader.ValueTextEquals("organisation"u8) ? Take(UsageDimension.Organisation, ref reader)
                : reader.ValueTextEquals("team"u8) ? Take(UsageDimension.Team, ref reader)
                : reader.ValueTextEquals("keyId"u8) ? Take(UsageDimension.Key, ref reader)
                : reader.ValueTextEquals("region"u8) ? Take(UsageDimension.Region, ref reader)
                : reader.ValueTextEquals("dialect"u8) ? Take(UsageDimension.Dialect, ref reader)
                : reader.ValueTextEquals("operation"u8) ? Take(UsageDimension.Operation, ref reader)
                : reader.ValueTextEquals("purpose"u8) ? Take(UsageDimension.Purpose, ref reader)
                : null;
            if (dimension is not null)
                continue;
            if (reader.ValueTextEquals("kind"u8))
                Kind = Text(ref reader);
            else if (reader.ValueTextEquals("id"u8))
                Id = Text(ref reader);
            else if (reader.ValueTextEquals("time"u8))
                Time = reader.Read() ? reader.GetDateTimeOffset() : default;
            else if (reader.ValueTextEquals("dropped"u8))
                Dropped = reader.Read() ? reader.GetInt64() : 0;
            else if (Kind != "exchange" && (reader.ValueTextEquals("of"u8) || (Process.Length == 0 && reader.ValueTextEquals("instance"u8))))
                Process = Text(ref reader);
            else if (reader.ValueTextEquals("last"u8))
                Last = reader.Read() ? reader.GetInt64() : 0;
            else if (reader.ValueTextEquals("taken"u8))
                Taken = reader.Read() ? reader.GetInt64() : 0;
            else if (reader.ValueTextEquals("ranges"u8))
                Last = LastOfRanges(ref reader);
            else if (reader.ValueTextEquals("target"u8))
                target = Text(ref reader);
            else if (reader.ValueTextEquals("attempts"u8))
                tried = LastTried(ref reader);
            else if (reader.ValueTextEquals("cache"u8))
                cache = Text(ref reader);
            else if (reader.ValueTextEquals("status"u8))
                status = reader.Read() ? UsageGroup.StatusText(reader.GetInt32()) : "";
            else if (reader.ValueTextEquals("error"u8))
                failed = Skip(ref reader);
            else if (reader.ValueTextEquals("tokens"u8))
                tokens = Tokens(ref reader, out estimated);
            else if (reader.ValueTextEquals("savedTokens"u8))
                saved = Tokens(ref reader, out _);
            else if (reader.ValueTextEquals("priceKnown"u8))
                priced = reader.Read() && reader.GetBoolean();
            else if (reader.ValueTextEquals("cost"u8))
                pico = Scaled(ref reader, PicoDollars);
            else if (reader.ValueTextEquals("savedDollars"u8))
                savedPico = Scaled(ref reader, PicoDollars);
            else if (reader.ValueTextEquals("totalMs"u8))
                total = Scaled(ref reader, 1000);
            else if (reader.ValueTextEquals("ttftMs"u8))
                first = Scaled(ref reader, 1000);
            else
                Skip(ref reader);
        }

        string model = UsageGroup.Clean(target.Length > 0 ? target : tried);
        _values[(int)UsageDimension.Model] = model;
        _values[(int)UsageDimension.Provider] = UsageGroup.ProviderOf(model);
        _values[(int)UsageDimension.Status] = status;
        _values[(int)UsageDimension.Cache] = cache;
        bool replay = cache is "hit" or "semantic" or "joined";
        Sample = new UsageSample
        {
            Failed = failed || int.Parse(status, CultureInfo.InvariantCulture) >= 400,
            Tokens = replay ? default : tokens,
            Estimated = !replay && estimated,
            Saved = replay ? saved ?? default : default,
            Priced = priced,
            PicoDollars = pico ?? 0,
            SavedPriced = replay && saved is not null ? savedPico is not null : null,
            SavedPicoDollars = replay ? savedPico ?? 0 : 0,
            Total = DurationSketch.StepOf(total ?? 0),
            First = first is { } microseconds ? DurationSketch.StepOf(microseconds) : -1,
        };
        return Kind.Length > 0 && Time != default;
    }

    private string Take(UsageDimension dimension, ref Utf8JsonReader reader) => _values[(int)dimension] = UsageGroup.Clean(Text(ref reader));

    private static string Text(ref Utf8JsonReader reader) => reader.Read() ? reader.GetString() ?? "" : "";

    private static bool Skip(ref Utf8JsonReader reader)
    {
        reader.Skip();
        return true;
    }

    private static long LastOfRanges(ref Utf8JsonReader reader)
    {
        long last = 0;
        reader.Read();
        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.Number)
                last = Math.Max(last, reader.GetInt64());
        }

        return last;
    }

    private static long? Scaled(ref Utf8JsonReader reader, decimal times) =>
        reader.Read() && reader.TokenType == JsonTokenType.Number ? decimal.ToInt64(decimal.Round(reader.GetDecimal() * times)) : null;

    /// <summary>The last target that was tried, as <c>provider/model</c>.</summary>
    private static string LastTried(ref Utf8JsonReader reader)
    {
        (string provider, string model) = ("", "");
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            (provider, model) = ("", "");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("provider"u8))
                    provider = Text(ref reader);
                else if (reader.ValueTextEquals("model"u8))
                    model = Text(ref reader);
                else
                    Skip(ref reader);
            }
        }

        return model.Length > 0 ? $"{provider}/{model}" : provider;
    }

    private static UsageTokens Tokens(ref Utf8JsonReader reader, out bool estimated)
    {
        UsageTokens tokens = default;
        estimated = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("inputFresh"u8))
                tokens = tokens with { InputFresh = Number(ref reader) };
            else if (reader.ValueTextEquals("inputCacheRead"u8))
                tokens = tokens with { InputCacheRead = Number(ref reader) };
            else if (reader.ValueTextEquals("inputCacheWrite"u8))
                tokens = tokens with { InputCacheWrite = Number(ref reader) };
            else if (reader.ValueTextEquals("inputCacheWriteHour"u8))
                tokens = tokens with { InputCacheWriteHour = Number(ref reader) };
            else if (reader.ValueTextEquals("outputText"u8))
                tokens = tokens with { OutputText = Number(ref reader) };
            else if (reader.ValueTextEquals("outputReasoning"u8))
                tokens = tokens with { OutputReasoning = Number(ref reader) };
            else if (reader.ValueTextEquals("estimated"u8))
                estimated = reader.Read() && reader.GetBoolean();
            else
                Skip(ref reader);
        }

        return tokens;
    }

    private static long Number(ref Utf8JsonReader reader) => reader.Read() ? reader.GetInt64() : 0;
}
