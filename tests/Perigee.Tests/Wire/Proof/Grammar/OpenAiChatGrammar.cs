using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Perigee.Tests.Wire.Proving.Grammar;

/// <summary>Chunks of chat completions: one role, ids and names once, usage only where asked for, [DONE] last.</summary>
internal sealed class OpenAiChatGrammar(bool usageAsked)
{
    private readonly List<string> _faults = [];
    private readonly SortedDictionary<int, Choice> _choices = [];
    private string? _identity;
    private JsonElement? _usage;
    private string _id = "", _model = "";
    private bool _failed;
    private bool _done;

    public Parsed Run(List<StreamEvent> events)
    {
        foreach (StreamEvent e in events)
        {
            Fault(_done, $"an event behind [DONE]: {e.Raw}");
            Fault(e.Name.Length > 0, $"an event name: {e.Name}");
            if (e.Data == "[DONE]")
                _done = true;
            else if (Json.TryParse(e.Data) is { ValueKind: JsonValueKind.Object } chunk)
                Take(chunk);
            else
                _faults.Add($"no JSON object: {e.Data}");
        }

        Fault(!_done, "no [DONE]");
        foreach ((int number, Choice choice) in _choices)
        {
            Fault(!_failed && choice.Finish is null, $"choice {number} has no finish_reason");
            Fault(!choice.Role, $"choice {number} never said its role");
        }

        Fault(!_failed && _choices.Count == 0, "no choice at all");
        Fault(usageAsked && !_failed && _usage is null, "no usage although it was asked for");
        return new Parsed(_faults, Fold()) { Failed = _failed };
    }

    private void Take(JsonElement chunk)
    {
        if (Json.Get(chunk, "error") is { } error)
        {
            Fault(_failed, "two errors");
            Fault(Json.Text(error, "message") is null || Json.Text(error, "type") is null, $"an error without message or type: {error}");
            _failed = true;
            return;
        }

        Fault(_failed, $"a chunk behind the error: {chunk}");
        _id = Json.Text(chunk, "id") ?? "";
        _model = Json.Text(chunk, "model") ?? "";
        string identity = $"{_id} {Json.Number(chunk, "created")} {_model}";
        Fault(_id.Length == 0 || _model.Length == 0 || Json.Get(chunk, "created") is null, $"id, created or model is missing: {chunk}");
        Fault(identity != (_identity ??= identity), $"id, created or model changed from {_identity} to {identity}");
        Fault(Json.Text(chunk, "object") != "chat.completion.chunk", $"object: {chunk}");
        Fault(_usage is not null, $"a chunk behind usage: {chunk}");
        if (!chunk.TryGetProperty("choices", out JsonElement choices) || choices.ValueKind != JsonValueKind.Array)
        {
            _faults.Add($"no choices: {chunk}");
            return;
        }

        if (Json.Get(chunk, "usage") is { } usage)
        {
            Fault(!usageAsked, "usage that nobody asked for");
            Fault(choices.GetArrayLength() > 0, "usage beside choices");
            _usage = usage;
        }
        else
        {
            Fault(choices.GetArrayLength() == 0, $"a chunk that says nothing: {chunk}");
        }

        foreach (JsonElement choice in choices.EnumerateArray())
            Take(choice, chunk);
    }

    private void Take(JsonElement choice, JsonElement chunk)
    {
        Fault(Json.Get(choice, "index") is not { ValueKind: JsonValueKind.Number }, $"a choice without index: {choice}");
        int number = (int)Json.Number(choice, "index");
        bool first = !_choices.TryGetValue(number, out Choice? told);
        if (first)
            _choices[number] = told = new Choice();
        Fault(told!.Finish is not null, $"choice {number} goes on behind its finish_reason: {chunk}");
        if (Json.Get(choice, "delta") is not { ValueKind: JsonValueKind.Object } delta)
        {
            _faults.Add($"a choice without delta: {choice}");
            return;
        }

        bool says = false;
        foreach (JsonProperty member in delta.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
                continue;
            switch (member.Name)
            {
                case "role":
                    Fault(told.Role, $"choice {number} says its role twice");
                    Fault(!first || Json.Plain(member.Value) != "assistant", $"role: {choice}");
                    told.Role = true;
                    says = true;
                    break;
                case "content":
                    told.Content.Append(Json.Plain(member.Value));
                    told.HasContent = true;
                    says |= Json.Plain(member.Value).Length > 0;
                    break;
                case "reasoning_content":
                    told.Reasoning.Append(Json.Plain(member.Value));
                    says |= Json.Plain(member.Value).Length > 0;
                    break;
                case "reasoning":
                    says |= Json.Plain(member.Value).Length > 0;
                    break;
                case "refusal":
                    // Said even where no explanation is known: that is what tells a refusal from a cut.
                    told.Refusal.Append(Json.Plain(member.Value));
                    says = true;
                    break;
                case "tool_calls":
                    foreach (JsonElement call in member.Value.EnumerateArray())
                        TakeCall(told, call, number);
                    says |= member.Value.GetArrayLength() > 0;
                    break;
                case "reasoning_details":
                    foreach (JsonElement detail in member.Value.EnumerateArray())
                        told.Details.Add(JsonNode.Parse(detail.GetRawText()));
                    says |= member.Value.GetArrayLength() > 0;
                    break;
                default:
                    told.Others[member.Name] = member.Value;
                    says |= !Json.IsNothing(member.Value);
                    break;
            }
        }

        if (Json.Get(choice, "finish_reason") is { } finish)
        {
            told.Finish = Json.Plain(finish);
            Fault(told.Finish is not ("stop" or "length" or "tool_calls" or "content_filter" or "error"), $"a finish_reason that neither OpenAI nor (for a provider that broke off) OpenRouter knows: {told.Finish}");
            says = true;
        }

        if (Json.Get(choice, "logprobs", "content") is { } logprobs)
        {
            foreach (JsonElement token in logprobs.EnumerateArray())
                told.Logprobs.Add(JsonNode.Parse(token.GetRawText()));
            says = true;
        }

        Fault(!says, $"a chunk that says nothing: {choice}");
    }

    private void TakeCall(Choice told, JsonElement call, int number)
    {
        Fault(Json.Get(call, "index") is not { ValueKind: JsonValueKind.Number }, $"a call without index: {call}");
        int index = (int)Json.Number(call, "index");
        string? id = Json.Text(call, "id"), name = Json.Text(call, "function", "name");
        if (index == told.Calls.Count)
        {
            Fault(string.IsNullOrEmpty(id) || string.IsNullOrEmpty(name) || Json.Text(call, "type") != "function", $"a call begins without id, name or type: {call}");
            Fault(told.Calls.Any(c => c.Id == id), $"two calls with the id {id}");
            told.Calls.Add(new Call(id ?? "", name ?? "", new StringBuilder()));
        }
        else if (index > told.Calls.Count || index < 0)
        {
            _faults.Add($"call {index} of choice {number} where {told.Calls.Count} is due");
            return;
        }
        else
        {
            Fault(id is not null || name is not null, $"id or name twice: {call}");
        }

        told.Calls[index].Arguments.Append(Json.Text(call, "function", "arguments"));
    }

    private JsonElement Fold()
    {
        JsonArray choices = [];
        foreach ((int number, Choice told) in _choices)
        {
            JsonObject message = new() { ["role"] = "assistant", ["content"] = told.HasContent ? told.Content.ToString() : null };
            if (told.Reasoning.Length > 0)
                message["reasoning_content"] = told.Reasoning.ToString();
            if (told.Refusal.Length > 0)
                message["refusal"] = told.Refusal.ToString();
            if (told.Details.Count > 0)
                message["reasoning_details"] = Joined(told.Details);
            foreach ((string name, JsonElement value) in told.Others)
                message[name] = JsonNode.Parse(value.GetRawText());
            if (told.Calls.Count > 0)
            {
                JsonArray calls = [];
                foreach (Call call in told.Calls)
                {
                    calls.Add(new JsonObject
                    {
                        ["id"] = call.Id,
                        ["type"] = "function",
                        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments.ToString() },
                    });
                }

                message["tool_calls"] = calls;
            }

            JsonObject choice = new() { ["index"] = number, ["message"] = message, ["finish_reason"] = told.Finish };
            if (told.Logprobs.Count > 0)
                choice["logprobs"] = new JsonObject { ["content"] = told.Logprobs };
            choices.Add(choice);
        }

        JsonObject whole = new() { ["id"] = _id, ["object"] = "chat.completion", ["model"] = _model, ["choices"] = choices };
        if (_usage is { } usage)
            whole["usage"] = JsonNode.Parse(usage.GetRawText());
        return StreamGrammar.Close(whole);
    }

    /// <summary>Pieces of one reasoning detail come with one index: their texts join, other members are said once.</summary>
    private static JsonArray Joined(JsonArray details)
    {
        JsonArray joined = [];
        foreach (JsonNode? piece in details)
        {
            JsonObject next = piece!.AsObject();
            if (joined.Count > 0 && joined[^1]!.AsObject() is { } last && (string?)last["type"] == (string?)next["type"]
                && (int?)last["index"] == (int?)next["index"] && last["signature"] is null && last["data"] is null)
            {
                foreach ((string name, JsonNode? value) in next.ToList())
                {
                    if (name is "text" or "summary" && last[name] is { } text)
                        last[name] = (string?)text + (string?)value;
                    else if (value is not null)
                        last[name] = value.DeepClone();
                }
            }
            else
            {
                joined.Add(next.DeepClone());
            }
        }

        return joined;
    }

    private void Fault(bool broken, string words)
    {
        if (broken && _faults.Count < 20)
            _faults.Add(words);
    }

    private sealed record Call(string Id, string Name, StringBuilder Arguments);

    private sealed class Choice
    {
        public bool Role { get; set; }

        public bool HasContent { get; set; }

        public StringBuilder Content { get; } = new();

        public StringBuilder Reasoning { get; } = new();

        public StringBuilder Refusal { get; } = new();

        public List<Call> Calls { get; } = [];

        public JsonArray Details { get; } = [];

        public JsonArray Logprobs { get; } = [];

        public Dictionary<string, JsonElement> Others { get; } = [];

        public string? Finish { get; set; }
    }
}
