using Perigee.Cli;
using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Cli;

/// <summary>Runs the command <c>perigee</c> in this process against a gateway in this process.</summary>
internal static class Commanding
{
    /// <summary>Runs a command line; the admin key must not be in what it says.</summary>
    /// <param name="gateway">The gateway, or null for none.</param>
    /// <param name="exit">The exit code that is due.</param>
    /// <param name="args">The command line.</param>
    /// <returns>What it said, errors last.</returns>
    public static async Task<string> RunAsync(Instance? gateway, int exit, params string[] args)
    {
        using StringWriter output = new(), errors = new();
        int code = await StartAsync(gateway, output, errors, args);
        string said = output.ToString() + errors;
        Assert.True(code == exit, $"{string.Join(' ', args)}: {code} {said}");
        Assert.DoesNotContain(Instance.AdminKey, said, StringComparison.Ordinal);
        return said;
    }

    /// <summary>Starts a command line that goes on until the gateway ends it.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> StartAsync(Instance? gateway, TextWriter output, TextWriter errors, params string[] args)
    {
        Func<string, string?> environment = name => name switch
        {
            "PERIGEE_URL" => gateway?.Http.BaseAddress!.ToString(),
            "PERIGEE_ADMIN_KEY" => Instance.AdminKey,
            _ => null,
        };
        using Api api = new(environment);
        return await new Commands(api, environment).RunAsync(args, output, errors);
    }

    /// <summary>Takes what is said on one thread and shows it on another.</summary>
    internal sealed class Lines : StringWriter
    {
        private readonly Lock _gate = new();

        public override void WriteLine(string? value)
        {
            lock (_gate)
                base.WriteLine(value);
        }

        public override string ToString()
        {
            lock (_gate)
                return base.ToString();
        }
    }
}
