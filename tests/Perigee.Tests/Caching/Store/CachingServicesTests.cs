using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perigee.Caching;
using Perigee.Caching.Store;
using Perigee.Storage;

namespace Perigee.Tests.Caching.Store;

public sealed class CachingServicesTests
{
    [Fact]
    public async Task Parts_are_made_once_and_share_one_cache()
    {
        using CacheRig rig = new();
        ServiceCollection services = new();
        services.AddLogging().AddSingleton<IStorage>(rig.Storage).AddSingleton<IGatewayOptions>(rig).AddSingleton<TimeProvider>(rig.Time);
        services.AddSingleton(new Random(1)).AddSingleton(Meaning.Nobody);
        services.AddSingleton(new GatewayHost { Mode = "local", Instance = "01234567" }).AddCaching();
        await using ServiceProvider provider = services.BuildServiceProvider();
        AnswerCache cache = provider.GetRequiredService<AnswerCache>();
        IHostedService[] hosted = [.. provider.GetServices<IHostedService>()];
        Assert.Contains(cache, hosted);
        Assert.Single(hosted.OfType<CacheUpkeep>());
        Assert.Same(cache.Counts, provider.GetRequiredService<CacheCounts>());
        Assert.Equal("01234567", cache.Instance);
        Assert.NotNull(provider.GetRequiredService<CacheEndpoints>());
    }
}
