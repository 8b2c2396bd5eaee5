namespace Perigee.Front;

/// <summary>Writes a <see cref="GatewayError"/> to the client.</summary>
internal static class Refusal
{
    public static ValueTask WriteAsync(Exchange exchange, GatewayError error) => ValueTask.CompletedTask;
}
