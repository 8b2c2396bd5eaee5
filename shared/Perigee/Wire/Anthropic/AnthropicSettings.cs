using System.Buffers.Text;
using System.Globalization;

namespace Perigee.Wire.Anthropic;

/// <summary>Writes sampling and the other outer members.</summary>
internal static class AnthropicSettings
{
    /// <summary>Whether a value is null: as good as absent.</summary>
    public static bool IsNull(Setting setting) => setting.Json.Span.SequenceEqual("null"u8);

    /// <summary>Reads an integer; a number such as <c>1e3</c> or <c>5.0</c> counts as one.</summary>
    public static bool TryInteger(Setting setting, out long value)
    {
        ReadOnlySpan<byte> json = setting.Json.Span;
        if (Utf8Parser.TryParse(json, out value, out int used) && used == json.Length)
            return true;
        if (!TryNumber(setting, out double real) || real != Math.Floor(real) || Math.Abs(real) > 1e15)
            return false;
        value = (long)real;
        return true;
    }

    /// <summary>Settles which of the settings are said, and how: members of the body, in order.</summary>
    public static GatewayError? Plan(ChatQuestion question, Translation translation, AnthropicThinking thinking, List<KeyValuePair<string, ReadOnlyMemory<byte>>> members)
    {
        if ((Sampling(question, translation, thinking, members) ?? Stops(question, translation, members)) is { } error)
            return error;
        bool tier = false;
        foreach (Setting setting in question.Settings)
        {
            if (IsNull(setting))
                continue;
            switch (setting.Parameter)
            {
                case Parameter.User when setting.Json.Span[0] == (byte)'"':
                    members.Add(new("metadata", (byte[])[.. "{\"user_id\":"u8, .. setting.Json.Span, (byte)'}']));
                    break;
                case Parameter.ServiceTier when Tier(setting) is { } word:
                    members.Add(new("service_tier", word));
                    tier = true;
                    break;
                case Parameter.AutoCache:
                    members.Add(new("cache_control", setting.Json));
                    break;
            }
        }

        return translation.DropRest(question, setting => IsNull(setting) || setting.Parameter switch
        {
            Parameter.MaxOutput or Parameter.Temperature or Parameter.TopP or Parameter.TopK or Parameter.Stop or Parameter.AutoCache => true,
            Parameter.User => setting.Json.Span[0] == (byte)'"',
            Parameter.ServiceTier => tier,
            _ => false,
        }, "Anthropic Messages");
    }

    private static GatewayError? Sampling(ChatQuestion question, Translation translation, AnthropicThinking thinking, List<KeyValuePair<string, ReadOnlyMemory<byte>>> members)
    {
        GatewayError? error = Number(question, Parameter.Temperature, out Setting? heat, out double temperature);
        error = Number(question, Parameter.TopP, out Setting? mass, out double top) ?? error;
        error = Number(question, Parameter.TopK, out Setting? most, out _) ?? error;
        if (error is not null)
            return error;

        const string Model = "The model takes no such setting.";
        const string Thinks = "Anthropic's models take it only where they do not think.";
        if (heat is not null && translation.Traits.Refuses.Contains("temperature"))
            error = Leave(ref heat, Model);
        else if (heat is not null && thinking.On && temperature != 1)
            error = Leave(ref heat, Thinks);
        if (error is null && mass is not null && translation.Traits.Refuses.Contains("top_p"))
            error = Leave(ref mass, Model);
        else if (error is null && mass is not null && thinking.On && top < 0.95)
            error = Leave(ref mass, Thinks);
        if (error is null && most is not null && translation.Traits.Refuses.Contains("top_k"))
            error = Leave(ref most, Model);
        else if (error is null && most is not null && thinking.On)
            error = Leave(ref most, Thinks);
        if (error is not null)
            return error;

        // One that asks for the default says nothing.
        if (heat is not null && mass is not null && translation.Traits.OneOfTemperatureAndTopP)
        {
            if (top >= 1)
                mass = null;
            else if (temperature == 1)
                heat = null;
            else if (Leave(ref mass, "The model takes either temperature or top_p.") is { } both)
                return both;
        }

        if (heat is not null)
            members.Add(new("temperature", temperature > 1 ? "1"u8.ToArray() : temperature < 0 ? "0"u8.ToArray() : heat.Json));
        if (mass is not null)
            members.Add(new("top_p", mass.Json));
        if (most is not null)
            members.Add(new("top_k", TryInteger(most, out long whole) ? System.Text.Encoding.ASCII.GetBytes(whole.ToString(CultureInfo.InvariantCulture)) : most.Json));
        return null;

        GatewayError? Leave(ref Setting? setting, string why)
        {
            string field = setting!.Field;
            setting = null;
            return translation.Drop(field, Loss.Hint, why);
        }
    }

    private static GatewayError? Stops(ChatQuestion question, Translation translation, List<KeyValuePair<string, ReadOnlyMemory<byte>>> members)
    {
        if (question.Find(Parameter.Stop) is not { } setting || IsNull(setting))
            return null;
        List<byte> list = [(byte)'['];
        foreach (WireText stop in AnthropicStops.Read(setting.Json))
        {
            if (stop.IsEmpty)
                continue;
            if (AnthropicTexts.IsBlank(stop))
            {
                if (translation.Drop(setting.Field, Loss.Hint, "Anthropic Messages takes no stop sequence of white space alone.") is { } error)
                    return error;
                continue;
            }

            if (list.Count > 1)
                list.Add((byte)',');
            list.Add((byte)'"');
            list.AddRange(stop.Escaped.Span);
            list.Add((byte)'"');
        }

        list.Add((byte)']');
        if (list.Count > 2)
            members.Add(new("stop_sequences", list.ToArray()));
        return null;
    }

    /// <summary>The tiers of the dialects go by different names: only "whatever is best" means the same everywhere.</summary>
    private static byte[]? Tier(Setting setting) =>
        setting.Json.Span.SequenceEqual("\"auto\""u8) || setting.Json.Span.SequenceEqual("\"default\""u8) ? "\"auto\""u8.ToArray()
        : setting.Json.Span.SequenceEqual("\"standard_only\""u8) ? "\"standard_only\""u8.ToArray()
        : null;

    private static GatewayError? Number(ChatQuestion question, Parameter parameter, out Setting? setting, out double value)
    {
        value = 0;
        setting = question.Find(parameter);
        if (setting is null || IsNull(setting))
        {
            setting = null;
            return null;
        }

        return TryNumber(setting, out value) ? null : new GatewayError(ErrorKind.BadRequest, $"'{setting.Field}' must be a number.", setting.Field);
    }

    private static bool TryNumber(Setting setting, out double value)
    {
        ReadOnlySpan<byte> json = setting.Json.Span;
        return Utf8Parser.TryParse(json, out value, out int used) && used == json.Length && double.IsFinite(value);
    }
}
