using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>Answers a form with what arrived of it, part by part: name, length and hash. Nothing is held in memory.</summary>
internal static class UploadDigest
{
    /// <summary>
    /// Reads the form to its end and answers <c>{"text":"name=length:sha256 ..."}</c>, or the same as an image's revised prompt; short parts
    /// stand there as they are.
    /// </summary>
    public static async Task AnswerAsync(HttpContext http)
    {
        string boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(http.Request.ContentType).Boundary).Value!;
        MultipartReader reader = new(boundary, http.Request.Body);
        List<string> parts = [];
        while (await reader.ReadNextSectionAsync(http.RequestAborted) is { } section)
        {
            string name = HeaderUtilities.RemoveQuotes(ContentDispositionHeaderValue.Parse(section.ContentDisposition).Name).Value!;
            parts.Add(await DigestAsync(name, section.Body, http.RequestAborted));
        }

        parts.Sort(StringComparer.Ordinal);
        http.Response.ContentType = "application/json";
        string text = string.Join(' ', parts);
        await http.Response.WriteAsync(
            http.Request.Path.Value!.Contains("/images/", StringComparison.Ordinal)
                ? JsonSerializer.Serialize(new { created = 1_760_000_000, data = new[] { new { b64_json = "iVBORw0KGgo=", revised_prompt = text } } })
                : JsonSerializer.Serialize(new { text }),
            http.RequestAborted);
    }

    /// <summary>The word for a file in such an answer.</summary>
    public static string Of(string name, byte[] content) => Word(name, content.Length, SHA256.HashData(content));

    private static async Task<string> DigestAsync(string name, Stream body, CancellationToken cancel)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 * 1024];
        using MemoryStream small = new();
        long length = 0;
        while (await body.ReadAsync(buffer, cancel) is var count and > 0)
        {
            hash.AppendData(buffer, 0, count);
            if (length < 64)
                small.Write(buffer, 0, Math.Min(count, 64));
            length += count;
        }

        return length <= 64 ? $"{name}={Encoding.UTF8.GetString(small.ToArray())}" : Word(name, length, hash.GetHashAndReset());
    }

    private static string Word(string name, long length, byte[] sha256) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}={length}:{Convert.ToHexStringLower(sha256)}");
}
