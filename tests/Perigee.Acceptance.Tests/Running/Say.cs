using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>What scripts of the own upstream say, in the words of OpenAI's chat API.</summary>
internal static class Say
{
    /// <summary>Opens a stream.</summary>
    public static void Stream(HttpContext http) => http.Response.ContentType = "text/event-stream";

    /// <summary>One event, out at once.</summary>
    public static async Task EventAsync(HttpContext http, string data)
    {
        await http.Response.WriteAsync($"data: {data}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    /// <summary>One event with a piece of text.</summary>
    public static Task PieceAsync(HttpContext http, string text) => EventAsync(http, Chunk(text, null));

    /// <summary>The events that end a stream.</summary>
    public static async Task EndAsync(HttpContext http)
    {
        await EventAsync(http, Chunk(null, "stop"));
        await EventAsync(http, "[DONE]");
    }

    /// <summary>A whole answer.</summary>
    public static Task AnswerAsync(HttpContext http, string text) => JsonAsync(http, 200, Answer(text));

    /// <summary>Any JSON.</summary>
    public static Task JsonAsync(HttpContext http, int status, string json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json, http.RequestAborted);
    }

    /// <summary>The text of a whole answer.</summary>
    public static string Answer(string text) => JsonSerializer.Serialize(new
    {
        id = "chatcmpl-own",
        @object = "chat.completion",
        created = 1_760_000_000,
        model = "own-model",
        choices = new[] { new { index = 0, message = new { role = "assistant", content = text, refusal = (string?)null }, logprobs = (object?)null, finish_reason = "stop" } },
        usage = new { prompt_tokens = 3, completion_tokens = 4, total_tokens = 7 },
    });

    private static string Chunk(string? text, string? finish) => JsonSerializer.Serialize(new
    {
        id = "chatcmpl-own",
        @object = "chat.completion.chunk",
        created = 1_760_000_000,
        model = "own-model",
        choices = new[] { new { index = 0, delta = text is null ? new Dictionary<string, string>() : new() { ["content"] = text }, logprobs = (object?)null, finish_reason = finish } },
    });
}
