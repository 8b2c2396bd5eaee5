using System.Security.Cryptography;
using System.Text;

namespace Perigee.Wire.OpenAiChat;

/// <summary>Writes the settings that OpenAI's dialect has a member for, and settles the rest.</summary>
internal sealed class OpenAiSettingWriter(ChatQuestion question, Translation translation, JsonOut json)
{
    /// <summary>OpenAI's own bound of what names the end user.</summary>
    private const int LongestUser = 64;

    private readonly HashSet<Setting> _taken = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>Writes them; the error says which cannot be served.</summary>
    public GatewayError? Write()
    {
        foreach (Setting setting in question.Settings)
        {
            if (Member(setting) is not { } member)
                continue;
            if (translation.Traits.Refuses.Contains(member))
            {
                if (translation.Drop(setting.Field, Parameters.LossOf(setting), OpenAiChatQuestionWriter.Refused(member)) is { } error)
                    return error;
                _taken.Add(setting);
            }
            else if (_written.Add(member))
            {
                Value(setting, member);
            }
        }

        return translation.DropRest(question, _taken.Contains, OpenAiChatQuestionWriter.Dialect);
    }

    /// <summary>OpenAI's name of the member, or null where it has none.</summary>
    private string? Member(Setting setting) => setting.Parameter switch
    {
        Parameter.MaxOutput => translation.Traits.MaxTokens == MaxTokensField.MaxCompletionTokens ? "max_completion_tokens" : "max_tokens",
        Parameter.Temperature => "temperature",
        Parameter.TopP => "top_p",
        Parameter.Stop => "stop",
        Parameter.Choices => "n",
        Parameter.Seed => translation.Traits.SeedField ?? "seed",
        Parameter.FrequencyPenalty => "frequency_penalty",
        Parameter.PresencePenalty => "presence_penalty",
        Parameter.LogitBias => "logit_bias",
        Parameter.Logprobs => "logprobs",
        Parameter.TopLogprobs => "top_logprobs",
        Parameter.User => "user",
        Parameter.Store => "store",

        // OpenAI takes labels only of answers that it stores.
        Parameter.Metadata when question.Find(Parameter.Store) is { } store && store.Json.Span.SequenceEqual("true"u8) => "metadata",
        Parameter.ServiceTier when Tier(setting) is not null => "service_tier",

        // Nobody else has these: they come in OpenAI's own form or not at all.
        Parameter.Verbosity or Parameter.PromptCache or Parameter.Prediction or Parameter.Modalities or Parameter.Audio or Parameter.Safety
            when question.Dialect.StartsWith("openai", StringComparison.Ordinal) => setting.Field,
        _ => null,
    };

    private void Value(Setting setting, string member)
    {
        _taken.Add(setting);
        ReadOnlySpan<byte> value = setting.Json.Span;

        // What says nothing may be refused all the same: an empty list of stop sequences is.
        if (setting.Parameter == Parameter.Stop && JsonPiece.Text(value).IsEmpty && !JsonPiece.IsArray(value))
            return;
        JsonOut named = json.Name(Encoding.ASCII.GetBytes(member));
        if (setting.Parameter == Parameter.ServiceTier)
            named.Plain(Tier(setting)!);
        else if (setting.Parameter == Parameter.User)
            User(named, value);
        else
            named.Raw(value);
    }

    /// <summary>A name that is too long (some clients put JSON there) becomes its SHA-256: still the same end user for the same name.</summary>
    private static void User(JsonOut named, ReadOnlySpan<byte> value)
    {
        JsonText user = JsonPiece.Text(value);
        if (user.Escaped.Length <= LongestUser)
            named.Raw(value);
        else
            named.Plain(Convert.ToHexStringLower(SHA256.HashData(WireText.Unescape(user.Escaped))));
    }

    /// <summary>OpenAI's word for a tier, or null where it has none. Anthropic's <c>standard_only</c> means: no priority.</summary>
    private static string? Tier(Setting setting) => JsonPiece.Text(setting.Json.Span).Decode().ToLowerInvariant() switch
    {
        "auto" => "auto",
        "default" or "standard" or "standard_only" or "service_tier_standard" => "default",
        "flex" or "service_tier_flex" => "flex",
        "scale" => "scale",
        "priority" or "service_tier_priority" => "priority",
        _ => null,
    };
}
