using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Perigee.Logs;
using Perigee.Wire;

namespace Perigee.Telemetry.Content;

/// <summary>
/// What was asked and answered, as the conventions' <c>gen_ai.input.messages</c>, <c>gen_ai.system_instructions</c> and
/// <c>gen_ai.output.messages</c>: JSON in their schemas, redacted and cut. Only where the operator captures content, and only conversations.
/// </summary>
internal static class ContentAttributes
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes them.</summary>
    /// <param name="span">The span of the call that answered, or of the exchange where none did.</param>
    /// <param name="exchange">The exchange.</param>
    /// <param name="tap">What the client was sent.</param>
    /// <param name="redactor">Takes secrets out.</param>
    public static void Write(Activity span, Exchange exchange, AnswerTap tap, Redactor redactor)
    {
        if (exchange.Question is not { } body || exchange.Dialect is not IChatDialect dialect || exchange.Operation.Asks != Asks.Conversation
            || exchange.Caller?.LogBodies is { Percent: 0 })
            return;
        ContentBudget budget = new(redactor);

        // Proofs of reasoning are opaque and are not shown: no seal is needed to leave them out.
        QuestionContext context = new(exchange.Operation.Speaks == DialectFamily.Gemini ? exchange.Stream : null, new ProofSeal([0], ""));
        if (dialect.TryRead(body, context, out ChatQuestion? question, out _))
            WriteQuestion(span, question, budget);
        if (AnswerReading.Read(exchange, tap) is { } answer)
            WriteAnswer(span, answer, budget);
        if (budget.Cut || tap.Cut)
            span.SetTag("perigee.content.cut", true);
    }

    private static void WriteQuestion(Activity span, ChatQuestion question, ContentBudget budget)
    {
        span.SetTag("gen_ai.input.messages", Json(json =>
        {
            json.WriteStartArray();
            foreach (ChatTurn turn in question.Turns)
            {
                if (budget.IsSpent)
                    break;
                json.WriteStartObject();
                json.WriteString("role"u8, turn.Role switch { Role.System or Role.Developer => "system", Role.Assistant => "assistant", Role.Tool => "tool", _ => "user" });
                json.WriteStartArray("parts"u8);
                foreach (ChatPart part in turn.Parts)
                    WritePart(json, part, budget);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }));
    }

    private static void WritePart(Utf8JsonWriter json, ChatPart part, ContentBudget budget)
    {
        json.WriteStartObject();
        switch (part)
        {
            case TextPart text:
                Text(json, "text", budget.Take(text.Text.Decode()));
                break;
            case RefusalPart refusal:
                Text(json, "text", budget.Take(refusal.Text.Decode()));
                break;
            case ReasoningPart reasoning:
                Text(json, "reasoning", budget.Take(reasoning.Text.Decode()));
                break;
            case ToolCallPart call:
                Call(json, call.Id.Decode(), call.Name.Decode(), Encoding.UTF8.GetString(call.Arguments.Span), budget);
                break;
            case ToolResultPart result:
                json.WriteString("type"u8, "tool_call_response");
                json.WriteString("id"u8, budget.Take(result.CallId.Decode()));
                json.WriteString("response"u8, budget.Take(string.Join('\n', result.Parts.OfType<TextPart>().Select(static text => text.Text.Decode()))));
                break;
            case MediaPart media:
                // That there was one, not the thing itself: nobody reads megabytes of Base64 in a span.
                json.WriteString("type"u8, "blob");
                json.WriteString("modality"u8, media.Kind switch { MediaKind.Image => "image", MediaKind.Audio => "audio", MediaKind.Video => "video", _ => "document" });
                json.WriteString("mime_type"u8, budget.Take(media.Type.Decode()));
                json.WriteString("content"u8, "");
                break;
            default:
                json.WriteString("type"u8, "other");
                break;
        }

        json.WriteEndObject();
    }

    private static void WriteAnswer(Activity span, AnswerReading answer, ContentBudget budget)
    {
        budget.Renew();
        span.SetTag("gen_ai.output.messages", Json(json =>
        {
            json.WriteStartArray();
            foreach (AnswerReading.Choice choice in answer.Choices.Values)
            {
                json.WriteStartObject();
                json.WriteString("role"u8, "assistant");
                json.WriteStartArray("parts"u8);
                if (choice.Reasoning.Length > 0)
                    Part(json, "reasoning", choice.Reasoning.ToString(), budget);
                if (choice.Text.Length > 0)
                    Part(json, "text", choice.Text.ToString(), budget);
                foreach ((string id, string name, StringBuilder arguments) in choice.Calls)
                {
                    json.WriteStartObject();
                    Call(json, id, name, arguments.ToString(), budget);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteString("finish_reason"u8, Semantics.Finish(choice.Finish) is { } word ? (word == "tool_calls" ? "tool_call" : word) : "error");
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }));
    }

    private static void Part(Utf8JsonWriter json, string type, string content, ContentBudget budget)
    {
        json.WriteStartObject();
        Text(json, type, budget.Take(content));
        json.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter json, string type, string content)
    {
        json.WriteString("type"u8, type);
        json.WriteString("content"u8, content);
    }

    private static void Call(Utf8JsonWriter json, string id, string name, string arguments, ContentBudget budget)
    {
        json.WriteString("type"u8, "tool_call");
        json.WriteString("id"u8, budget.Take(id));
        json.WriteString("name"u8, budget.Take(name));

        // As a text: what was cut or redacted need not be JSON any more.
        json.WriteString("arguments"u8, budget.Take(arguments));
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, Options))
            write(json);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
