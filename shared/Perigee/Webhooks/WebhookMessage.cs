using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Perigee.Webhooks;

/// <summary>One message, signed as Standard Webhooks has it (https://github.com/standard-webhooks/standard-webhooks): never content, never a secret.</summary>
/// <param name="Id">The same for the same event however often and from wherever it is sent: receivers tell repeats by it.</param>
/// <param name="Type">What happened.</param>
/// <param name="Body">The JSON body.</param>
internal sealed record WebhookMessage(string Id, string Type, byte[] Body)
{
    /// <summary>How many days before a key's end it is told, or null: who did not ask for that day is not told.</summary>
    public int? Days { get; init; }

    /// <summary>Makes one.</summary>
    /// <param name="type">What happened.</param>
    /// <param name="key">What makes the event one and the same.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="write">Writes the members of <c>data</c>.</param>
    public static WebhookMessage Make(string type, string key, DateTimeOffset at, Action<Utf8JsonWriter> write)
    {
        byte[] body = ManageJson.ToBytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("type"u8, type);
            json.WriteString("timestamp"u8, at.UtcDateTime);
            json.WriteStartObject("data"u8);
            write(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }).ToArray();
        return new WebhookMessage("msg_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{type}|{key}")).AsSpan(0, 16)), type, body);
    }

    /// <summary><c>webhook-signature</c>: HMAC-SHA-256 of id, time and body.</summary>
    public string Sign(byte[] secret, long timestamp)
    {
        byte[] head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Id}.{timestamp}."));
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, (byte[])[.. head, .. Body]));
    }
}
