using Perigee.Storage;

namespace Perigee.Logs.Shipping;

/// <summary>Where on this machine it is noted how many records were taken.</summary>
/// <param name="path">The folder; null for the machine's temporary one.</param>
internal sealed class LogFolder(string? path = null)
{
    /// <summary>The note of one stream.</summary>
    public TakenFile Taken(IStorage storage, GatewayHost host, string stream) => new(storage.Location, host.Instance, stream, path);
}
