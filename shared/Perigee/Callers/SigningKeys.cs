using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Perigee.Callers;

/// <summary>
/// The public keys of issuers: fetched when first needed, an hour later again, and when a token names one that is not among them, which may
/// not happen more often than every 30 seconds. While an issuer does not answer its last keys go on for a day.
/// </summary>
internal sealed class SigningKeys(ISigningKeyDocuments documents, TimeProvider time)
{
    private const int MostKeys = 64;
    private const int LeastRsaBits = 2048;

    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan Last = TimeSpan.FromDays(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Holder> _holders = new(StringComparer.Ordinal);

    /// <summary>The keys with which a token may be signed.</summary>
    /// <param name="issuer">Who has signed it.</param>
    /// <param name="keyId">The token's <c>kid</c>; empty where it names none.</param>
    /// <param name="cancel">The client gave up waiting.</param>
    /// <exception cref="IOException">The issuer's keys are not known and cannot be fetched now.</exception>
    public async ValueTask<IReadOnlyList<SecurityKey>> FindAsync(JwtIssuer issuer, string keyId, CancellationToken cancel)
    {
        Holder holder = _holders.GetOrAdd($"{issuer.Issuer} {issuer.Keys}", static _ => new Holder());
        if (holder.Set is { } set && time.GetElapsedTime(set.At) < Fresh && set.Of(keyId) is { Count: > 0 } known)
            return known;
        Task<KeySet?>? fetch = null;
        lock (holder)
        {
            if (holder.Running is { } running)
                fetch = running;
            else if (holder.TriedAt is not { } tried || time.GetElapsedTime(tried) >= Pause)
            {
                holder.TriedAt = time.GetTimestamp();
                fetch = holder.Running = FetchAsync(holder, issuer);
            }
        }

        // Whose key is among the old ones need not wait for the new ones.
        if (holder.Set is { } old && time.GetElapsedTime(old.At) < Last && old.Of(keyId) is { Count: > 0 } still)
            return still;
        KeySet? fetched = fetch is null ? holder.Set : await fetch.WaitAsync(cancel);
        if (fetched is null || time.GetElapsedTime(fetched.At) >= Last)
            throw new IOException("The issuer's signing keys cannot be fetched.");
        return fetched.Of(keyId);
    }

    private async Task<KeySet?> FetchAsync(Holder holder, JwtIssuer issuer)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        KeySet? set = holder.Set;
        try
        {
            Uri address = issuer.Keys ?? await DiscoverAsync(issuer);
            set = new KeySet(Read(await documents.FetchAsync(address, issuer, CancellationToken.None)), time.GetTimestamp());
        }
        catch (Exception e) when (e is IOException or JsonException or ArgumentException)
        {
            // What was known goes on; who has nothing is told that the keys cannot be fetched.
        }

        lock (holder)
            (holder.Set, holder.Running) = (set, null);
        return set;
    }

    private async Task<Uri> DiscoverAsync(JwtIssuer issuer)
    {
        ReadOnlyMemory<byte> document = await documents.FetchAsync(
            new Uri(issuer.Issuer.TrimEnd('/') + "/.well-known/openid-configuration"), issuer, CancellationToken.None);
        using JsonDocument json = JsonDocument.Parse(ReadableJson.Of(document));
        JsonElement root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object || Text(root, "issuer") != issuer.Issuer || Text(root, "jwks_uri") is not { } text)
            throw new IOException("The issuer's discovery document is of another issuer, or names no keys.");
        return ConfigurationUrls.Fault(text.Split('?')[0], issuer.Network) is null && Uri.TryCreate(text, UriKind.Absolute, out Uri? keys)
            ? keys
            : throw new IOException("The issuer's discovery document names keys at an address that is not allowed.");

        static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    /// <summary>Public keys for signatures; whatever else a document holds (secrets of HMAC, encryption keys, short ones) is left out.</summary>
    private static List<SecurityKey> Read(ReadOnlyMemory<byte> document)
    {
        List<SecurityKey> keys = [];
        foreach (JsonWebKey key in new JsonWebKeySet(Encoding.UTF8.GetString(document.Span)).Keys.Take(MostKeys))
        {
            bool asymmetric = key.Kty is JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve;
            if (asymmetric && key.Use is null or "" or "sig" && (key.Kty != JsonWebAlgorithmsKeyTypes.RSA || key.KeySize >= LeastRsaBits))
                keys.Add(key);
        }

        return keys;
    }

    private sealed class Holder
    {
        public volatile KeySet? Set;

        public Task<KeySet?>? Running { get; set; }

        public long? TriedAt { get; set; }
    }

    private sealed record KeySet(List<SecurityKey> Keys, long At)
    {
        public List<SecurityKey> Of(string keyId) => keyId.Length == 0 ? Keys : Keys.FindAll(key => key.KeyId == keyId);
    }
}
