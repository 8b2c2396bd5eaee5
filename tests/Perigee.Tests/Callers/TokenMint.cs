using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Callers;

/// <summary>An issuer of tokens on this machine, honest and not.</summary>
internal sealed class TokenMint : IAsyncDisposable
{
    public const string Audience = "api://perigee";

    private readonly FaultyUpstream _server;

    private TokenMint(FaultyUpstream server) => _server = server;

    /// <summary>The claim <c>iss</c>.</summary>
    public string Issuer => _server.Url + "/issuer";

    /// <summary>The keys that it publishes, by their ids.</summary>
    public Dictionary<string, AsymmetricAlgorithm> Published { get; } = [];

    /// <summary>Further keys in the document, as JSON objects with a comma behind each.</summary>
    public string Besides { get; set; } = "";

    public bool Down { get; set; }

    /// <summary>How often anything was fetched.</summary>
    public int Fetches => _server.Calls("issuer");

    public RSA Rsa { get; } = RSA.Create(2048);

    public static async Task<TokenMint> StartAsync()
    {
        TokenMint mint = new(await FaultyUpstream.StartAsync());
        mint.Published["k1"] = mint.Rsa;
        mint._server.On("issuer", mint.AnswerAsync);
        return mint;
    }

    /// <summary>The section <c>auth</c> of perigee.json.</summary>
    public string Configuration(string rules, string more = "") => $$"""
        "auth": {"jwt": [{"issuer": "{{Issuer}}", "audience": "{{Audience}}", "network": "loopback", {{more}} "rules": [{{rules}}]}]}
        """;

    /// <summary>A token that is good at a time.</summary>
    public string Token(DateTimeOffset now, string claims = "\"sub\":\"s1\"", string header = """{"alg":"RS256","kid":"k1","typ":"JWT"}""") => Sign(header, Payload(now, claims));

    /// <summary>Claims that are good at a time, and more.</summary>
    public string Payload(DateTimeOffset now, string claims, string? audience = null, int nbf = -60, int exp = 600, string? issuer = null) =>
        $$"""{"iss":"{{issuer ?? Issuer}}","aud":"{{audience ?? Audience}}","nbf":{{now.ToUnixTimeSeconds() + nbf}},"exp":{{now.ToUnixTimeSeconds() + exp}},{{claims}}}""";

    public string Sign(string header, string payload, Func<byte[], byte[]>? by = null)
    {
        string text = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(payload))}";
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        return $"{text}.{Encode(by is null ? Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : by(bytes))}";
    }

    public static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);

    public ValueTask DisposeAsync()
    {
        Rsa.Dispose();
        return _server.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext http)
    {
        if (Down)
            return Provider.SendAsync(http, 503, "{}");
        string path = http.Request.Path.Value!;
        if (path.EndsWith("openid-configuration", StringComparison.Ordinal))
            return Provider.SendAsync(http, 200, $$"""{"issuer":"{{Issuer}}","jwks_uri":"{{Issuer}}/keys"}""");
        return Provider.SendAsync(http, 200, $$"""{"keys":[{{Besides}}{{string.Join(',', Published.Select(static pair => Jwk(pair.Key, pair.Value)))}}]}""");
    }

    private static string Jwk(string id, AsymmetricAlgorithm key)
    {
        if (key is RSA rsa)
        {
            RSAParameters parameters = rsa.ExportParameters(false);
            return $$"""{"kty":"RSA","use":"sig","kid":"{{id}}","n":"{{Encode(parameters.Modulus!)}}","e":"{{Encode(parameters.Exponent!)}}"}""";
        }

        ECParameters ec = ((ECDsa)key).ExportParameters(false);
        return $$"""{"kty":"EC","use":"sig","kid":"{{id}}","crv":"P-256","x":"{{Encode(ec.Q.X!)}}","y":"{{Encode(ec.Q.Y!)}}"}""";
    }
}
