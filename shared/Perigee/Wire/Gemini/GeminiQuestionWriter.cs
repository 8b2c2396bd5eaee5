using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>Writes a question as the body of generateContent. Source: the discovery document, "GenerateContentRequest".</summary>
internal static class GeminiQuestionWriter
{
    /// <summary>As many stop sequences as Google takes.</summary>
    private const int MostStops = 5;

    /// <summary>Writes the body.</summary>
    public static GatewayError? Write(ChatQuestion question, Translation translation, IBufferWriter<byte> output)
    {
        JsonPen pen = new(output);
        pen.Object();
        GatewayError? error = WriteMembers(question, translation, pen);
        pen.EndObject();
        return error;
    }

    /// <summary>Writes the members of the body: those of countTokens' inner question are the same.</summary>
    public static GatewayError? WriteMembers(ChatQuestion question, Translation translation, JsonPen pen)
    {
        GeminiToolNames names = new(question, translation);
        return Contents(question, translation, names, pen)
            ?? GeminiToolWriter.Write(question, translation, names, pen)
            ?? Settings(question, translation, pen);
    }

    private static GatewayError? Contents(ChatQuestion question, Translation translation, GeminiToolNames names, JsonPen pen)
    {
        GeminiContents contents = GeminiContents.Of(question);
        GeminiPartWriter parts = new(question, translation, names, pen);
        pen.Name("contents"u8).Array();
        GeminiContent? before = null;
        foreach (GeminiContent content in contents.Turns)
        {
            pen.Object().Name("role"u8).Text(content.Model ? "model"u8 : "user"u8).Name("parts"u8).Array();
            if ((content.Model ? parts.Model(content) : parts.User(content, before)) is { } error)
                return error;
            pen.EndArray().EndObject();
            before = content;
        }

        pen.EndArray();
        if (contents.System.Count > 0)
        {
            pen.Name("systemInstruction"u8).Object().Name("parts"u8).Array();
            foreach (WireText text in contents.System)
                pen.Object().Name("text"u8).Text(text).EndObject();
            pen.EndArray().EndObject();
        }

        return Hints(question, translation);
    }

    /// <summary>What messages say beside their content and Google has no place for.</summary>
    private static GatewayError? Hints(ChatQuestion question, Translation translation)
    {
        bool marks = question.Tools.Exists(tool => tool.Mark is not null);
        foreach (ChatTurn turn in question.Turns)
        {
            if (!turn.Name.IsEmpty && translation.Drop(turn.Place.In(question.Dialect) + ".name", Loss.Hint, "Gemini knows no names of speakers.") is { } error)
                return error;
            marks |= turn.Parts.Exists(part => part.Mark is not null);
        }

        return marks ? translation.Drop("cache_control", Loss.Hint, "Gemini caches prompts by itself and takes no marks.") : null;
    }

    private static GatewayError? Settings(ChatQuestion question, Translation translation, JsonPen pen)
    {
        ArrayBufferWriter<byte> buffer = new();
        JsonPen config = new(buffer);
        HashSet<Parameter> said = [];
        config.Object();
        foreach (Setting setting in question.Settings)
        {
            if (said.Contains(setting.Parameter) || Refused(setting.Parameter, translation.Traits))
                continue;
            if (Take(setting, translation, config, out GatewayError? error))
                said.Add(setting.Parameter);
            if (error is not null)
                return error;
        }

        if ((Format(question, translation, config) ?? Detail(question, translation, config) ?? GeminiThinking.Write(question, translation, config)) is { } wrong)
            return wrong;
        HashSet<Setting> own = Own(question, said, config, inConfig: true);
        config.EndObject();
        if (buffer.WrittenCount > 2)
            pen.Name("generationConfig"u8).Raw(buffer.WrittenSpan);
        own.UnionWith(Own(question, said, pen, inConfig: false));
        if (question.Find(Parameter.Store) is { } store && !own.Contains(store) && !translation.Traits.Refuses.Contains("store"))
        {
            pen.Name("store"u8).Raw(store.Json.Span);
            said.Add(Parameter.Store);
        }

        return translation.DropRest(question, setting => said.Contains(setting.Parameter) || own.Contains(setting) || IsOrdinary(setting), "Gemini");
    }

    /// <summary>Writes a setting that Google has too. False where it is another's to write, or nobody's.</summary>
    private static bool Take(Setting setting, Translation translation, JsonPen config, out GatewayError? error)
    {
        error = null;
        ReadOnlySpan<byte> value = setting.Json.Span;
        switch (setting.Parameter)
        {
            case Parameter.MaxOutput:
                Cap(value, translation.Traits.MaxOutput, config);
                return true;
            case Parameter.Temperature:
                config.Name("temperature"u8).Raw(value);
                return true;
            case Parameter.TopP:
                config.Name("topP"u8).Raw(value);
                return true;
            case Parameter.TopK:
                config.Name("topK"u8).Raw(value);
                return true;
            case Parameter.Stop:
                error = Stop(setting, translation, config);
                return true;
            case Parameter.Choices:
                if (!value.SequenceEqual("1"u8))
                    config.Name("candidateCount"u8).Raw(value);
                return true;
            case Parameter.Seed:
                config.Name("seed"u8).Raw(value);
                return true;
            case Parameter.FrequencyPenalty:
                config.Name("frequencyPenalty"u8).Raw(value);
                return true;
            case Parameter.PresencePenalty:
                config.Name("presencePenalty"u8).Raw(value);
                return true;
            case Parameter.Logprobs:
                if (value.SequenceEqual("true"u8))
                    config.Name("responseLogprobs"u8).Bool(true);
                return true;
            case Parameter.TopLogprobs:
                if (!value.SequenceEqual("0"u8))
                    config.Name("logprobs"u8).Raw(value);
                return true;
            default:
                return false;
        }
    }

    /// <summary>More than the model can give is refused there, and nothing is lost by asking for what it can.</summary>
    private static void Cap(ReadOnlySpan<byte> value, long? most, JsonPen config)
    {
        config.Name("maxOutputTokens"u8);
        if (most is { } limit && System.Buffers.Text.Utf8Parser.TryParse(value, out long asked, out _) && asked > limit)
            config.Number(limit);
        else
            config.Raw(value);
    }

    private static GatewayError? Stop(Setting setting, Translation translation, JsonPen config)
    {
        using JsonDocument document = JsonDocument.Parse(setting.Json);
        JsonElement stop = document.RootElement;
        if (stop.ValueKind == JsonValueKind.Array && stop.GetArrayLength() > MostStops)
            return translation.Drop(setting.Field, Loss.Contract, "Gemini takes five stop sequences at most.");
        config.Name("stopSequences"u8);
        if (stop.ValueKind == JsonValueKind.Array)
            config.Raw(setting.Json.Span);
        else
            config.Array().Raw(setting.Json.Span).EndArray();
        return null;
    }

    private static GatewayError? Format(ChatQuestion question, Translation translation, JsonPen config)
    {
        if (question.Format is not { } format)
            return null;
        FormatSupport formats = translation.Traits.Formats;
        if (formats == FormatSupport.None || (formats == FormatSupport.Object && !format.Schema.IsEmpty))
            return translation.Drop(format.Field, Loss.Contract, "It does not answer in a given form.");
        config.Name("responseMimeType"u8).Text("application/json"u8);
        if (!format.Schema.IsEmpty)
        {
            config.Name("responseJsonSchema"u8);
            GeminiSchema.Write(format.Schema, config);
        }

        return null;
    }

    /// <summary>OpenAI says for each picture how closely to look at it, Google for all of them at once.</summary>
    private static GatewayError? Detail(ChatQuestion question, Translation translation, JsonPen config)
    {
        string? common = null;
        bool differ = false;
        string field = "";
        foreach (ChatTurn turn in question.Turns)
        {
            foreach (ChatPart part in turn.Parts)
            {
                if (part is not MediaPart { Kind: MediaKind.Image, Detail.IsEmpty: false } image)
                    continue;
                string detail = image.Detail.Decode();
                differ |= common is not null && common != detail;
                common ??= detail;
                field = image.Place.In(question.Dialect) + ".detail";
            }
        }

        if (differ)
            return translation.Drop(field, Loss.Hint, "Gemini has one resolution for all pictures of a question.");
        if (common is "low" or "high")
            config.Name("mediaResolution"u8).Text(common == "low" ? "MEDIA_RESOLUTION_LOW"u8 : "MEDIA_RESOLUTION_HIGH"u8);
        return null;
    }

    /// <summary>What a client of Google's own says and no other dialect has goes back to where it stood.</summary>
    private static HashSet<Setting> Own(ChatQuestion question, HashSet<Parameter> said, JsonPen pen, bool inConfig)
    {
        HashSet<Setting> own = [];
        if (question.Dialect != "gemini")
            return own;
        foreach (Setting setting in question.Settings)
        {
            if (said.Contains(setting.Parameter) || setting.Parameter == Parameter.StreamForm || setting.Field.Contains('['))
                continue;
            int dot = setting.Field.IndexOf('.');
            bool below = dot >= 0 && GeminiNames.Is(WireText.Encode(setting.Field[..dot]), "generationConfig"u8);
            if (inConfig ? !below || setting.Field.IndexOf('.', dot + 1) >= 0 : dot >= 0)
                continue;
            pen.Name(WireText.Encode(setting.Field[(dot + 1)..])).Raw(setting.Json.Span);
            own.Add(setting);
        }

        return own;
    }

    private static bool Refused(Parameter parameter, ModelTraits traits) => parameter switch
    {
        Parameter.Temperature => traits.Refuses.Contains("temperature"),
        Parameter.TopP => traits.Refuses.Contains("top_p"),
        Parameter.TopK => traits.Refuses.Contains("top_k"),
        Parameter.Seed => traits.Refuses.Contains("seed"),
        Parameter.FrequencyPenalty => traits.Refuses.Contains("frequency_penalty"),
        Parameter.PresencePenalty => traits.Refuses.Contains("presence_penalty"),
        Parameter.Stop => traits.Refuses.Contains("stop"),
        Parameter.Choices => traits.Refuses.Contains("n"),
        Parameter.Logprobs or Parameter.TopLogprobs => traits.Refuses.Contains("logprobs"),
        _ => false,
    };

    /// <summary>A tier that is the ordinary one anyway.</summary>
    private static bool IsOrdinary(Setting setting) =>
        setting.Parameter == Parameter.ServiceTier && (setting.Json.Span.SequenceEqual("\"auto\""u8) || setting.Json.Span.SequenceEqual("\"default\""u8));
}
