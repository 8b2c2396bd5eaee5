using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// Anthropic's usage. Its input tokens leave both cache figures out, its output tokens hold those of thinking. In a stream the closing figures
/// overwrite the opening ones member by member, never add to them: they are cumulative, and repeat what was said or correct it.
/// </summary>
internal sealed class AnthropicUsage
{
    private long? _input;
    private long? _cacheRead;
    private long? _cacheWrite;
    private long? _fiveMinutes;
    private long? _hour;
    private long? _output;
    private long? _thinking;
    private long? _searches;
    private ServiceTier _tier;

    /// <summary>In classes that do not overlap.</summary>
    public TokenUsage Sum()
    {
        long hour = _hour ?? 0;
        long written = _cacheWrite is { } all ? Math.Max(0, all - hour) : _fiveMinutes ?? 0;
        long output = _output ?? 0;
        long thinking = Math.Min(_thinking ?? 0, output);
        return new TokenUsage(_input ?? 0, _cacheRead ?? 0, written, output - thinking, thinking)
        {
            InputCacheWriteHour = hour,
            WebSearches = _searches ?? 0,
            Tier = _tier,
        };
    }

    /// <summary>Takes over what an object says. False where it says nothing.</summary>
    public bool Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, AnthropicEvent.Options);
        return reader.Read() && reader.TokenType == JsonTokenType.StartObject && Members(ref reader);
    }

    /// <summary>Writes the object of an answer.</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="usage">The tokens.</param>
    /// <param name="details">Whether more is said than every server says: the members that are zero in most answers are then written where they are not.</param>
    public static void Write(IBufferWriter<byte> output, in TokenUsage usage, bool details)
    {
        AnthropicJson json = new(output);
        json.Open('{');
        json.Number("input_tokens"u8, usage.InputFresh);
        json.Number("cache_creation_input_tokens"u8, usage.InputCacheWrite + usage.InputCacheWriteHour);
        json.Number("cache_read_input_tokens"u8, usage.InputCacheRead);
        if (details && usage.InputCacheWrite + usage.InputCacheWriteHour > 0)
        {
            json.Name("cache_creation"u8);
            json.Open('{');
            json.Number("ephemeral_5m_input_tokens"u8, usage.InputCacheWrite);
            json.Number("ephemeral_1h_input_tokens"u8, usage.InputCacheWriteHour);
            json.Close('}');
        }

        json.Number("output_tokens"u8, usage.Output);
        if (details && usage.OutputReasoning > 0)
        {
            json.Name("output_tokens_details"u8);
            json.Open('{');
            json.Number("thinking_tokens"u8, usage.OutputReasoning);
            json.Close('}');
        }

        if (details && usage.WebSearches > 0)
        {
            json.Name("server_tool_use"u8);
            json.Open('{');
            json.Number("web_search_requests"u8, usage.WebSearches);
            json.Close('}');
        }

        json.Close('}');
    }

    private bool Members(ref Utf8JsonReader reader)
    {
        bool any = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("input_tokens"u8))
                any |= Number(ref reader, ref _input);
            else if (reader.ValueTextEquals("output_tokens"u8))
                any |= Number(ref reader, ref _output);
            else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
                any |= Number(ref reader, ref _cacheRead);
            else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
                any |= Number(ref reader, ref _cacheWrite);
            else if (reader.ValueTextEquals("ephemeral_5m_input_tokens"u8))
                any |= Number(ref reader, ref _fiveMinutes);
            else if (reader.ValueTextEquals("ephemeral_1h_input_tokens"u8))
                any |= Number(ref reader, ref _hour);
            else if (reader.ValueTextEquals("thinking_tokens"u8))
                any |= Number(ref reader, ref _thinking);
            else if (reader.ValueTextEquals("web_search_requests"u8))
                any |= Number(ref reader, ref _searches);
            else if (reader.ValueTextEquals("service_tier"u8))
                Tier(ref reader);
            else if (reader.ValueTextEquals("cache_creation"u8) || reader.ValueTextEquals("output_tokens_details"u8) || reader.ValueTextEquals("server_tool_use"u8))
                any |= Inner(ref reader);
            else
                Skip(ref reader);
        }

        return any;
    }

    private bool Inner(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
            return Members(ref reader);
        reader.Skip();
        return false;
    }

    // What Anthropic calls priority is capacity that was bought ahead: its tokens cost no more than others.
    private void Tier(ref Utf8JsonReader reader)
    {
        reader.Read();

        // By its bytes: half a surrogate in an escape is an exception to the reader's own comparison.
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.SequenceEqual("batch"u8))
            _tier = ServiceTier.Batch;
        reader.Skip();
    }

    private static void Skip(ref Utf8JsonReader reader)
    {
        // `iterations` lists the same tokens again, call by call.
        reader.Read();
        reader.Skip();
    }

    private static bool Number(ref Utf8JsonReader reader, ref long? value)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.Number)
        {
            reader.Skip();
            return false;
        }

        if (!reader.TryGetInt64(out long whole))
            whole = reader.TryGetDouble(out double real) && real is >= 0 and < 1e15 ? (long)real : -1;
        if (whole < 0)
            return false;
        value = whole;
        return true;
    }
}
