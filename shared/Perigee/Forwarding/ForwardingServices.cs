using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Forwarding;

/// <summary>Registers this folder.</summary>
internal static class ForwardingServices
{
    public static IServiceCollection AddForwarding(this IServiceCollection services) =>
        services.AddSingleton<DemoProvider>().AddSingleton<Upstreams>().AddSingleton<MediaFetcher>().AddSingleton<Translator>()
            .AddSingleton<TryTools>().AddSingleton<Retries>().AddSingleton<Hedges>();
}
