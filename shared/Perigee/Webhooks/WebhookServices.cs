using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Webhooks;

/// <summary>Registers this folder.</summary>
internal static class WebhookServices
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services) => services
        .AddSingleton<WebhookSender>()
        .AddSingleton<IExchangeSink, BudgetWatch>()
        .AddHostedService(static provider => provider.GetRequiredService<WebhookSender>())
        .AddHostedService<ConditionWatch>()
        .AddSingleton<KeyWatch>()
        .AddHostedService(static provider => provider.GetRequiredService<KeyWatch>())
        .AddHostedService<StorageWatch>();
}
