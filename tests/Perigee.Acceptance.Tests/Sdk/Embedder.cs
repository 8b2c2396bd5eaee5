using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Acceptance.Tests.Running;

namespace Perigee.Acceptance.Tests.Sdk;

/// <summary>Embeddings as OpenAI answers them: base64 where that is asked for.</summary>
internal static class Embedder
{
    /// <summary>Each vector begins with its text's length.</summary>
    public static Task AnswerAsync(HttpContext http, JsonElement question)
    {
        bool base64 = question.TryGetProperty("encoding_format", out JsonElement format) && format.GetString() == "base64";
        JsonElement input = question.GetProperty("input");
        string[] texts = input.ValueKind == JsonValueKind.String ? [input.GetString()!] : [.. input.EnumerateArray().Select(t => t.GetString()!)];
        return Say.JsonAsync(http, 200, JsonSerializer.Serialize(new
        {
            @object = "list",
            data = texts.Select((text, index) => new { @object = "embedding", index, embedding = Vector(text, base64) }),
            model = "own-embedding",
            usage = new { prompt_tokens = 2, total_tokens = 2 },
        }));
    }

    private static object Vector(string text, bool base64)
    {
        float[] vector = [text.Length, 0.5f, -0.25f];
        return base64 ? Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan())) : vector;
    }
}
