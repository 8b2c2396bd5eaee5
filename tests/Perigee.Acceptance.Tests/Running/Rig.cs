using System.Collections.Concurrent;
using Perigee.TestHost;

[assembly: AssemblyFixture(typeof(Perigee.Acceptance.Tests.Running.Rig))]

namespace Perigee.Acceptance.Tests.Running;

/// <summary>What all tests share, each made when it is first asked for: the upstreams, and one gateway a host and profile.</summary>
public sealed class Rig : IAsyncDisposable
{
    private readonly Lazy<Task<Aimock>> _aimock = new(Aimock.StartAsync);
    private readonly Lazy<Task<OwnUpstream>> _own = new(OwnUpstream.StartAsync);
    private readonly ConcurrentDictionary<(HostKind, Profile), Lazy<Task<Gateway>>> _gateways = new();

    /// <summary>The upstream that we did not write.</summary>
    public Task<Aimock> AimockAsync() => _aimock.Value;

    /// <summary>The upstream in this process.</summary>
    public Task<OwnUpstream> OwnAsync() => _own.Value;

    /// <summary>The shared gateway of a host and profile: never stop or reconfigure it.</summary>
    public Task<Gateway> GatewayAsync(HostKind kind, Profile? profile = null) => _gateways.GetOrAdd(
        (kind, profile ?? Profile.Standard), key => new(() => StartAsync(key.Item1, key.Item2))).Value;

    /// <summary>A gateway of the test's own, which has to dispose of it.</summary>
    public async Task<Gateway> StartAsync(
        HostKind kind, Profile? profile = null, string? folder = null, IReadOnlyDictionary<string, string>? environment = null) =>
        await Gateway.StartAsync(kind, await ConfigAsync(profile), folder, environment);

    /// <summary>The text of perigee.json for a profile.</summary>
    public async Task<string> ConfigAsync(Profile? profile = null) =>
        (profile ?? Profile.Standard).Json((await AimockAsync()).Url, (await OwnAsync()).Url);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<Gateway>> gateway in _gateways.Values)
            await DisposeAsync(gateway);
        await DisposeAsync(_aimock);
        await DisposeAsync(_own);
    }

    private static async ValueTask DisposeAsync<T>(Lazy<Task<T>> part) where T : IAsyncDisposable
    {
        if (part.IsValueCreated && part.Value.IsCompletedSuccessfully)
            await (await part.Value).DisposeAsync();
    }
}
