using System.Runtime.CompilerServices;
using Perigee.Providers;

namespace Perigee.Telemetry;

/// <summary>What spans and metrics say of a provider, found out once.</summary>
internal sealed class Endpoints
{
    private static readonly ConditionalWeakTable<Provider, Endpoints> Known = [];

    private Endpoints(Provider provider)
    {
        Provider = Semantics.Provider(provider.Kind, provider.Name);
        if (!provider.BuiltIn && Uri.TryCreate(provider.BaseUrl, UriKind.Absolute, out Uri? address))
            (Address, Port) = (address.Host, address.Port);
    }

    /// <summary><c>gen_ai.provider.name</c>.</summary>
    public string Provider { get; }

    /// <summary><c>server.address</c>, or null for what is built in.</summary>
    public string? Address { get; }

    /// <summary><c>server.port</c>, boxed; null with <see cref="Address"/>.</summary>
    public object? Port { get; }

    /// <summary>Of a provider.</summary>
    public static Endpoints Of(Provider provider) => Known.GetValue(provider, static provider => new Endpoints(provider));
}
