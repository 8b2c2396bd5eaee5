using System.Diagnostics;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Telemetry.Content;

/// <summary>
/// What OpenAI's Responses API is asked and answers. Of a conversation that the provider keeps (<c>previous_response_id</c>) only what this request
/// brings is known here. Source: OpenAI API reference, "Responses" and "Streaming events".
/// </summary>
internal static class ResponsesContent
{
    /// <summary>Writes them.</summary>
    public static void Write(Activity span, Exchange exchange, JsonIndex body, AnswerTap tap, ContentBudget budget)
    {
        WriteQuestion(span, body.Json, budget);
        if (AnswerTap.IsEvents(exchange.Http.Response))
        {
            ResponsesEvents events = new();
            foreach (JsonDocument one in ContentJson.Events(tap.Bytes))
            {
                // The closing event has the answer whole; what came before is of use only where there is none.
                if (ClosingOf(one.RootElement) is { } response && ContentJson.Member(response, "output").ValueKind == JsonValueKind.Array)
                {
                    WriteAnswer(span, response, budget);
                    return;
                }

                events.Take(one.RootElement);
            }

            events.WriteTo(span, budget);
        }
        else if (!tap.Cut && exchange.Http.Response.StatusCode == 200)
        {
            using JsonDocument whole = ContentJson.Parse(tap.Bytes);
            WriteAnswer(span, whole.RootElement, budget);
        }
    }

    /// <summary>The conventions' word for how a response ended.</summary>
    /// <param name="status">Its <c>status</c>, or null.</param>
    /// <param name="filtered">Whether a filter cut it.</param>
    /// <param name="calls">Whether tools are called.</param>
    public static string Finish(string? status, bool filtered, bool calls) => status switch
    {
        "completed" => calls ? "tool_calls" : "stop",
        "incomplete" => filtered ? "content_filter" : "length",
        _ => "error",
    };

    private static JsonElement? ClosingOf(JsonElement message) =>
        ContentJson.Text(message, "type") is "response.completed" or "response.incomplete" or "response.failed" ? ContentJson.Member(message, "response") : null;

    private static void WriteQuestion(Activity span, ReadOnlyMemory<byte> body, ContentBudget budget)
    {
        using JsonDocument document = ContentJson.Parse(body);
        JsonElement root = document.RootElement, input = ContentJson.Member(root, "input");
        if (ContentJson.Text(root, "instructions") is { } instructions)
        {
            using MessageWriter apart = new(budget);
            apart.Text(instructions);
            span.SetTag(ContentAttributes.Instructions, apart.Close());
        }

        using MessageWriter messages = new(budget);
        if (ContentJson.Text(input) is { } words)
        {
            messages.Begin("user");
            messages.Text(words);
            messages.End();
        }

        foreach (JsonElement item in ContentJson.Items(input))
        {
            if (messages.IsFull)
                break;
            string? type = ContentJson.Text(item, "type");
            messages.Begin(type is "function_call_output" or "custom_tool_call_output" ? "tool" : type is null or "message" ? RoleOf(item) : "assistant");
            WriteItem(messages, item, type);
            messages.End();
        }

        span.SetTag(ContentAttributes.Input, messages.Close());
    }

    private static void WriteAnswer(Activity span, JsonElement response, ContentBudget budget)
    {
        JsonElement output = ContentJson.Member(response, "output");
        if (output.ValueKind != JsonValueKind.Array)
            return;
        using MessageWriter messages = new(budget);
        messages.Begin("assistant");
        bool calls = false;
        foreach (JsonElement item in output.EnumerateArray())
        {
            string? type = ContentJson.Text(item, "type");
            calls |= type is "function_call" or "custom_tool_call";
            WriteItem(messages, item, type);
        }

        messages.End(Finish(ContentJson.Text(response, "status"), ContentJson.Text(ContentJson.Member(response, "incomplete_details"), "reason") == "content_filter", calls));
        span.SetTag(ContentAttributes.Output, messages.Close());
    }

    private static string RoleOf(JsonElement item) => ContentJson.Text(item, "role") switch
    {
        "system" or "developer" => "system",
        "assistant" => "assistant",
        _ => "user",
    };

    private static void WriteItem(MessageWriter messages, JsonElement item, string? type)
    {
        switch (type)
        {
            case null or "message":
                JsonElement content = ContentJson.Member(item, "content");
                if (ContentJson.Text(content) is { } words)
                    messages.Text(words);
                foreach (JsonElement part in ContentJson.Items(content))
                    WritePart(messages, part);
                break;
            case "function_call":
                messages.Call(ContentJson.Text(item, "call_id") ?? "", ContentJson.Text(item, "name") ?? "", ContentJson.Text(item, "arguments") ?? "");
                break;
            case "custom_tool_call":
                messages.Call(ContentJson.Text(item, "call_id") ?? "", ContentJson.Text(item, "name") ?? "", ContentJson.Text(item, "input") ?? "");
                break;
            case "function_call_output" or "custom_tool_call_output":
                messages.Result(ContentJson.Text(item, "call_id") ?? "", Joined(ContentJson.Member(item, "output")));
                break;
            case "reasoning":
                // The encrypted reasoning is opaque, and is not shown.
                if (Joined(ContentJson.Member(item, "summary")) is { Length: > 0 } summary)
                    messages.Reasoning(summary);
                if (Joined(ContentJson.Member(item, "content")) is { Length: > 0 } thought)
                    messages.Reasoning(thought);
                break;
            default:
                messages.Other();
                break;
        }
    }

    private static void WritePart(MessageWriter messages, JsonElement part)
    {
        switch (ContentJson.Text(part, "type"))
        {
            case "input_text" or "output_text" or "text":
                messages.Text(ContentJson.Text(part, "text") ?? "");
                break;
            case "refusal":
                messages.Text(ContentJson.Text(part, "refusal") ?? "");
                break;
            case "input_image":
                messages.Media("image", "");
                break;
            case "input_audio":
                messages.Media("audio", "");
                break;
            case "input_file":
                messages.Media("document", "");
                break;
            default:
                messages.Other();
                break;
        }
    }

    private static string Joined(JsonElement texts) =>
        ContentJson.Text(texts) ?? string.Join('\n', ContentJson.Items(texts).Select(static one => ContentJson.Text(one, "text")).OfType<string>());
}
