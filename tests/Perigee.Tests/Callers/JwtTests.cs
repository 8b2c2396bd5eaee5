using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Perigee.Storage;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Callers;

public sealed class JwtTests
{
    private const string Rules = """
        {"claim": "groups", "value": ["a", "b"], "organisation": "org_j", "team": "team_j"}, {"claim": "realm.roles", "value": "boss", "role": "admin"},
        {"claim": "realm.roles", "value": "self", "role": "key-owner"}, {"claim": "scp", "value": "all", "organisation": "org_j"}
        """;

    [Fact]
    public async Task A_token_asks_as_its_team_and_manages_by_its_roles()
    {
        await using TokenMint mint = await TokenMint.StartAsync();
        await using Scene scene = await StartAsync(mint);
        string member = mint.Token(scene.Time.GetUtcNow(), """ "sub":"s1","groups":["x","b"] """);
        Assert.Equal(200, (await scene.One.AskAsync(member, "openai/m")).Status);
        Assert.Equal(403, (await scene.One.AskAsync(member, "gemini/m")).Status);
        Assert.Equal(403, (await scene.One.ManageAsync("GET", "/manage/v1/keys", null, ("key", member))).Status);
        int fetches = mint.Fetches, trips = scene.Storage.Calls.Count(static call => call.EndsWith("owners", StringComparison.Ordinal));
        for (int i = 0; i < 20; i++)
            Assert.Equal(200, (await scene.One.AskAsync(member, "openai/m")).Status);
        Assert.Equal((fetches, trips), (mint.Fetches, scene.Storage.Calls.Count(static call => call.EndsWith("owners", StringComparison.Ordinal))));

        string boss = mint.Token(scene.Time.GetUtcNow(), """ "sub":"s2","realm":{"roles":["boss","self"]} """);
        Reply made = await scene.One.ManageAsync("POST", "/manage/v1/keys", """{"name":"n","ownedBy":"s3"}""", ("key", boss));
        Assert.Equal(201, made.Status);
        Assert.Equal(403, (await scene.One.AskAsync(boss, "openai/m")).Status);
        JsonElement who = (await scene.One.ManageAsync("GET", "/manage/v1/audit")).Json.GetProperty("data").EnumerateArray().Last().GetProperty("record").GetProperty("who");
        Assert.Equal(("jwt", "s2", "admin"), (who.GetProperty("kind").GetString()!, who.GetProperty("name").GetString()!, who.GetProperty("role").GetString()!));

        string self = mint.Token(scene.Time.GetUtcNow(), """ "sub":"s3","realm":{"roles":"self"} """);
        string id = made.Json.GetProperty("id").GetString()!;
        Assert.Equal(200, (await scene.One.ManageAsync("GET", "/manage/v1/keys/" + id, null, ("key", self))).Status);
        Assert.Equal(200, (await scene.One.ManageAsync("POST", $"/manage/v1/keys/{id}:rotate", null, ("key", self))).Status);
        Assert.Equal(403, (await scene.One.ManageAsync("DELETE", "/manage/v1/keys/" + id, null, ("key", self))).Status);

        string nobody = mint.Token(scene.Time.GetUtcNow(), """ "sub":"s4","groups":["c"] """);
        Assert.Equal(403, (await scene.One.AskAsync(nobody, "openai/m")).Status);
        Assert.Equal(403, (await scene.One.ManageAsync("GET", "/manage/v1/keys", null, ("key", nobody))).Status);

        await scene.One.ManageAsync("PATCH", "/manage/v1/teams/team_j", """{"disabled":true}""");
        Assert.Equal(403, (await scene.One.AskAsync(member, "openai/m")).Status);
    }

    [Fact]
    public async Task Forged_and_stale_tokens_open_nothing()
    {
        await using TokenMint mint = await TokenMint.StartAsync();
        await using Scene scene = await StartAsync(mint);
        using RSA stranger = RSA.Create(2048);
        DateTimeOffset now = scene.Time.GetUtcNow();
        const string Claims = "\"sub\":\"s\",\"groups\":[\"a\"],\"realm\":{\"roles\":[\"boss\"]}";
        const string Header = """{"alg":"RS256","kid":"k1"}""";
        byte[] pem = Encoding.ASCII.GetBytes(mint.Rsa.ExportSubjectPublicKeyInfoPem()), der = mint.Rsa.ExportSubjectPublicKeyInfo(), modulus = mint.Rsa.ExportParameters(false).Modulus!;
        string good = mint.Token(now, Claims);
        string[] parts = good.Split('.');
        mint.Besides = $$"""{"kty":"oct","kid":"k1","alg":"HS256","k":"{{TokenMint.Encode(modulus)}}"},""";
        (string What, string Token, string Expected)[] bad =
        [
            ("alg none", mint.Sign("""{"alg":"none"}""", mint.Payload(now, Claims), static _ => []), "not signed with one of"),
            ("alg None", mint.Sign("""{"alg":"None","kid":"k1"}""", mint.Payload(now, Claims), static _ => []), "not signed with one of"),
            ("alg none, signed", mint.Sign("""{"alg":"none","kid":"k1"}""", mint.Payload(now, Claims)), "not signed with one of"),
            ("no alg", mint.Sign("""{"kid":"k1"}""", mint.Payload(now, Claims)), "token"),
            ("HS256 with the public key as PEM", mint.Sign("""{"alg":"HS256","kid":"k1"}""", mint.Payload(now, Claims), bytes => HMACSHA256.HashData(pem, bytes)), "not signed with one of"),
            ("HS256 with the public key as DER", mint.Sign("""{"alg":"HS256","kid":"k1"}""", mint.Payload(now, Claims), bytes => HMACSHA256.HashData(der, bytes)), "not signed with one of"),
            ("HS256 with the modulus", mint.Sign("""{"alg":"HS256","kid":"k1"}""", mint.Payload(now, Claims), bytes => HMACSHA256.HashData(modulus, bytes)), "not signed with one of"),
            ("signed by a stranger", mint.Sign(Header, mint.Payload(now, Claims), bytes => stranger.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)), "signature"),
            ("key in the header", mint.Sign($$$"""{"alg":"RS256","jwk":{"kty":"RSA","n":"{{{TokenMint.Encode(stranger.ExportParameters(false).Modulus!)}}}","e":"AQAB"}}""",
                mint.Payload(now, Claims), bytes => stranger.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)), "signature"),
            ("unknown kid", mint.Sign("""{"alg":"RS256","kid":"k9"}""", mint.Payload(now, Claims)), "(kid)"),
            ("no signature", $"{parts[0]}.{parts[1]}.", "signature"),
            ("other payload", $"{parts[0]}.{TokenMint.Encode(Encoding.UTF8.GetBytes(mint.Payload(now, Claims + ",\"more\":1")))}.{parts[2]}", "signature"),
            ("other audience", mint.Sign(Header, mint.Payload(now, Claims, audience: "api://other")), "audience"),
            ("no audience", mint.Sign(Header, $$"""{"iss":"{{mint.Issuer}}","exp":{{now.ToUnixTimeSeconds() + 60}},{{Claims}}}"""), "audience"),
            ("other issuer", mint.Sign(Header, mint.Payload(now, Claims, issuer: "https://evil.example")), "issuer"),
            ("issuer with a slash", mint.Sign(Header, mint.Payload(now, Claims, issuer: mint.Issuer + "/")), "issuer"),
            ("expired", mint.Sign(Header, mint.Payload(now, Claims, exp: -121)), "expired"),
            ("not yet", mint.Sign(Header, mint.Payload(now, Claims, nbf: 121)), "nbf"),
            ("no end", mint.Sign(Header, $$"""{"iss":"{{mint.Issuer}}","aud":"{{TokenMint.Audience}}",{{Claims}}}"""), "exp"),
            ("no user", mint.Sign(Header, mint.Payload(now, "\"groups\":[\"a\"]")), "'sub'"),
            ("no JSON", $"{parts[0]}.{TokenMint.Encode("hello"u8.ToArray())}.{parts[2]}", "malformed"),
            ("header is no JSON", $"eyJhbGciO.{parts[1]}.{parts[2]}", "malformed"),
            ("four parts", good + ".x", "API key"),
            ("long", "eyJ" + new string('a', 20_000) + ".b.c", "API key"),
        ];
        Assert.Equal(200, (await scene.One.AskAsync(good, "openai/m")).Status);
        int calls = scene.Calls;
        foreach ((string what, string token, string expected) in bad)
        {
            Reply reply = await scene.One.AskAsync(token, "openai/m");
            Assert.True(reply.Status == 401 && reply.Message().Contains(expected, StringComparison.Ordinal), $"{what}: {reply}");
            Assert.DoesNotContain(token.Split('.')[1], reply.Body, StringComparison.Ordinal);
            reply = await scene.One.ManageAsync("GET", "/manage/v1/keys", null, ("key", token));
            Assert.True(reply.Status == 401, $"{what}: {reply}");
        }

        Assert.Equal(calls, scene.Calls);
        Assert.Equal(200, (await scene.One.AskAsync(mint.Sign(Header, mint.Payload(now, Claims, nbf: 119)), "openai/m")).Status);
        Assert.Equal(200, (await scene.One.AskAsync(mint.Sign(Header, mint.Payload(now, Claims, exp: -119)), "openai/m")).Status);

        // A token that was good ends when it says, whatever is remembered of it.
        scene.Time.Advance(TimeSpan.FromSeconds(600 + 121));
        Assert.Equal(401, (await scene.One.AskAsync(good, "openai/m")).Status);
    }

    [Fact]
    public async Task Other_algorithms_of_public_keys_are_taken()
    {
        await using TokenMint mint = await TokenMint.StartAsync();
        using ECDsa ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        mint.Published["e1"] = ec;
        await using Scene scene = await StartAsync(mint);
        string payload = mint.Payload(scene.Time.GetUtcNow(), "\"sub\":\"s\",\"groups\":\"a\"");
        Assert.Equal(200, (await scene.One.AskAsync(mint.Sign("""{"alg":"ES256","kid":"e1"}""", payload, bytes => ec.SignData(bytes, HashAlgorithmName.SHA256)), "openai/m")).Status);
        Assert.Equal(200, (await scene.One.AskAsync(
            mint.Sign("""{"alg":"PS256","kid":"k1"}""", payload, bytes => mint.Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)), "openai/m")).Status);

        // An EC key does not make an RSA token good, nor a key without a name another's.
        Assert.Equal(401, (await scene.One.AskAsync(mint.Sign("""{"alg":"RS256","kid":"e1"}""", payload), "openai/m")).Status);
    }

    [Fact]
    public async Task A_new_key_of_the_issuers_is_found_and_unknown_ones_do_not_buy_fetches()
    {
        await using TokenMint mint = await TokenMint.StartAsync();
        await using Scene scene = await StartAsync(mint);
        string old = mint.Token(scene.Time.GetUtcNow(), "\"sub\":\"s\",\"groups\":\"a\"");
        Assert.Equal(200, (await scene.One.AskAsync(old, "openai/m")).Status);
        int fetches = mint.Fetches;
        mint.Published["k2"] = mint.Rsa;
        scene.Time.Advance(TimeSpan.FromSeconds(31));
        string fresh = mint.Token(scene.Time.GetUtcNow(), "\"sub\":\"s\",\"groups\":\"a\"", """{"alg":"RS256","kid":"k2"}""");
        Assert.Equal(200, (await scene.One.AskAsync(fresh, "openai/m")).Status);
        Assert.Equal(fetches + 2, mint.Fetches);
        for (int i = 0; i < 200; i++)
        {
            string header = $$"""{"alg":"RS256","kid":"guess{{i}}"}""";
            Assert.Equal(401, (await scene.One.AskAsync(mint.Token(scene.Time.GetUtcNow(), "\"sub\":\"s\",\"groups\":\"a\"", header), "openai/m")).Status);
        }

        Assert.Equal(fetches + 2, mint.Fetches);

        // While the issuer is down its last keys go on.
        mint.Down = true;
        scene.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(200, (await scene.One.AskAsync(mint.Token(scene.Time.GetUtcNow(), "\"sub\":\"s\",\"groups\":\"a\""), "openai/m")).Status);
        scene.Time.Advance(TimeSpan.FromHours(24));
        Assert.Equal(503, (await scene.One.AskAsync(mint.Token(scene.Time.GetUtcNow(), "\"sub\":\"s\",\"groups\":\"a\""), "openai/m")).Status);
    }

    [Fact]
    public void Issuers_that_would_open_too_much_are_refused_in_the_configuration()
    {
        string[] faults = Settings.Faults("""
            {"auth": {"jwt": [
              {"issuer": "http://id.example.com", "audience": "a", "rules": [{"organisation": "org_a"}]},
              {"issuer": "https://id.example.com", "rules": [{"role": "boss"}, {}, {"team": "team_a"}, {"value": "x", "organisation": "acme"}]},
              {"issuer": "https://169.254.169.254", "audience": [], "jwksUri": "https://localhost/keys", "rules": []},
              {"audience": "a", "secret": "x", "rules": [{"role": "viewer"}]}
            ]}}
            """);
        string all = string.Join('\n', faults);
        foreach (string expected in (string[])
            [
                "auth.jwt[0].issuer: has to be https", "auth.jwt[1].audience: is needed", "auth.jwt[1].rules[0].role: is none of", "auth.jwt[1].rules[1]: gives nothing",
                "auth.jwt[1].rules[2].organisation: is needed beside team", "auth.jwt[1].rules[3].value: needs a claim", "auth.jwt[1].rules[3].organisation: has to be an organisation's id",
                "auth.jwt[2].issuer: points at an address", "auth.jwt[2].audience: is an empty list", "auth.jwt[2].jwksUri: points at this machine; set auth.jwt[2].network to loopback",
                "auth.jwt[2].rules: is needed", "auth.jwt[3].issuer: is needed", "auth.jwt[3].secret: is unknown",
            ])
            Assert.Contains(expected, all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_storage_who_was_known_goes_on_for_ten_minutes()
    {
        await using TokenMint mint = await TokenMint.StartAsync();
        await using Scene scene = await StartAsync(mint);
        string known = mint.Token(scene.Time.GetUtcNow(), """ "sub":"s1","groups":["b"] """);
        Assert.Equal(200, (await scene.One.AskAsync(known, "openai/m")).Status);
        scene.Storage.Before = static call => call.EndsWith("owners", StringComparison.Ordinal) ? throw new StorageException("down for a test") : Task.CompletedTask;
        foreach (int seconds in (int[])[11, 100, 400])
        {
            scene.Time.Advance(TimeSpan.FromSeconds(seconds));
            Reply reply = await scene.One.AskAsync(known, "openai/m");
            Assert.True(reply.Status == 200, $"{seconds} {reply}");
        }

        string stranger = mint.Token(scene.Time.GetUtcNow(), """ "sub":"s2","groups":["b"] """);
        Assert.Equal(503, (await scene.One.AskAsync(stranger, "openai/m")).Status);
        scene.Time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(503, (await scene.One.AskAsync(known, "openai/m")).Status);
    }

    private static async Task<Scene> StartAsync(TokenMint mint)
    {
        Scene scene = await Scene.StartClosedAsync(mint.Configuration(Rules));
        await scene.One.MakeAsync("organisations", """{"id":"org_j","name":"J"}""");
        await scene.One.MakeAsync("teams", """{"id":"team_j","organisation":"org_j","name":"J","allowedModels":["openai/*"]}""");
        return scene;
    }
}
