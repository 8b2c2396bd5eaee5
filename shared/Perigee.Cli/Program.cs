using Perigee.Cli;

using Api api = new(Environment.GetEnvironmentVariable);
return await new Commands(api, Environment.GetEnvironmentVariable).RunAsync(args, Console.Out, Console.Error);
