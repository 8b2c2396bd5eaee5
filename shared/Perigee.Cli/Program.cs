namespace Perigee.Cli;

/// <summary>The process.</summary>
internal static class Program
{
    /// <summary>Runs the command line.</summary>
    public static async Task<int> Main(string[] args)
    {
        using Api api = new(Environment.GetEnvironmentVariable);
        return await new Commands(api, Environment.GetEnvironmentVariable).RunAsync(args, Console.Out, Console.Error);
    }
}
