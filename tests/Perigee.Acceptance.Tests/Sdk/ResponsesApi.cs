using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Perigee.Acceptance.Tests.Running;

namespace Perigee.Acceptance.Tests.Sdk;

/// <summary>A small Responses API that stores what it said: aimock's lacks members that typed SDKs insist on.</summary>
internal static class ResponsesApi
{
    private static readonly string[] s_pieces = ["one", " two", " three"];

    /// <summary>Serves it under a model of its own.</summary>
    public static string Register(OwnUpstream upstream) => upstream.On((http, question) => CreateAsync(upstream, http, question));

    private static async Task CreateAsync(OwnUpstream upstream, HttpContext http, JsonElement question)
    {
        string id = "resp_" + Guid.NewGuid().ToString("N");
        string model = question.GetProperty("model").GetString()!;
        JsonObject response = Response(id, model, "completed");
        bool deleted = false;
        upstream.OnPath($"GET /v1/responses/{id}", get => deleted
            ? Say.JsonAsync(get, 404, """{"error":{"message":"Response not found.","type":"invalid_request_error","param":null,"code":null}}""")
            : Say.JsonAsync(get, 200, response.ToJsonString()));
        upstream.OnPath($"GET /v1/responses/{id}/input_items", get => Say.JsonAsync(get, 200,
            """{"object":"list","data":[{"id":"msg_in","type":"message","role":"user","status":"completed","content":[{"type":"input_text","text":"Count"}]}],"first_id":"msg_in","last_id":"msg_in","has_more":false}"""));
        upstream.OnPath($"DELETE /v1/responses/{id}", remove =>
        {
            deleted = true;
            return Say.JsonAsync(remove, 200, $$"""{"id":"{{id}}","object":"response","deleted":true}""");
        });
        if (question.TryGetProperty("stream", out JsonElement stream) && stream.GetBoolean())
            await StreamAsync(http, response, Response(id, model, "in_progress"));
        else
            await Say.JsonAsync(http, 200, response.ToJsonString());
    }

    private static async Task StreamAsync(HttpContext http, JsonObject whole, JsonObject begun)
    {
        Say.Stream(http);
        int number = 0;
        begun["output"] = new JsonArray();
        JsonNode item = whole["output"]![0]!;
        JsonNode part = item["content"]![0]!;
        await SendAsync("response.created", new() { ["response"] = begun });
        await SendAsync("response.output_item.added", new() { ["output_index"] = 0, ["item"] = Open(item) });
        await SendAsync("response.content_part.added", Place(new() { ["part"] = new JsonObject { ["type"] = "output_text", ["text"] = "", ["annotations"] = new JsonArray() } }));
        foreach (string piece in s_pieces)
            await SendAsync("response.output_text.delta", Place(new() { ["delta"] = piece, ["logprobs"] = new JsonArray() }));
        await SendAsync("response.output_text.done", Place(new() { ["text"] = string.Concat(s_pieces), ["logprobs"] = new JsonArray() }));
        await SendAsync("response.content_part.done", Place(new() { ["part"] = part.DeepClone() }));
        await SendAsync("response.output_item.done", new() { ["output_index"] = 0, ["item"] = item.DeepClone() });
        await SendAsync("response.completed", new() { ["response"] = whole.DeepClone() });

        async Task SendAsync(string type, JsonObject data)
        {
            data["type"] = type;
            data["sequence_number"] = number++;
            await http.Response.WriteAsync($"event: {type}\ndata: {data.ToJsonString()}\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private static JsonObject Place(JsonObject data)
    {
        data["item_id"] = "msg_out";
        data["output_index"] = 0;
        data["content_index"] = 0;
        return data;
    }

    private static JsonNode Open(JsonNode item)
    {
        JsonNode open = item.DeepClone();
        open["status"] = "in_progress";
        open["content"] = new JsonArray();
        return open;
    }

    private static JsonObject Response(string id, string model, string status) => JsonNode.Parse($$$"""
        {"id":"{{{id}}}","object":"response","created_at":1760000000,"status":"{{{status}}}","background":false,"error":null,"incomplete_details":null,
        "instructions":null,"max_output_tokens":null,"max_tool_calls":null,"model":"{{{model}}}",
        "output":[{"id":"msg_out","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"{{{string.Concat(s_pieces)}}}","annotations":[],"logprobs":[]}]}],
        "parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":null,"reasoning":{"effort":null,"summary":null},"safety_identifier":null,
        "service_tier":"default","store":true,"temperature":1.0,"text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],
        "top_logprobs":0,"top_p":1.0,"truncation":"disabled",
        "usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":0},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":7},
        "user":null,"metadata":{}}
        """)!.AsObject();
}
