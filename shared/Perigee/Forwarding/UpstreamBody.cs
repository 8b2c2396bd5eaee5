using System.Buffers;
using System.IO.Compression;
using System.Net.Http.Headers;
using Perigee.Providers;

namespace Perigee.Forwarding;

/// <summary>How a provider's body is taken in.</summary>
internal static class UpstreamBody
{
    /// <summary>JSON answers up to this size are read whole before they are shown.</summary>
    public const int MostInspectedBytes = 8 * 1024 * 1024;

    /// <summary>Answers that are made anew are held whole up to this size: pictures in base64 are the largest.</summary>
    public const int MostTranslatedBytes = 64 * 1024 * 1024;

    /// <summary>What is read of an error.</summary>
    public const int MostErrorBytes = 256 * 1024;

    /// <summary>The body, decompressed: nobody asked for compression, some servers compress all the same.</summary>
    public static async ValueTask<Stream> OpenAsync(HttpResponseMessage answer)
    {
        Stream body = await answer.Content.ReadAsStreamAsync();
        return answer.Content.Headers.ContentEncoding.Count == 0 ? body : answer.Content.Headers.ContentEncoding.First().ToLowerInvariant() switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            _ => body,
        };
    }

    /// <summary>Reads to the end or to a bound. The buffer is the shared pool's, and the caller's to give back.</summary>
    public static async ValueTask<(byte[] Buffer, int Length, bool Whole)> ReadAsync(Stream body, long? expected, int most, Patience patience)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp((expected ?? 8192) + 1, 1024, 256 * 1024));
        int length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                {
                    if (length >= most)
                        return (buffer, length, false);
                    byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                patience.Restart();
                int count = await body.ReadAsync(buffer.AsMemory(length), patience.Token);
                if (count == 0)
                    return (buffer, length, true);
                length += count;
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    /// <summary>Whether an answer is a stream of events.</summary>
    public static bool IsStream(HttpResponseMessage answer) => Is(answer, "text/event-stream");

    /// <summary>Whether an answer is JSON.</summary>
    public static bool IsJson(HttpResponseMessage answer) => Is(answer, "application/json");

    /// <summary>The error of an answer that cannot be held.</summary>
    public static GatewayError TooLargeToTranslate(Provider provider) => new(ErrorKind.ProviderFailed,
        $"Provider '{provider.Name}' sent an answer of more than {MostTranslatedBytes} bytes, too large to be translated.");

    private static bool Is(HttpResponseMessage answer, string type) =>
        answer.Content.Headers.NonValidated.TryGetValues("Content-Type", out HeaderStringValues values)
        && values.ToString().StartsWith(type, StringComparison.OrdinalIgnoreCase);
}
