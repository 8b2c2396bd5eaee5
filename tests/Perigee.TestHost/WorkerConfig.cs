using System.Text.Json;

namespace Perigee.TestHost;

/// <summary>What the Functions host reads from an app's folder.</summary>
/// <param name="Executable">The program that runs the worker.</param>
/// <param name="Worker">The worker's full path.</param>
/// <param name="RoutePrefix">What stands before every route.</param>
internal sealed record WorkerConfig(string Executable, string Worker, string RoutePrefix)
{
    /// <summary>Reads worker.config.json and host.json.</summary>
    public static WorkerConfig Read(string appFolder)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(appFolder, "worker.config.json")));
        JsonElement description = config.RootElement.GetProperty("description");
        if (description.GetProperty("language").GetString() != "dotnet-isolated" || description.GetProperty("workerIndexing").GetString() != "true")
            throw new InvalidOperationException("worker.config.json does not describe a dotnet-isolated worker that indexes its functions.");
        return new WorkerConfig(
            description.GetProperty("defaultExecutablePath").GetString()!,
            Path.Combine(appFolder, description.GetProperty("defaultWorkerPath").GetString()!),
            ReadRoutePrefix(Path.Combine(appFolder, "host.json")));
    }

    private static string ReadRoutePrefix(string hostJson)
    {
        using JsonDocument host = JsonDocument.Parse(File.ReadAllText(hostJson));
        return host.RootElement.TryGetProperty("extensions", out JsonElement extensions)
            && extensions.TryGetProperty("http", out JsonElement http)
            && http.TryGetProperty("routePrefix", out JsonElement prefix)
            ? prefix.GetString()!
            : "api";
    }
}
