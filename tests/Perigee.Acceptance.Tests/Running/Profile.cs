using System.Globalization;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>What a gateway under test is configured with.</summary>
public sealed record Profile
{
    /// <summary>Patient: for most tests.</summary>
    public static Profile Standard { get; } = new();

    /// <summary>With little patience and small limits: for the tests that run into them.</summary>
    public static Profile Tight { get; } = new() { IdleSeconds = 1, BodyBytes = 4096, UploadBytes = 65536 };

    /// <summary>timeouts.idleSeconds.</summary>
    public int IdleSeconds { get; init; } = 60;

    /// <summary>limits.bodyBytes.</summary>
    public long BodyBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>limits.uploadBytes.</summary>
    public long UploadBytes { get; init; } = 512 * 1024 * 1024;

    /// <summary>
    /// The text of perigee.json. Providers <c>openai</c>, <c>anthropic</c> and <c>gemini</c> are aimock in three dialects; <c>own</c>,
    /// <c>own-anthropic</c> and <c>own-gemini</c> the upstream in the test process.
    /// </summary>
    public string Json(string aimock, string own) => string.Create(CultureInfo.InvariantCulture, $$"""
        {
          // Comments are allowed.
          "providers": {
            "openai": { "baseUrl": "{{aimock}}/v1", "network": "loopback" },
            "own": { "kind": "custom", "baseUrl": "{{own}}/v1", "network": "loopback", "keyVariable": "OWN_API_KEY" },
            "anthropic": { "baseUrl": "{{aimock}}/v1", "network": "loopback", "keyVariable": "OWN_API_KEY" },
            "gemini": { "baseUrl": "{{aimock}}/v1beta", "network": "loopback", "keyVariable": "OWN_API_KEY" },
            "own-anthropic": { "kind": "anthropic", "baseUrl": "{{own}}/v1", "network": "loopback", "keyVariable": "OWN_API_KEY", "models": ["verbatim-anthropic"] },
            "own-gemini": { "kind": "gemini", "baseUrl": "{{own}}/v1beta", "network": "loopback", "keyVariable": "OWN_API_KEY", "models": ["verbatim-gemini"] },
            "own-details": { "kind": "openrouter", "baseUrl": "{{own}}/v1", "network": "loopback", "keyVariable": "OWN_API_KEY" },
            "nobody": { "kind": "custom", "baseUrl": "http://127.0.0.1:1/v1", "network": "loopback" },
            // The name of this machine: a public name by its spelling, a private or loopback address once it is resolved.
            "inward": { "kind": "custom", "baseUrl": "https://{{System.Net.Dns.GetHostName()}}:8443/v1" },
          },
          "aliases": { "fast": "openai/gpt-4o-mini", "brisk-claude": "own-anthropic/claude-by-alias", "brisk-gemini": "own-gemini/gemini-by-alias" },
          "limits": { "bodyBytes": {{BodyBytes}}, "uploadBytes": {{UploadBytes}} },
          "timeouts": { "connectSeconds": 5, "idleSeconds": {{IdleSeconds}} },
          "logs": { "flushSeconds": 1 },
        }
        """);
}
