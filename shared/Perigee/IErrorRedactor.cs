namespace Perigee;

/// <summary>
/// Takes out of what a client is told of a failure whatever may not be written: a provider's error quotes what it was sent, keys among it, and
/// ends in logs and screens that nobody thought of. Secrets always go; what is personal by the rules of the logs, unless that is switched off.
/// </summary>
internal interface IErrorRedactor
{
    /// <summary>The error as it may be told: the same where there is nothing to take out.</summary>
    GatewayError Clean(GatewayError error);

    /// <summary>The same for secrets alone: who manages the gateway is told what was sent.</summary>
    GatewayError CleanSecrets(GatewayError error);

    /// <summary>A text as it may be told: the same string where there is nothing to take out.</summary>
    string Clean(string text);

    /// <summary>
    /// A body as it may be told: the same memory where there is nothing to take out. What was JSON is JSON afterwards, what was not may be
    /// anything.
    /// </summary>
    ReadOnlyMemory<byte> Clean(ReadOnlyMemory<byte> body);
}
