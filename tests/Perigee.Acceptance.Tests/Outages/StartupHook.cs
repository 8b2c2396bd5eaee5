using System.Diagnostics.CodeAnalysis;
using System.Globalization;

#pragma warning disable CA1050 // The runtime looks for this name in no namespace.

/// <summary>
/// Runs inside a gateway under test (DOTNET_STARTUP_HOOKS names this assembly) and sees what no look from outside can: the live heap after
/// a full collection, and exceptions of tasks that nobody asked for.
/// </summary>
[SuppressMessage("Performance", "CA1812", Justification = "The runtime makes it.")]
internal static class StartupHook
{
    /// <summary>The variable that names the file to write.</summary>
    public const string FileVariable = "PERIGEE_TEST_INSIDE";

    /// <summary>The variable that says how often, in seconds.</summary>
    public const string SecondsVariable = "PERIGEE_TEST_INSIDE_SECONDS";

    private static int s_unobserved;

    /// <summary>What the runtime calls before the program begins.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(FileVariable) is not { Length: > 0 } file)
            return;
        TaskScheduler.UnobservedTaskException += (_, fault) =>
        {
            Interlocked.Increment(ref s_unobserved);
            Console.Error.WriteLine("unobserved: " + fault.Exception);
        };
        double seconds = double.Parse(Environment.GetEnvironmentVariable(SecondsVariable) ?? "5", CultureInfo.InvariantCulture);
        new Thread(() => Look(file, TimeSpan.FromSeconds(seconds))) { IsBackground = true, Name = "inside" }.Start();
    }

    // Live bytes are known after a full collection only, and lost exceptions after finalizers only.
    private static void Look(string file, TimeSpan every)
    {
        while (true)
        {
            Thread.Sleep(every);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            string line = string.Create(CultureInfo.InvariantCulture, $"{GC.GetTotalMemory(forceFullCollection: false)} {Volatile.Read(ref s_unobserved)}");
            File.AppendAllText(file, line + "\n");
        }
    }
}
