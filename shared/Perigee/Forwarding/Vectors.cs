using System.Buffers;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Forwarding;

/// <summary>Vectors asked for in Gemini's dialect of providers that serve OpenAI's <c>/embeddings</c>.</summary>
internal static class Vectors
{
    /// <summary>Puts the question into OpenAI's form.</summary>
    public static Translated Translate(Exchange exchange, Target target)
    {
        Translation translation = new(target.Model, target.Traits) { Strict = exchange.Strict };
        ArrayBufferWriter<byte> body = new(exchange.Body.Length + 256);
        bool many = exchange.Operation.Name == "gemini.embed_batch";
        if (GeminiEmbeddings.Write(exchange.Question!, many, translation, body) is { } error)
            return Translated.Refused(error);
        exchange.Dropped = translation.Dropped;
        return new Translated(body.WrittenMemory, "/embeddings", translation, null, null) { Many = many };
    }
}
