using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perigee.Functions;
using Perigee.TestHost.App;

return await Launch.RunAsync(() => Launch.IsIsolatedWorker(args) ? IsolatedWorker(args) : LocalHost.Build(args, (services, _, _) => services.AddSingleton<ProbeState>()));

static IHost IsolatedWorker(string[] args)
{
    FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    builder.Services.AddLaunch();
    builder.Services.AddSingleton<ProbeState>();
    return builder.Build();
}
