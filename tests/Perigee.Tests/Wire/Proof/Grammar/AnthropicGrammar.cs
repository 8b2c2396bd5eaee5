using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Perigee.Tests.Wire.Proving.Grammar;

/// <summary>Events of Messages: one message_start, blocks that neither overlap nor are empty nor leave holes, one message_delta, message_stop.</summary>
internal sealed partial class AnthropicGrammar
{
    private readonly List<string> _faults = [];
    private readonly JsonArray _content = [];
    private JsonObject? _message;
    private JsonObject? _block;
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _input = new();
    private JsonArray? _citations;
    private string? _signature;
    private bool _delta;
    private bool _stopped;
    private bool _failed;

    public Parsed Run(List<StreamEvent> events)
    {
        foreach (StreamEvent e in events)
        {
            Fault(_stopped || _failed, $"an event behind the end: {e.Raw}");
            if (Json.TryParse(e.Data) is not { ValueKind: JsonValueKind.Object } data)
            {
                _faults.Add($"no JSON object: {e.Data}");
                continue;
            }

            string? type = Json.Text(data, "type");
            Fault(type != e.Name, $"event {e.Name} holds {type}");
            Fault(_message is null && type is not ("message_start" or "ping" or "error"), $"{type} before message_start");
            switch (type)
            {
                case "ping":
                    break;
                case "message_start":
                    Start(data);
                    break;
                case "content_block_start":
                    OpenBlock(data);
                    break;
                case "content_block_delta":
                    Delta(data);
                    break;
                case "content_block_stop":
                    CloseBlock(data);
                    break;
                case "message_delta":
                    MessageDelta(data);
                    break;
                case "message_stop":
                    Fault(!_delta, "message_stop without message_delta");
                    _stopped = true;
                    break;
                case "error":
                    Fault(Json.Text(data, "error", "type") is null || Json.Text(data, "error", "message") is null, $"an error without type or message: {data}");
                    _failed = true;
                    break;
                default:
                    _faults.Add($"an event that Anthropic does not send: {type}");
                    break;
            }
        }

        Fault(!_stopped && !_failed, "neither message_stop nor error");
        JsonObject whole = _message ?? [];
        whole["content"] = _content;
        return new Parsed(_faults, StreamGrammar.Close(whole)) { Failed = _failed };
    }

    private void Start(JsonElement data)
    {
        Fault(_message is not null, "two message_start");
        JsonElement? message = Json.Get(data, "message");
        Fault(string.IsNullOrEmpty(Json.Text(message, "id")) || string.IsNullOrEmpty(Json.Text(message, "model")), $"a message without id or model: {data}");
        Fault(Json.Text(message, "type") != "message" || Json.Text(message, "role") != "assistant", $"a message of another type or role: {data}");
        Fault(Json.Get(message, "content") is not { ValueKind: JsonValueKind.Array } content || content.GetArrayLength() > 0, $"content of message_start: {data}");
        Fault(Json.Get(message, "usage", "input_tokens") is null || Json.Get(message, "usage", "output_tokens") is null, $"usage of message_start: {data}");
        Fault(Json.Get(message, "stop_reason") is not null, $"stop_reason of message_start: {data}");
        _message = JsonNode.Parse((message ?? Json.Parse("{}")).GetRawText())!.AsObject();
    }

    private void OpenBlock(JsonElement data)
    {
        Fault(_block is not null, "a block opens in another");
        Fault(_delta, "a block behind message_delta");
        Fault(Json.Get(data, "index") is null || Json.Number(data, "index") != _content.Count, $"block {Json.Number(data, "index")} where {_content.Count} is due");
        _block = JsonNode.Parse((Json.Get(data, "content_block") ?? Json.Parse("{}")).GetRawText())!.AsObject();
        _text.Clear();
        _input.Clear();
        _signature = null;
        _citations = null;
        switch ((string?)_block["type"])
        {
            case "text":
                Fault((string?)_block["text"] != "", $"a text block does not start empty: {data}");
                break;
            case "thinking":
                Fault((string?)_block["thinking"] != "", $"a thinking block does not start empty: {data}");
                break;
            case "redacted_thinking":
                Fault(string.IsNullOrEmpty((string?)_block["data"]), $"redacted thinking without data: {data}");
                break;
            case "tool_use":
                Fault(!Id().IsMatch((string?)_block["id"] ?? ""), $"a tool id that Anthropic's clients cannot send back: {data}");
                Fault(!Name().IsMatch((string?)_block["name"] ?? ""), $"a tool name: {data}");
                Fault(_block["input"] is not JsonObject { Count: 0 }, $"input does not start as {{}}: {data}");
                Fault(_content.Any(b => (string?)b!["id"] == (string?)_block["id"]), $"two calls with one id: {data}");
                break;
            default:
                _faults.Add($"a block type that nobody asked for: {data}");
                break;
        }
    }

    private void Delta(JsonElement data)
    {
        if (_block is null || Json.Number(data, "index") != _content.Count)
        {
            _faults.Add($"a delta of a block that is not open: {data}");
            return;
        }

        string? block = (string?)_block["type"];
        switch (Json.Text(data, "delta", "type"))
        {
            case "text_delta":
                Fault(block != "text", $"text in a {block} block");
                Fault(string.IsNullOrEmpty(Json.Text(data, "delta", "text")), "an empty text_delta");
                _text.Append(Json.Text(data, "delta", "text"));
                break;
            case "thinking_delta":
                Fault(block != "thinking", $"thinking in a {block} block");
                Fault(_signature is not null, "thinking behind its signature");
                _text.Append(Json.Text(data, "delta", "thinking"));
                break;
            case "signature_delta":
                Fault(block != "thinking", $"a signature in a {block} block");
                Fault(_signature is not null, "two signatures in one block");
                _signature = Json.Text(data, "delta", "signature");
                Fault(string.IsNullOrEmpty(_signature), "an empty signature");
                break;
            case "input_json_delta":
                Fault(block != "tool_use", $"input in a {block} block");
                Fault(Json.Get(data, "delta", "partial_json") is null, $"no partial_json: {data}");
                _input.Append(Json.Text(data, "delta", "partial_json"));
                break;
            case "citations_delta":
                Fault(block != "text", $"a citation in a {block} block");
                (_citations ??= []).Add(JsonNode.Parse((Json.Get(data, "delta", "citation") ?? Json.Parse("{}")).GetRawText()));
                break;
            default:
                _faults.Add($"a delta that Anthropic does not send: {data}");
                break;
        }
    }

    private void CloseBlock(JsonElement data)
    {
        if (_block is null || Json.Number(data, "index") != _content.Count)
        {
            _faults.Add($"the end of a block that is not open: {data}");
            return;
        }

        switch ((string?)_block["type"])
        {
            case "text":
                Fault(_text.Length == 0, "an empty text block");
                _block["text"] = _text.ToString();
                if (_citations is not null)
                    _block["citations"] = _citations;
                break;
            case "thinking":
                Fault(_text.Length == 0 && _signature is null, "an empty thinking block");
                _block["thinking"] = _text.ToString();
                _block["signature"] = _signature ?? "";
                break;
            case "tool_use":
                // The SDKs fail on text that is no JSON; what a model wrote wrong is the model's.
                _block["input"] = _input.Length == 0 ? new JsonObject() : Json.TryParse(_input.ToString()) is { } input ? JsonNode.Parse(input.GetRawText()) : JsonValue.Create(_input.ToString());
                break;
        }

        _content.Add(_block);
        _block = null;
    }

    private void MessageDelta(JsonElement data)
    {
        Fault(_block is not null, "message_delta within a block");
        Fault(_delta, "two message_delta");
        _delta = true;
        Fault(Json.Text(data, "delta", "stop_reason") is not ("end_turn" or "max_tokens" or "stop_sequence" or "tool_use" or "pause_turn" or "refusal" or "model_context_window_exceeded"), $"a stop_reason that Anthropic does not know: {data}");
        Fault(Json.Get(data, "usage", "output_tokens") is null, $"message_delta without output_tokens: {data}");
        if (_message is null)
            return;
        foreach (JsonElement part in (JsonElement?[])[Json.Get(data, "delta")] is [{ } delta] ? [delta] : Array.Empty<JsonElement>())
        {
            foreach (JsonProperty member in part.EnumerateObject())
                _message[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        }

        JsonObject usage = _message["usage"] as JsonObject ?? [];
        if (Json.Get(data, "usage") is { } said)
        {
            foreach (JsonProperty member in said.EnumerateObject())
            {
                if (member.Value.ValueKind != JsonValueKind.Null)
                    usage[member.Name] = JsonNode.Parse(member.Value.GetRawText());
            }
        }

        _message["usage"] = usage.Parent is null ? usage : _message["usage"];
    }

    private void Fault(bool broken, string words)
    {
        if (broken && _faults.Count < 20)
            _faults.Add(words);
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]+$")]
    private static partial Regex Id();

    [GeneratedRegex("^.{1,200}$")]
    private static partial Regex Name();
}
