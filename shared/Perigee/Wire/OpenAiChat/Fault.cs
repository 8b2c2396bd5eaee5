namespace Perigee.Wire.OpenAiChat;

/// <summary>What is wrong with a body, by the path of the member.</summary>
internal static class Fault
{
    /// <summary>A member that is wrong or missing.</summary>
    /// <param name="field">Its path, as the client wrote it.</param>
    /// <param name="what">What it must be, going on from its name.</param>
    public static GatewayError At(string field, string what) => new(ErrorKind.BadRequest, $"'{field}' {what}.", field)
    {
        Code = what.StartsWith("is required", StringComparison.Ordinal) ? "missing_required_parameter" : "invalid_type",
    };
}
