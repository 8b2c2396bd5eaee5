using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Perigee.Callers;

/// <summary>Makes a policy that cannot be stop the start, and says where nobody could get in.</summary>
internal sealed partial class StartNotice(CallerPolicy policy, ILogger<StartNotice> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!policy.IsOpen && !policy.HasAdminKey)
            LogClosed(log);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no admin key, so no further callers' keys can be made: set PERIGEE_ADMIN_KEY.")]
    private static partial void LogClosed(ILogger log);
}
