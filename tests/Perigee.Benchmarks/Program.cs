using Perigee.Benchmarks.Dialects;
using Perigee.Benchmarks.Limits;
using Perigee.Benchmarks.Load;
using Perigee.Benchmarks.Logging;
using Perigee.Benchmarks.Outages;
using Perigee.Benchmarks.Semantic;
using Perigee.Benchmarks.Steps;

return args switch
{
    ["upstream", string url] => await Peers.RunUpstreamAsync(url),
    ["yarp", string url, string upstream] => await Peers.RunYarpAsync(url, upstream),
    ["steps", .. string[] rest] => StepBenchmarks.Run(rest),
    ["dialects", .. string[] rest] => DialectTable.Run(rest),
    ["load", .. string[] rest] => await LoadRun.RunAsync(rest),
    ["logs-cost", .. string[] rest] => await LogsCost.RunAsync(rest),
    ["log-load", .. string[] rest] => await LogLoad.RunAsync(rest),
    ["hedge", .. string[] rest] => await HedgeTable.RunAsync(rest),
    ["soak", .. string[] rest] => await LongSoak.RunAsync(rest),
    ["semantic", .. string[] rest] => await SemanticRun.RunAsync(rest),
    ["semantic-speed", .. string[] rest] => SemanticSpeed.Run(rest),
    ["limits", .. string[] rest] => LimitsTable.Run(rest),
    ["limits-processes", .. string[] rest] => await LimitProcessesTable.RunAsync(rest),
    ["limits-speed", .. string[] rest] => LimitsSpeed.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("dotnet run -c Release --project tests/Perigee.Benchmarks -- steps | dialects | load [--seconds N] [--rounds N] | logs-cost [--seconds N] [--rounds N] | log-load [--seconds N] [--rate N] [--seeds N] [--first N] [--kill] [--faulty-stop] | hedge | soak [--minutes N] | semantic [--pairs FILE]... | semantic-speed | limits [--seeds N] | limits-processes [--seeds N] [--first N] [--minutes-only | --seconds-only] | limits-speed");
    return 2;
}
