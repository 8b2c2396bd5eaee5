using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Perigee.Embedding;

/// <summary>
/// Vectors of a provider's model, asked for through the gateway's own upstreams. How long they are its first answer tells; until then
/// <see cref="Dimensions"/> is 0 and there are no vectors.
/// </summary>
/// <param name="model">The model, as a client would name it.</param>
/// <param name="ask">Sends the body of an OpenAI embeddings request and gives the body of the answer, or null.</param>
internal sealed class ProviderEmbedder(
    string model, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<ReadOnlyMemory<byte>?>> ask) : ITextEmbedder
{
    private const int LeastDimensions = 8;
    private const int MostDimensions = 8192;

    private volatile int _dimensions;

    /// <inheritdoc/>
    public string Version { get; } = VersionName.Of("provider1", model);

    /// <inheritdoc/>
    public int Dimensions => _dimensions;

    /// <inheritdoc/>
    public double Threshold => 0.7;

    /// <summary>Learns the dimensions: asks for a word.</summary>
    /// <returns>Whether they are known now.</returns>
    public async ValueTask<bool> PrepareAsync(CancellationToken cancel)
    {
        if (_dimensions > 0)
            return true;
        if (await AnswerAsync("hello", cancel) is not { } answer)
            return false;
        float[] vector = ArrayPool<float>.Shared.Rent(MostDimensions);
        try
        {
            int length = Read(answer.Span, vector.AsSpan(0, MostDimensions));
            return length >= LeastDimensions && (Interlocked.CompareExchange(ref _dimensions, length, 0) is var known) && (known == 0 || known == length);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(vector);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> EmbedAsync(string text, Memory<float> vector, CancellationToken cancel)
    {
        if (_dimensions == 0 || vector.Length < _dimensions || string.IsNullOrWhiteSpace(text))
            return false;
        Memory<float> taken = vector[.._dimensions];
        return await AnswerAsync(text, cancel) is { } answer && Read(answer.Span, taken.Span) == taken.Length && UnitLength.Give(taken.Span);
    }

    private async ValueTask<ReadOnlyMemory<byte>?> AnswerAsync(string text, CancellationToken cancel)
    {
        try
        {
            return await ask(Question(text), cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Source: OpenAI's API reference, "Create embeddings". Floats, because not every provider knows base64.</summary>
    private ReadOnlyMemory<byte> Question(string text)
    {
        ArrayBufferWriter<byte> body = new(text.Length + 128);
        using Utf8JsonWriter json = new(body);
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteString("input", text);
        json.WriteString("encoding_format", "float");
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    /// <summary>Reads the first vector of an answer.</summary>
    /// <returns>Its length; -1 where there is none, where it is longer than there is room for, or where the answer is not one.</returns>
    internal static int Read(ReadOnlySpan<byte> answer, Span<float> vector)
    {
        try
        {
            Utf8JsonReader json = new(answer);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                return -1;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                bool data = json.ValueTextEquals("data"u8);
                json.Read();
                if (data && json.TokenType == JsonTokenType.StartArray)
                    return json.Read() && json.TokenType == JsonTokenType.StartObject ? ReadItem(ref json, vector) : -1;
                json.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
        }

        return -1;
    }

    private static int ReadItem(ref Utf8JsonReader json, Span<float> vector)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool embedding = json.ValueTextEquals("embedding"u8);
            json.Read();
            if (embedding)
            {
                return json.TokenType switch
                {
                    JsonTokenType.StartArray => ReadNumbers(ref json, vector),
                    JsonTokenType.String => ReadBase64(ref json, vector),
                    _ => -1,
                };
            }

            json.Skip();
        }

        return -1;
    }

    private static int ReadNumbers(ref Utf8JsonReader json, Span<float> vector)
    {
        int count = 0;
        while (json.Read() && json.TokenType == JsonTokenType.Number)
        {
            if (count == vector.Length || !json.TryGetSingle(out float value) || !float.IsFinite(value))
                return -1;
            vector[count++] = value;
        }

        return json.TokenType == JsonTokenType.EndArray ? count : -1;
    }

    /// <summary>Little-endian 32-bit floats.</summary>
    private static int ReadBase64(ref Utf8JsonReader json, Span<float> vector)
    {
        if (!json.TryGetBytesFromBase64(out byte[]? bytes) || bytes.Length % sizeof(float) != 0 || bytes.Length / sizeof(float) > vector.Length)
            return -1;
        for (int i = 0; i < bytes.Length / sizeof(float); i++)
        {
            vector[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
            if (!float.IsFinite(vector[i]))
                return -1;
        }

        return bytes.Length / sizeof(float);
    }
}
