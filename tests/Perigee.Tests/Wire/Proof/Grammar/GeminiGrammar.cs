using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving.Grammar;

/// <summary>Chunks of generateContent: whole function calls, no empty parts, finishReason and usageMetadata on the last.</summary>
internal sealed class GeminiGrammar
{
    private readonly List<string> _faults = [];
    private readonly SortedDictionary<int, Candidate> _candidates = [];
    private JsonElement? _usage;
    private JsonElement? _feedback;
    private string? _model, _id;
    private bool _failed;

    public Parsed Run(List<StreamEvent> events)
    {
        bool lastFinished = false, usageOnLast = false;
        foreach (StreamEvent e in events)
        {
            Fault(_failed, $"an event behind the error: {e.Raw}");
            Fault(e.Name.Length > 0, $"an event name: {e.Name}");
            if (Json.TryParse(e.Data) is not { ValueKind: JsonValueKind.Object } chunk)
            {
                _faults.Add($"no JSON object: {e.Data}");
                continue;
            }

            if (Json.Get(chunk, "error") is { } error)
            {
                Fault(Json.Text(error, "message") is null || Json.Text(error, "status") is null || Json.Get(error, "code") is not { ValueKind: JsonValueKind.Number }, $"an error without code, message or status: {error}");
                _failed = true;
                continue;
            }

            Same(ref _model, Json.Text(chunk, "modelVersion"), "modelVersion");
            Same(ref _id, Json.Text(chunk, "responseId"), "responseId");
            usageOnLast = Json.Get(chunk, "usageMetadata") is not null;
            _usage = Json.Get(chunk, "usageMetadata") ?? _usage;
            _feedback = Json.Get(chunk, "promptFeedback") ?? _feedback;
            lastFinished = false;
            bool any = Json.Get(chunk, "promptFeedback") is not null;
            foreach (JsonElement candidate in Json.Items(chunk, "candidates"))
            {
                any = true;
                lastFinished |= Take(candidate);
            }

            Fault(!any && !usageOnLast, $"a chunk that says nothing: {chunk}");
        }

        Fault(!_failed && _candidates.Count == 0 && _feedback is null, "no candidate at all");
        Fault(!_failed && _candidates.Values.Any(c => c.Finish is null), "a candidate without finishReason");
        Fault(!_failed && !lastFinished && _feedback is null, "the last chunk has no finishReason");
        Fault(!_failed && _usage is not null && !usageOnLast, "the last chunk has no usageMetadata");
        return new Parsed(_faults, Fold()) { Failed = _failed };
    }

    private bool Take(JsonElement candidate)
    {
        int number = (int)Json.Number(candidate, "index");
        if (!_candidates.TryGetValue(number, out Candidate? told))
            _candidates[number] = told = new Candidate();
        Fault(told.Finish is not null, $"candidate {number} goes on behind its finishReason: {candidate}");
        string? role = Json.Text(candidate, "content", "role");
        Fault(Json.Get(candidate, "content") is not null && role != "model", $"a role other than model: {candidate}");
        bool says = false;
        foreach (JsonElement part in Json.Items(candidate, "content", "parts"))
        {
            says = true;
            Part(told, part, closes: Json.Text(candidate, "finishReason") is not null);
        }

        string? finish = Json.Text(candidate, "finishReason");
        told.Finish ??= finish;
        foreach (string name in (string[])["citationMetadata", "groundingMetadata", "logprobsResult", "finishMessage"])
        {
            if (Json.Get(candidate, name) is { } value)
            {
                told.Others[name] = value;
                says = true;
            }
        }

        Fault(!says && finish is null, $"a candidate that says nothing: {candidate}");
        return finish is not null;
    }

    private void Part(Candidate told, JsonElement part, bool closes)
    {
        string? signature = Json.Text(part, "thoughtSignature");
        Fault(signature is not null && ProofSeal.IsEnvelope(Encoding.UTF8.GetBytes(signature)) && !Convert.TryFromBase64String(signature, new byte[signature.Length], out _), $"an envelope that is not base64 (Google's typed SDKs fail on it): {part}");
        bool thought = part.TryGetProperty("thought", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
        if (Json.Text(part, "text") is { } text)
        {
            // Google's own last chunk holds an empty text where nothing is left to say.
            Fault(text.Length == 0 && signature is null && !closes, $"an empty part: {part}");
            if (text.Length == 0 && signature is null)
                return;
            if (told.Parts.LastOrDefault() is { } last && last["text"] is not null && last["thoughtSignature"] is null && ((bool?)last["thought"] ?? false) == thought)
            {
                last["text"] = (string?)last["text"] + text;
                if (signature is not null)
                    last["thoughtSignature"] = signature;
                return;
            }
        }
        else if (Json.Get(part, "functionCall") is { } call)
        {
            Fault(string.IsNullOrEmpty(Json.Text(call, "name")), $"a call without name: {part}");
            Fault(Json.Get(call, "args") is { ValueKind: not JsonValueKind.Object }, $"args that are no object: {part}");
        }
        else if (Json.Get(part, "inlineData") is null)
        {
            _faults.Add($"a part of an unknown kind: {part}");
        }

        told.Parts.Add(JsonNode.Parse(part.GetRawText())!.AsObject());
    }

    private JsonElement Fold()
    {
        JsonObject whole = [];
        JsonArray candidates = [];
        foreach ((int number, Candidate told) in _candidates)
        {
            JsonObject candidate = new()
            {
                ["content"] = new JsonObject { ["role"] = "model", ["parts"] = new JsonArray([.. told.Parts]) },
                ["finishReason"] = told.Finish,
                ["index"] = number,
            };
            foreach ((string name, JsonElement value) in told.Others)
                candidate[name] = JsonNode.Parse(value.GetRawText());
            candidates.Add(candidate);
        }

        whole["candidates"] = candidates;
        if (_feedback is { } feedback)
            whole["promptFeedback"] = JsonNode.Parse(feedback.GetRawText());
        if (_usage is { } usage)
            whole["usageMetadata"] = JsonNode.Parse(usage.GetRawText());
        whole["modelVersion"] = _model;
        whole["responseId"] = _id;
        return StreamGrammar.Close(whole);
    }

    private void Same(ref string? known, string? said, string name)
    {
        if (said is null)
            return;
        Fault(known is not null && known != said, $"{name} changed from {known} to {said}");
        known = said;
    }

    private void Fault(bool broken, string words)
    {
        if (broken && _faults.Count < 20)
            _faults.Add(words);
    }

    private sealed class Candidate
    {
        public List<JsonObject> Parts { get; } = [];

        public Dictionary<string, JsonElement> Others { get; } = [];

        public string? Finish { get; set; }
    }
}
