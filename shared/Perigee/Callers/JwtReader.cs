using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Perigee.Callers;

/// <summary>Checks tokens: signature, issuer, audience and time, and what the issuer's rules make of their claims.</summary>
internal sealed class JwtReader(SigningKeys keys, TimeProvider time)
{
    /// <summary>How far clocks may be apart.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    private const int Longest = 16 * 1024;

    /// <summary>Asymmetric ones only: with HMAC whoever knows the public key could sign.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256,
        SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384,
        SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    /// <summary>Whether a text has the shape of a signed token: three parts, the first an object in base64url.</summary>
    public static bool MayBe(ReadOnlySpan<char> text) =>
        text.Length is > 10 and <= Longest && text.StartsWith("eyJ", StringComparison.Ordinal) && text.Count('.') == 2;

    /// <summary>Checks a token.</summary>
    /// <returns>Who it is, or why it is refused.</returns>
    public async ValueTask<(JwtIdentity? Identity, GatewayError? Error)> ReadAsync(string text, IReadOnlyList<JwtIssuer> issuers, CancellationToken cancel)
    {
        JsonWebToken token;
        try
        {
            token = new JsonWebToken(text);
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            return Refuse("This token is malformed.");
        }

        // All that follows is only said by the token so far; the signature is checked with the key of whom it names.
        if (!Algorithms.Contains(token.Alg, StringComparer.Ordinal))
            return Refuse($"This token is not signed with one of {string.Join(", ", Algorithms)}.");
        if (issuers.FirstOrDefault(one => one.Issuer == token.Issuer) is not { } issuer)
            return Refuse("This token's issuer is none that is trusted here (auth.jwt in perigee.json).");
        IReadOnlyList<SecurityKey> candidates;
        try
        {
            candidates = await keys.FindAsync(issuer, token.Kid ?? "", cancel);
        }
        catch (IOException)
        {
            return (null, new GatewayError(ErrorKind.Unavailable, "The signing keys of this token's issuer cannot be fetched.", RetryAfter: TimeSpan.FromSeconds(30)));
        }

        if (candidates.Count == 0)
            return Refuse("This token is signed with a key (kid) that its issuer does not publish.");
        TokenValidationResult result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = Algorithms,
            ValidIssuer = issuer.Issuer,
            ValidAudiences = issuer.Audiences,
            IssuerSigningKeys = candidates,
            TryAllIssuerSigningKeys = true,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            RequireAudience = true,

            // The library would ask the machine's clock.
            LifetimeValidator = (from, to, _, _) => Lifetime(from, to) is null,
        });
        if (!result.IsValid)
        {
            return Refuse(result.Exception switch
            {
                SecurityTokenInvalidAudienceException => "This token was made for another audience.",
                SecurityTokenInvalidLifetimeException or SecurityTokenNoExpirationException =>
                    Lifetime(Moment(token, "nbf"), Moment(token, "exp")) ?? "This token is not valid at this time.",
                _ => "This token's signature is not its issuer's.",
            });
        }

        try
        {
            using JsonDocument claims = JsonDocument.Parse(ReadableJson.Of(Base64UrlEncoder.DecodeBytes(token.EncodedPayload)));
            return Judge(claims.RootElement, issuer, token);
        }
        catch (JsonException)
        {
            return Refuse("This token is malformed.");
        }
    }

    private string? Lifetime(DateTime? from, DateTime? to)
    {
        DateTime now = time.GetUtcNow().UtcDateTime;
        return to is not { } end ? "This token has no end (exp)."
            : end <= now - Skew ? "This token has expired."
            : from > now + Skew ? "This token is not valid yet (nbf)."
            : null;
    }

    private static DateTime? Moment(JsonWebToken token, string claim) =>
        token.TryGetPayloadValue(claim, out long seconds) && seconds is > 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime : null;

    private static (JwtIdentity?, GatewayError?) Judge(JsonElement claims, JwtIssuer issuer, JsonWebToken token)
    {
        string? subject = JwtClaims.Text(claims, "sub");
        string? user = JwtClaims.Text(claims, issuer.UserClaim);
        if (string.IsNullOrEmpty(user))
            return Refuse($"This token does not name its user: it lacks the claim '{issuer.UserClaim}'.");
        (string? organisation, string? team) = (null, null);
        ManagementRole? role = null;
        foreach (JwtRule rule in issuer.Rules)
        {
            if (!JwtClaims.Holds(claims, rule))
                continue;
            if (organisation is null && rule.Organisation is not null)
                (organisation, team) = (rule.Organisation, rule.Team);
            if (rule.Role is { } given && !(given <= role))
                role = given;
        }

        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{issuer.Issuer}\n{subject ?? user}"));
        return (new JwtIdentity("jwt_" + Convert.ToHexStringLower(hash.AsSpan(0, 12)), user, organisation, team, role, token.ValidTo + Skew), null);
    }

    private static (JwtIdentity?, GatewayError?) Refuse(string why) => (null, new GatewayError(ErrorKind.Unauthenticated, why) { Code = "invalid_token" });
}

/// <summary>Who a token names, and what the rules make of that.</summary>
/// <param name="Id">A hash of issuer and subject: <c>jwt_...</c>. Safe to log.</param>
/// <param name="User">The user as the issuer's claim says.</param>
/// <param name="Organisation">Where it belongs; null for nowhere: it may ask no models.</param>
/// <param name="Team">Where it belongs.</param>
/// <param name="Role">What it may do in the management API; null for nothing.</param>
/// <param name="EndsAt">From when the token is refused.</param>
internal sealed record JwtIdentity(string Id, string User, string? Organisation, string? Team, ManagementRole? Role, DateTime EndsAt);
