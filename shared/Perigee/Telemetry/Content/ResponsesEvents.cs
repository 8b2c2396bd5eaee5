using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Perigee.Telemetry.Content;

/// <summary>An answer of the Responses API put together of its pieces, for streams that broke off or were cut before the event that has it whole.</summary>
internal sealed class ResponsesEvents
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();
    private readonly SortedDictionary<int, (string Id, string Name, StringBuilder Arguments)> _calls = [];

    /// <summary>Takes an event.</summary>
    public void Take(JsonElement message)
    {
        string? delta = ContentJson.Text(message, "delta");
        switch (ContentJson.Text(message, "type"))
        {
            case "response.output_text.delta" or "response.refusal.delta":
                _text.Append(delta);
                break;
            case "response.reasoning_text.delta" or "response.reasoning_summary_text.delta":
                _reasoning.Append(delta);
                break;
            case "response.output_item.added":
                JsonElement item = ContentJson.Member(message, "item");
                if (ContentJson.Text(item, "type") is "function_call" or "custom_tool_call")
                    _calls[Place(message)] = (ContentJson.Text(item, "call_id") ?? "", ContentJson.Text(item, "name") ?? "", new StringBuilder());
                break;
            case "response.function_call_arguments.delta" or "response.custom_tool_call_input.delta":
                if (_calls.TryGetValue(Place(message), out var call))
                    call.Arguments.Append(delta);
                break;
            default:
                break;
        }
    }

    /// <summary>Writes what came, if anything did.</summary>
    public void WriteTo(Activity span, ContentBudget budget)
    {
        if (_text.Length + _reasoning.Length + _calls.Count == 0)
            return;
        using MessageWriter messages = new(budget);
        messages.Begin("assistant");
        if (_reasoning.Length > 0)
            messages.Reasoning(_reasoning.ToString());
        if (_text.Length > 0)
            messages.Text(_text.ToString());
        foreach ((string id, string name, StringBuilder arguments) in _calls.Values)
            messages.Call(id, name, arguments.ToString());
        messages.End(ResponsesContent.Finish(null, filtered: false, calls: false));
        span.SetTag(ContentAttributes.Output, messages.Close());
    }

    private static int Place(JsonElement message) => ContentJson.Member(message, "output_index") is { ValueKind: JsonValueKind.Number } at && at.TryGetInt32(out int place) ? place : 0;
}
