using System.Buffers;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Writes a question of another dialect as one of OpenAI's chat completions, as the target's traits want it. The members stand in a fixed order:
/// the prompt first, as the provider's cache sees it.
/// </summary>
internal sealed class OpenAiChatQuestionWriter(ChatQuestion question, Translation translation, IBufferWriter<byte> output)
{
    /// <summary>The dialect's name in messages to people.</summary>
    public const string Dialect = "OpenAI chat completions";

    private readonly JsonOut _json = new(output);

    /// <summary>Writes the body; the error says why it cannot be asked.</summary>
    public GatewayError? Write()
    {
        OpenAiToolNames names = new(question, translation);
        OpenAiFormat format = new(question, translation);
        if (format.Settle() is { } impossible)
            return impossible;
        _json.Object();
        _json.Name("model"u8).Plain(translation.Model);
        return new OpenAiTurnWriter(question, translation, _json, names).Write(format.Instruction)
            ?? new OpenAiToolWriter(question, translation, _json, names).Write(format)
            ?? format.Write(_json)
            ?? new OpenAiReasoningWriter(question, translation, _json).Write()
            ?? new OpenAiSettingWriter(question, translation, _json).Write()
            ?? Close();
    }

    /// <summary>What a target's refusal of a member of OpenAI's dialect means.</summary>
    public static string Refused(string member) => $"The provider refuses '{member}' for this model.";

    private GatewayError? Close()
    {
        if (question.Stream)
        {
            _json.Name("stream"u8).Bool(true);
            if (translation.AskUsage && !translation.Traits.Refuses.Contains("stream_options"))
            {
                _json.Name("stream_options"u8).Object();
                _json.Name("include_usage"u8).Bool(true);
                _json.EndObject();
            }
        }

        _json.EndObject();
        return null;
    }
}
