using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Perigee.Logs;
using Perigee.Wire;

namespace Perigee.Telemetry.Content;

/// <summary>
/// What was asked and answered, as the conventions' <c>gen_ai.system_instructions</c>, <c>gen_ai.input.messages</c> and
/// <c>gen_ai.output.messages</c>, redacted and cut. The conventions have no attribute for the texts that vectors are made of: those stand in one
/// of ours. Only where the operator captures content.
/// </summary>
internal static class ContentAttributes
{
    /// <summary>Instructions that stand apart from the conversation.</summary>
    public const string Instructions = "gen_ai.system_instructions";

    /// <summary>The conversation that is asked about.</summary>
    public const string Input = "gen_ai.input.messages";

    /// <summary>The answer: a message a choice.</summary>
    public const string Output = "gen_ai.output.messages";

    /// <summary>Writes them.</summary>
    /// <param name="span">The span of the call that answered, or of the exchange where none did.</param>
    /// <param name="exchange">The exchange.</param>
    /// <param name="tap">What the client was sent.</param>
    /// <param name="redactor">Takes secrets out.</param>
    public static void Write(Activity span, Exchange exchange, AnswerTap tap, Redactor redactor)
    {
        if (exchange.Question is not { } body || exchange.Caller?.LogBodies is { Percent: 0 })
            return;
        ContentBudget budget = new(redactor);
        bool answers = true;
        try
        {
            if (exchange is { Operation.Asks: Asks.Conversation, Dialect: IChatDialect dialect })
                WriteConversation(span, exchange, body, dialect, tap, budget);
            else if (exchange.Operation.Name == "responses")
                ResponsesContent.Write(span, exchange, body, tap, budget);
            else if (exchange.Operation.Name == "completions")
                CompletionContent.Write(span, exchange, body, tap, budget);
            else if (exchange.Operation.Asks == Asks.Vectors)
                answers = VectorContent.Write(span, body, budget);
            else
                return;
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException)
        {
            // A text that is no text (half a surrogate pair in a name): what was written until then stays.
        }

        if (budget.Cut || (answers && tap.Cut))
            span.SetTag("perigee.content.cut", true);
    }

    private static void WriteConversation(Activity span, Exchange exchange, JsonIndex body, IChatDialect dialect, AnswerTap tap, ContentBudget budget)
    {
        // Proofs of reasoning are opaque and are not shown: no seal is needed to leave them out.
        QuestionContext context = new(exchange.Operation.Speaks == DialectFamily.Gemini ? exchange.Stream : null, new ProofSeal([0], ""));
        if (dialect.TryRead(body, context, out ChatQuestion? question, out _))
            WriteQuestion(span, question, budget);
        if (AnswerReading.Read(exchange, tap) is { } answer)
            WriteAnswer(span, answer, budget);
    }

    private static void WriteQuestion(Activity span, ChatQuestion question, ContentBudget budget)
    {
        // What has a field of its own in the dialect has no place in the body's list of messages.
        if (question.Turns.Any(static turn => IsApart(turn)))
        {
            using MessageWriter instructions = new(budget);
            foreach (ChatPart part in question.Turns.Where(static turn => IsApart(turn)).SelectMany(static turn => turn.Parts))
                WritePart(instructions, part);
            span.SetTag(Instructions, instructions.Close());
        }

        using MessageWriter messages = new(budget);
        foreach (ChatTurn turn in question.Turns.Where(static turn => !IsApart(turn)))
        {
            if (messages.IsFull)
                break;
            messages.Begin(turn.Role switch { Role.System or Role.Developer => "system", Role.Assistant => "assistant", Role.Tool => "tool", _ => "user" });
            foreach (ChatPart part in turn.Parts)
                WritePart(messages, part);
            messages.End();
        }

        span.SetTag(Input, messages.Close());
    }

    private static bool IsApart(ChatTurn turn) => turn.Role == Role.System && turn.Place == new Place(-1, -1);

    private static void WritePart(MessageWriter messages, ChatPart part)
    {
        switch (part)
        {
            case TextPart text:
                messages.Text(text.Text.Decode());
                break;
            case RefusalPart refusal:
                messages.Text(refusal.Text.Decode());
                break;
            case ReasoningPart reasoning:
                messages.Reasoning(reasoning.Text.Decode());
                break;
            case ToolCallPart call:
                messages.Call(call.Id.Decode(), call.Name.Decode(), Encoding.UTF8.GetString(call.Arguments.Span));
                break;
            case ToolResultPart result:
                messages.Result(result.CallId.Decode(), string.Join('\n', result.Parts.OfType<TextPart>().Select(static text => text.Text.Decode())));
                break;
            case MediaPart media:
                messages.Media(media.Kind switch { MediaKind.Image => "image", MediaKind.Audio => "audio", MediaKind.Video => "video", _ => "document" }, media.Type.Decode());
                break;
            default:
                messages.Other();
                break;
        }
    }

    private static void WriteAnswer(Activity span, AnswerReading answer, ContentBudget budget)
    {
        using MessageWriter messages = new(budget);
        foreach (AnswerReading.Choice choice in answer.Choices.Values)
        {
            messages.Begin("assistant");
            if (choice.Reasoning.Length > 0)
                messages.Reasoning(choice.Reasoning.ToString());
            if (choice.Text.Length > 0)
                messages.Text(choice.Text.ToString());
            foreach ((string id, string name, StringBuilder arguments) in choice.Calls)
                messages.Call(id, name, arguments.ToString());
            messages.End(Semantics.Finish(choice.Finish) ?? "error");
        }

        span.SetTag(Output, messages.Close());
    }
}
