using System.Text;
using System.Text.Json;

namespace Perigee.Catalog;

/// <summary>
/// Reads models.json, whose members are short because there are thousands of rows; generate/README.md describes them. Read by hand and a
/// provider at a time: a cold start pays for the providers that it uses.
/// </summary>
internal static class CatalogFile
{
    // The file is our own and its lines are always the same: to find the lists by their lines spares the start from reading over all rows.
    private static ReadOnlySpan<byte> Head => "{\n  \"format\": 1,\n"u8;

    private static ReadOnlySpan<byte> Begin => "\n  \"models\": {\n"u8;

    private static ReadOnlySpan<byte> End => "\n    ]"u8;

    /// <summary>The providers in file order; their rows are not read yet.</summary>
    /// <exception cref="InvalidDataException">The file is of another form.</exception>
    public static List<ProviderModels> Providers(ReadOnlyMemory<byte> json)
    {
        ReadOnlySpan<byte> text = json.Span;
        int at = text.IndexOf(Begin);
        if (!text.StartsWith(Head) || at < 0)
            throw new InvalidDataException("models.json is of another form; generate/generate.mjs makes it.");
        List<ProviderModels> providers = new(64);
        for (at += Begin.Length; text[at..].StartsWith("    \""u8); at++)
        {
            int name = at + 5, rows = name + text[name..].IndexOf((byte)'[');
            int end = rows + text[rows..].IndexOf(End) + End.Length;
            providers.Add(new(Encoding.UTF8.GetString(text[name..(rows - 3)]), json[rows..end]));
            at = end + text[end..].IndexOf((byte)'\n');
        }

        return providers;
    }

    /// <summary>The rows of one provider.</summary>
    /// <param name="rows">Its list.</param>
    /// <param name="provider">Its name.</param>
    public static List<CatalogModel> Read(ReadOnlySpan<byte> rows, string provider)
    {
        Utf8JsonReader reader = new(rows);
        List<CatalogModel> models = [];
        Ladders ladders = new();
        Expect(ref reader, JsonTokenType.StartArray);
        while (Next(ref reader) == JsonTokenType.StartObject)
            models.Add(ReadModel(ref reader, provider, ladders));
        return models;
    }

    private static CatalogModel ReadModel(ref Utf8JsonReader reader, string provider, Ladders ladders)
    {
        string id = "";
        ModelKind kind = ModelKind.Chat;
        long? context = null, output = null;
        Modalities inputs = 0, judged = 0, outputs = 0;
        bool? tools = null, schema = null, reasoning = null;
        Quality? quality = null;
        IReadOnlyList<string> efforts = [], aliases = [];
        DateOnly? released = null;
        string? title = null;
        bool bare = false;
        PriceRates? rates = null;
        PriceTier[] tiers = [];
        DatedPrice[] later = [];
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> member = reader.ValueSpan;
            byte short_ = member.Length == 1 ? member[0] : (byte)0;
            Next(ref reader);
            switch (short_)
            {
                case 0:
                    id = reader.GetString()!;
                    break;
                case (byte)'k':
                    kind = KindOf(ref reader);
                    break;
                case (byte)'c':
                    context = reader.GetInt64();
                    break;
                case (byte)'m':
                    output = reader.GetInt64();
                    break;
                case (byte)'i':
                    (inputs, judged) = ReadModalities(reader.ValueSpan);
                    break;
                case (byte)'o':
                    (outputs, _) = ReadModalities(reader.ValueSpan);
                    break;
                case (byte)'f':
                    (tools, schema, reasoning) = (Flag(reader.ValueSpan, 't', 'T'), Flag(reader.ValueSpan, 's', 'S'), Flag(reader.ValueSpan, 'r', 'R'));
                    break;
                case (byte)'e':
                    efforts = ladders.Of(ref reader);
                    break;
                case (byte)'q':
                    quality = QualityOf(ref reader);
                    break;
                case (byte)'p':
                    rates = ReadRates(ref reader);
                    break;
                case (byte)'t':
                    tiers = ReadTiers(ref reader);
                    break;
                case (byte)'l':
                    later = ReadLater(ref reader);
                    break;
                case (byte)'d':
                    released = ReadDay(reader.ValueSpan);
                    break;
                case (byte)'n':
                    title = reader.GetString();
                    break;
                case (byte)'a':
                    aliases = ReadTexts(ref reader);
                    break;
                case (byte)'b':
                    bare = reader.GetInt32() == 1;
                    break;
                default:
                    throw new InvalidDataException($"models.json has an unknown member in {provider}/{id}.");
            }
        }

        return new(provider, id, kind)
        {
            Title = title,
            Context = context,
            MaxOutput = output,
            Inputs = inputs,
            Judged = judged,
            Outputs = outputs,
            Tools = tools,
            Schema = schema,
            Reasoning = reasoning,
            Efforts = efforts,
            Quality = quality,
            Price = rates is null ? null : rates.Input == 0 && rates.Output == 0 && tiers.Length + later.Length == 0 ? ModelPrice.Free : new(rates) { Tiers = tiers, Later = later },
            Released = released,
            Aliases = aliases,
            Bare = bare,
        };
    }

    private static PriceTier[] ReadTiers(ref Utf8JsonReader reader)
    {
        List<PriceTier> tiers = [];
        while (Next(ref reader) == JsonTokenType.StartArray)
        {
            Expect(ref reader, JsonTokenType.Number);
            tiers.Add(new(reader.GetInt64(), ReadRates(ref reader)));
        }

        return [.. tiers];
    }

    private static DatedPrice[] ReadLater(ref Utf8JsonReader reader)
    {
        List<DatedPrice> later = [];
        while (Next(ref reader) == JsonTokenType.StartArray)
        {
            Expect(ref reader, JsonTokenType.String);
            DateOnly from = ReadDay(reader.ValueSpan);
            Expect(ref reader, JsonTokenType.StartArray);
            PriceRates rates = ReadRates(ref reader);
            PriceTier[] tiers = [];
            if (Next(ref reader) == JsonTokenType.StartArray)
            {
                tiers = ReadTiers(ref reader);
                Expect(ref reader, JsonTokenType.EndArray);
            }

            later.Add(new(from, new(rates) { Tiers = tiers }));
        }

        return [.. later];
    }

    // From behind the opening bracket (or the tier's border) to the closing one: dollars per million tokens, null where unknown.
    private static PriceRates ReadRates(ref Utf8JsonReader reader)
    {
        Span<long> prices = stackalloc long[8];
        prices.Fill(-1);
        for (int i = 0; Next(ref reader) != JsonTokenType.EndArray; i++)
        {
            if (reader.TokenType == JsonTokenType.Number)
                prices[i] = (long)(reader.GetDecimal() * 1_000_000);
        }

        return new(prices[0], prices[1])
        {
            CacheRead = Known(prices[2]),
            CacheWrite = Known(prices[3]),
            CacheWriteHour = Known(prices[4]),
            InputAudio = Known(prices[5]),
            OutputAudio = Known(prices[6]),
            Request = Known(prices[7]),
        };

        static long? Known(long price) => price < 0 ? null : price;
    }

    private static string[] ReadTexts(ref Utf8JsonReader reader)
    {
        List<string> texts = [];
        while (Next(ref reader) == JsonTokenType.String)
            texts.Add(reader.GetString()!);
        return [.. texts];
    }

    private static (Modalities Has, Modalities Judged) ReadModalities(ReadOnlySpan<byte> letters)
    {
        Modalities has = 0, judged = 0;
        foreach (byte letter in letters)
        {
            switch (letter)
            {
                case (byte)'t':
                    has |= Modalities.Text;
                    break;
                case (byte)'i':
                    has |= Modalities.Image;
                    break;
                case (byte)'a':
                    has |= Modalities.Audio;
                    break;
                case (byte)'v':
                    has |= Modalities.Video;
                    break;
                case (byte)'f':
                    has |= Modalities.File;
                    break;
                default:
                    judged = Modalities.All;
                    break;
            }
        }

        // Without the mark the row comes from a source that speaks of text and pictures only.
        return (has, judged | has | Modalities.Text | Modalities.Image);
    }

    private static bool? Flag(ReadOnlySpan<byte> letters, char no, char yes) =>
        letters.Contains((byte)yes) ? true : letters.Contains((byte)no) ? false : null;

    private static DateOnly ReadDay(ReadOnlySpan<byte> day) => new(Digits(day[..4]), Digits(day[5..7]), Digits(day[8..10]));

    private static int Digits(ReadOnlySpan<byte> digits)
    {
        int number = 0;
        foreach (byte digit in digits)
            number = (number * 10) + (digit - '0');
        return number;
    }

    private static ModelKind KindOf(ref Utf8JsonReader reader) => reader.GetString() switch
    {
        "embedding" => ModelKind.Embedding,
        "image" => ModelKind.Image,
        "audio" => ModelKind.Audio,
        "moderation" => ModelKind.Moderation,
        "rerank" => ModelKind.Rerank,
        _ => ModelKind.Chat,
    };

    private static Quality QualityOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("basic"u8) ? Quality.Basic
        : reader.ValueTextEquals("standard"u8) ? Quality.Standard
        : reader.ValueTextEquals("strong"u8) ? Quality.Strong
        : Quality.Frontier;

    private static JsonTokenType Next(ref Utf8JsonReader reader) => reader.Read() ? reader.TokenType : JsonTokenType.None;

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (Next(ref reader) != type)
            throw new InvalidDataException($"models.json has {reader.TokenType} in place of {type} at byte {reader.TokenStartIndex}.");
    }

    // Some two dozen ladders of efforts stand in two thousand rows.
    private sealed class Ladders
    {
        private readonly List<(string Text, string[] Efforts)> _seen = [];

        public string[] Of(ref Utf8JsonReader reader)
        {
            foreach ((string text, string[] efforts) in _seen)
            {
                if (reader.ValueTextEquals(text))
                    return efforts;
            }

            string ladder = reader.GetString()!;
            string[] made = ladder.Split(' ');
            _seen.Add((ladder, made));
            return made;
        }
    }
}
