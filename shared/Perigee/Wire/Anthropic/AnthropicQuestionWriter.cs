using System.Buffers;
using System.Text;

namespace Perigee.Wire.Anthropic;

/// <summary>Writes a question of another dialect as one of Anthropic Messages. Everything is decided first; what is written then cannot fail.</summary>
internal static class AnthropicQuestionWriter
{
    /// <summary>Writes a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="translation">Whom it is for.</param>
    /// <param name="counting">Whether its tokens are only to be counted: that endpoint refuses what only an answer needs.</param>
    /// <param name="output">Takes the body.</param>
    public static GatewayError? Write(ChatQuestion question, Translation translation, bool counting, IBufferWriter<byte> output)
    {
        List<KeyValuePair<string, ReadOnlyMemory<byte>>> settings = [];
        AnthropicThinking thinking;
        AnthropicTurns turns;
        if (AnthropicToolPlan.Make(question, translation, AnthropicThinking.ForbidsForce(question, translation.Traits), out AnthropicToolPlan plan) is { } error)
            return error;
        if ((error = AnthropicTurns.Arrange(question, translation, plan, out turns)) is not null)
            return error;
        if ((error = AnthropicThinking.Decide(question, translation, plan.Forced, turns, out thinking)) is not null)
            return error;
        if (!counting && (error = AnthropicSettings.Plan(question, translation, thinking, settings)) is not null)
            return error;
        AnthropicCacheMarks marks = new(plan.Tools, turns, question.Find(Parameter.AutoCache) is not null);

        AnthropicJson json = new(output);
        json.Open('{');
        json.Plain("model"u8, translation.Model);
        if (!counting)
            json.Number("max_tokens"u8, thinking.MaxTokens);
        System(json, turns, marks);
        Messages(json, turns, plan, marks);
        Tools(json, plan, marks);
        Choice(json, plan);
        Thinking(json, thinking);
        Config(json, plan, thinking);
        foreach ((string name, ReadOnlyMemory<byte> value) in settings)
            json.Raw(Encoding.ASCII.GetBytes(name), value.Span);
        if (question.Stream && !counting)
            json.Raw("stream"u8, "true"u8);
        json.Close('}');
        translation.ToolNames = plan.Names.Bent;
        translation.AnswerTool = plan.AnswerTool;
        return null;
    }

    private static void System(AnthropicJson json, AnthropicTurns turns, AnthropicCacheMarks marks)
    {
        if (turns.System.Count == 0)
            return;
        json.Name("system"u8);
        json.Open('[');
        foreach (TextPart part in turns.System)
            Part(json, part, null, marks);
        json.Close(']');
    }

    private static void Messages(AnthropicJson json, AnthropicTurns turns, AnthropicToolPlan plan, AnthropicCacheMarks marks)
    {
        json.Name("messages"u8);
        json.Open('[');
        foreach (AnthropicDraft draft in turns.Drafts)
        {
            json.Open('{');
            json.Text("role"u8, draft.Role switch { Role.Assistant => "assistant"u8, Role.User => "user"u8, _ => "system"u8 });
            json.Name("content"u8);
            json.Open('[');
            foreach (ChatPart part in draft.Parts)
                Part(json, part, plan, marks);
            json.Close(']');
            json.Close('}');
        }

        json.Close(']');
    }

    private static void Part(AnthropicJson json, ChatPart part, AnthropicToolPlan? plan, AnthropicCacheMarks? marks)
    {
        json.Open('{');
        switch (part)
        {
            case TextPart text:
                json.Text("type"u8, "text"u8);
                json.Text("text"u8, text.Text.Escaped.Span);
                break;
            case MediaPart media:
                AnthropicMedia.Write(json, media);
                break;
            case ReasoningPart { Proof: { Kind: ProofKind.Redacted } hidden }:
                json.Text("type"u8, "redacted_thinking"u8);
                json.Text("data"u8, hidden.Data.Escaped.Span);
                break;
            case ReasoningPart reasoning:
                json.Text("type"u8, "thinking"u8);
                json.Text("thinking"u8, reasoning.Text.Escaped.Span);
                json.Text("signature"u8, reasoning.Proof!.Data.Escaped.Span);
                break;
            case ToolCallPart call:
                json.Text("type"u8, "tool_use"u8);
                json.Text("id"u8, call.Id.Escaped.Span);
                json.Plain("name"u8, plan!.Names.Of(call.Name));
                json.Raw("input"u8, call.Arguments.IsEmpty ? "{}"u8 : call.Arguments.Span);
                break;
            case ToolResultPart result:
                Result(json, result);
                break;
        }

        marks?.Write(json, part);
        json.Close('}');
    }

    private static void Result(AnthropicJson json, ToolResultPart result)
    {
        json.Text("type"u8, "tool_result"u8);
        json.Text("tool_use_id"u8, result.CallId.Escaped.Span);
        if (result.Parts is [TextPart only])
        {
            json.Text("content"u8, only.Text.Escaped.Span);
        }
        else if (result.Parts.Count > 0)
        {
            json.Name("content"u8);
            json.Open('[');
            foreach (ChatPart part in result.Parts)
                Part(json, part, null, null);
            json.Close(']');
        }

        if (result.IsError)
            json.Raw("is_error"u8, "true"u8);
    }

    private static void Tools(AnthropicJson json, AnthropicToolPlan plan, AnthropicCacheMarks marks)
    {
        if (!plan.Any)
            return;
        json.Name("tools"u8);
        json.Open('[');
        foreach (ChatTool tool in plan.Tools)
        {
            json.Open('{');
            json.Plain("name"u8, plan.Names.Of(tool.Name));
            if (!tool.Description.IsEmpty)
                json.Text("description"u8, tool.Description.Escaped.Span);
            json.Raw("input_schema"u8, AnthropicSchema.OfTool(tool.Schema).Span);
            if (tool.Strict == true)
                json.Raw("strict"u8, "true"u8);
            marks.Write(json, tool);
            json.Close('}');
        }

        if (plan.Search)
            json.Raw("{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}"u8);
        if (plan.AnswerTool is not null)
        {
            json.Open('{');
            json.Plain("name"u8, plan.AnswerTool);
            json.Text("description"u8, AnthropicTexts.Join("Give the answer by calling this tool: its input is the whole answer."u8.ToArray(),
                plan.AnswerDescription.IsEmpty ? default : " "u8.ToArray(), plan.AnswerDescription.Escaped).Escaped.Span);
            json.Raw("input_schema"u8, plan.AnswerSchema.Span);
            json.Close('}');
        }

        json.Close(']');
    }

    private static void Choice(AnthropicJson json, AnthropicToolPlan plan)
    {
        if (plan.Choice is null)
            return;
        json.Name("tool_choice"u8);
        json.Open('{');
        json.Plain("type"u8, plan.Choice);
        if (plan.ChoiceName is not null)
            json.Plain("name"u8, plan.ChoiceName);
        if (plan.Single)
            json.Raw("disable_parallel_tool_use"u8, "true"u8);
        json.Close('}');
    }

    private static void Thinking(AnthropicJson json, AnthropicThinking thinking)
    {
        if (thinking.Mode == ThinkingMode.Omitted)
            return;
        json.Name("thinking"u8);
        json.Open('{');
        switch (thinking.Mode)
        {
            case ThinkingMode.Budget:
                json.Text("type"u8, "enabled"u8);
                json.Number("budget_tokens"u8, thinking.Budget);
                break;
            case ThinkingMode.Adaptive:
                json.Text("type"u8, "adaptive"u8);
                break;
            default:
                json.Text("type"u8, "disabled"u8);
                break;
        }

        if (thinking.Display is not null)
            json.Plain("display"u8, thinking.Display);
        json.Close('}');
    }

    private static void Config(AnthropicJson json, AnthropicToolPlan plan, AnthropicThinking thinking)
    {
        bool form = plan.AnswerTool is null && !plan.AnswerSchema.IsEmpty;
        if (thinking.Effort is null && !form)
            return;
        json.Name("output_config"u8);
        json.Open('{');
        if (thinking.Effort is not null)
            json.Plain("effort"u8, thinking.Effort);
        if (form)
        {
            json.Name("format"u8);
            json.Open('{');
            json.Text("type"u8, "json_schema"u8);
            json.Raw("schema"u8, plan.AnswerSchema.Span);
            json.Close('}');
        }

        json.Close('}');
    }
}
