using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Perigee.Functions;
using Perigee.TestHost.App;

return await Launch.RunAsync(() => Launch.IsIsolatedWorker(args) ? IsolatedWorker(args) : LocalHost.Build(args, (services, _, _) => Add(services)));

static IHost IsolatedWorker(string[] args)
{
    FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    builder.Services.AddLaunch();
    Add(builder.Services);
    return builder.Build();
}

static void Add(IServiceCollection services) => services.AddSingleton<ProbeState>().AddHostedService<SlowFlush>();
