using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using Perigee.Functions;

return await Launch.RunAsync(() => Launch.IsIsolatedWorker(args) ? IsolatedWorker(args) : LocalHost.Build(args, GatewayApp.Add));

// The Functions host started this process and speaks to it over gRPC; Microsoft's packages or our stand-in answer.
static IHost IsolatedWorker(string[] args)
{
    FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    builder.Services.AddLaunch();
    GatewayApp.Add(builder.Services, builder.Configuration, GatewayApp.BehindFunctionsHost());
    return builder.Build();
}
