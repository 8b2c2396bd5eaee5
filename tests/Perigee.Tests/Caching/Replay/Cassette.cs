using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Caching;
using Perigee.Caching.Replay;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Replay;

/// <summary>One answer of a dialect, whole and cut into a stream by code that shares nothing with the gateway's writers.</summary>
/// <param name="Dialect">Its dialect.</param>
/// <param name="Name">What it is about.</param>
/// <param name="Body">The whole answer.</param>
internal sealed record Cassette(string Dialect, string Name, string Body)
{
    public static readonly DateTimeOffset Then = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Every form that a client can ask for.</summary>
    public static readonly AnswerForm[] Forms =
    [
        new(Dialects.OpenAi, false, false, false), new(Dialects.OpenAi, true, false, true), new(Dialects.OpenAi, true, false, false),
        new(Dialects.Anthropic, false, false, false), new(Dialects.Anthropic, true, false, false),
        new(Dialects.Gemini, false, false, false), new(Dialects.Gemini, true, false, false), new(Dialects.Gemini, true, true, false),
    ];

    public static IEnumerable<AnswerForm> Of(string dialect) => Forms.Where(f => f.Dialect == dialect);

    public override string ToString() => $"{Dialect} {Name}";

    public CachedAnswer Kept(AnswerForm form)
    {
        byte[] body = Encoding.UTF8.GetBytes(form.Stream ? Stream(form) : Body);
        CachedAnswer kept = Keep(body, form);

        // Of a stream that states no usage the entry knows it all the same.
        return form is { Dialect: Dialects.OpenAi, Stream: true, Usage: false } ? kept with { Usage = Dialects.Tell(Dialect, Body, Framing.Whole).LastUsage } : kept;
    }

    public static CachedAnswer Keep(byte[] body, AnswerForm form)
    {
        Told told = Dialects.Tell(form.Dialect, body, FramingOf(form));
        return new CachedAnswer(body, form)
        {
            ContentType = "as/kept",
            Model = told.Model.Length > 0 ? told.Model : null,
            Usage = told.LastUsage,
            StoredAt = Then,
            Expires = Then.AddHours(1),
            Took = TimeSpan.FromSeconds(2),
        };
    }

    public static Framing FramingOf(AnswerForm form) => !form.Stream ? Framing.Whole : form.AsArray ? Framing.Array : Framing.Sse;

    public static RenderedAnswer? Render(CachedAnswer kept, AnswerForm asked, out Unsayable why) => AnswerRendering.Render(kept, asked, Dialects.Shape(stream: false), out why);

    private string Stream(AnswerForm form)
    {
        JsonNode body = JsonNode.Parse(Body)!;
        return Dialect switch
        {
            Dialects.OpenAi => OpenAi(body, form.Usage),
            Dialects.Anthropic => Anthropic(body),
            _ => Gemini(body, form.AsArray),
        };
    }

    private static string OpenAi(JsonNode body, bool usage)
    {
        StringBuilder text = new(": a comment that keeps the line open\n\n");
        JsonObject Head() => new() { ["id"] = body["id"]!.DeepClone(), ["object"] = "chat.completion.chunk", ["created"] = body["created"]!.DeepClone(), ["model"] = body["model"]!.DeepClone(), ["system_fingerprint"] = "fp_1" };
        void Say(JsonObject chunk) => text.Append("data: ").Append(chunk.ToJsonString()).Append("\n\n");
        void Chunk(int index, JsonObject delta, JsonNode? logprobs = null, string? finish = null)
        {
            JsonObject chunk = Head();
            chunk["choices"] = new JsonArray(new JsonObject { ["index"] = index, ["delta"] = delta, ["logprobs"] = logprobs, ["finish_reason"] = finish });
            if (usage)
                chunk["usage"] = null;
            Say(chunk);
        }

        foreach (JsonNode? choice in body["choices"]!.AsArray())
        {
            int index = (int)choice!["index"]!;
            JsonObject message = choice["message"]!.AsObject();
            Chunk(index, new JsonObject { ["role"] = "assistant", ["content"] = "", ["refusal"] = null });
            foreach (string piece in Pieces((string?)message["reasoning_content"]))
                Chunk(index, new JsonObject { ["reasoning_content"] = piece });
            foreach (JsonNode? detail in message["reasoning_details"] as JsonArray ?? [])
                Chunk(index, new JsonObject { ["reasoning_details"] = new JsonArray(detail!.DeepClone()) });
            foreach (string piece in Pieces((string?)message["content"]))
                Chunk(index, new JsonObject { ["content"] = piece });
            foreach (string piece in Pieces((string?)message["refusal"]))
                Chunk(index, new JsonObject { ["refusal"] = piece });
            foreach (string name in (string[])["annotations", "images", "executed_tools"])
            {
                if (message[name] is JsonArray list)
                    Chunk(index, new JsonObject { [name] = list.DeepClone() });
            }

            Calls(message["tool_calls"] as JsonArray ?? [], delta => Chunk(index, delta));
            if (choice["logprobs"] is { } logprobs)
                Chunk(index, [], logprobs.DeepClone());
            Chunk(index, [], finish: (string)choice["finish_reason"]!);
        }

        if (usage && body["usage"] is { } tokens)
        {
            JsonObject last = Head();
            last["choices"] = new JsonArray();
            last["usage"] = tokens.DeepClone();
            Say(last);
        }

        return text.Append("data: [DONE]\n\n").ToString();
    }

    /// <summary>Parallel calls, their arguments interleaved.</summary>
    private static void Calls(JsonArray calls, Action<JsonObject> say)
    {
        JsonObject Delta(int index, JsonObject function, JsonNode? id = null)
        {
            JsonObject call = new() { ["index"] = index, ["function"] = function };
            if (id is not null)
                (call["id"], call["type"]) = (id.DeepClone(), "function");
            return new JsonObject { ["tool_calls"] = new JsonArray(call) };
        }

        for (int i = 0; i < calls.Count; i++)
            say(Delta(i, new JsonObject { ["name"] = calls[i]!["function"]!["name"]!.DeepClone(), ["arguments"] = "" }, calls[i]!["id"]));
        List<string>[] pieces = [.. calls.Select(c => Pieces((string?)c!["function"]!["arguments"]))];
        for (int at = 0; pieces.Any(p => at < p.Count); at++)
        {
            for (int i = 0; i < pieces.Length; i++)
            {
                if (at < pieces[i].Count)
                    say(Delta(i, new JsonObject { ["arguments"] = pieces[i][at] }));
            }
        }
    }

    private static string Anthropic(JsonNode body)
    {
        StringBuilder text = new();
        void Say(string type, JsonObject rest)
        {
            JsonObject data = new() { ["type"] = type };
            foreach ((string name, JsonNode? value) in rest)
                data[name] = value?.DeepClone();
            text.Append("event: ").Append(type).Append("\ndata: ").Append(data.ToJsonString()).Append("\n\n");
        }

        JsonObject start = body.DeepClone().AsObject();
        (start["content"], start["stop_reason"], start["stop_sequence"], start["usage"]!["output_tokens"]) = (new JsonArray(), null, null, 1);
        Say("message_start", new JsonObject { ["message"] = start });
        Say("ping", []);
        int index = 0;
        foreach (JsonNode? block in body["content"]!.AsArray())
        {
            void Delta(string type, string name, JsonNode? value) => Say("content_block_delta", new JsonObject { ["index"] = index, ["delta"] = new JsonObject { ["type"] = type, [name] = value?.DeepClone() } });
            JsonObject open = block!.DeepClone().AsObject();
            foreach ((string name, JsonNode empty) in (ReadOnlySpan<(string, JsonNode)>)[("text", ""), ("thinking", ""), ("signature", ""), ("input", new JsonObject()), ("citations", new JsonArray())])
            {
                if (open.ContainsKey(name))
                    open[name] = empty;
            }

            Say("content_block_start", new JsonObject { ["index"] = index, ["content_block"] = open });
            foreach (JsonNode? citation in block["citations"] as JsonArray ?? [])
                Delta("citations_delta", "citation", citation);
            foreach (string piece in Pieces((string?)block["text"]))
                Delta("text_delta", "text", piece);
            foreach (string piece in Pieces((string?)block["thinking"]))
                Delta("thinking_delta", "thinking", piece);
            if (block["signature"] is { } signature)
                Delta("signature_delta", "signature", signature);
            if (block["input"] is { } input)
            {
                foreach (string piece in Pieces(input.ToJsonString()))
                    Delta("input_json_delta", "partial_json", piece);
            }

            Say("content_block_stop", new JsonObject { ["index"] = index });
            Say("ping", []);
            index++;
        }

        Say("message_delta", new JsonObject { ["delta"] = new JsonObject { ["stop_reason"] = body["stop_reason"]!.DeepClone(), ["stop_sequence"] = body["stop_sequence"]?.DeepClone() }, ["usage"] = body["usage"]!.DeepClone() });
        Say("message_stop", []);
        return text.ToString();
    }

    private static string Gemini(JsonNode body, bool asArray)
    {
        List<JsonObject> chunks = [];
        JsonObject Chunk(int index, JsonNode? part) => new()
        {
            ["candidates"] = new JsonArray(new JsonObject { ["content"] = new JsonObject { ["parts"] = part is null ? new JsonArray() : new JsonArray(part), ["role"] = "model" }, ["index"] = index }),
            ["modelVersion"] = body["modelVersion"]!.DeepClone(),
            ["responseId"] = body["responseId"]!.DeepClone(),
        };
        foreach (JsonNode? candidate in body["candidates"]!.AsArray())
        {
            int index = (int?)candidate!["index"] ?? 0;
            foreach (JsonNode? part in candidate["content"]!["parts"]!.AsArray())
            {
                if (part!["text"] is not { } words || part["thoughtSignature"] is not null)
                {
                    chunks.Add(Chunk(index, part.DeepClone()));
                    continue;
                }

                foreach (string piece in Pieces((string?)words))
                {
                    JsonNode cut = part.DeepClone();
                    cut["text"] = piece;
                    chunks.Add(Chunk(index, cut));
                }
            }

            JsonObject end = Chunk(index, null);
            foreach ((string name, JsonNode? value) in candidate.AsObject())
            {
                if (name is not ("content" or "index"))
                    end["candidates"]![0]![name] = value?.DeepClone();
            }

            chunks.Add(end);
        }

        chunks[^1]["usageMetadata"] = body["usageMetadata"]!.DeepClone();

        // Google indents the elements of its arrays.
        JsonSerializerOptions indented = new() { WriteIndented = true };
        return asArray ? $"[{string.Join("\n,\r\n", chunks.Select(c => c.ToJsonString(indented)))}\n]\n" : string.Concat(chunks.Select(c => $"data: {c.ToJsonString()}\r\n\r\n"));
    }

    /// <summary>Pieces of three characters that do not cut a surrogate pair.</summary>
    private static List<string> Pieces(string? text)
    {
        List<string> pieces = [];
        for (int at = 0; text is not null && at < text.Length;)
        {
            int length = Math.Min(3, text.Length - at);
            if (char.IsHighSurrogate(text[at + length - 1]) && at + length < text.Length)
                length++;
            pieces.Add(text.Substring(at, length));
            at += length;
        }

        return pieces;
    }
}
