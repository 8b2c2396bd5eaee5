using System.Text.Json;
using Perigee.Providers;

namespace Perigee.Cli;

/// <summary><c>perigee config check</c>: what the gateway would say of a perigee.json at its start, without starting one.</summary>
internal static class ConfigCheck
{
    /// <summary>Checks a file.</summary>
    /// <returns>0 where it can be used, 1 where not.</returns>
    public static async Task<int> RunAsync(
        string file, Func<string, string?> environment, bool json, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        byte[] content;
        try
        {
            content = await File.ReadAllBytesAsync(file, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            await errors.WriteLineAsync($"{file} cannot be read: {e.Message}");
            return 1;
        }

        IReadOnlyList<ConfigurationFault> faults = [];
        try
        {
            new ConfigurationReader(ProviderRows.Shipped, environment).Read(content, file);
        }
        catch (ConfigurationException refused)
        {
            faults = refused.Faults;
        }

        if (json)
        {
            using MemoryStream text = new();
            await using (Utf8JsonWriter writer = new(text, new JsonWriterOptions { Indented = true }))
            {
                writer.WriteStartObject();
                writer.WriteBoolean("good"u8, faults.Count == 0);
                writer.WriteStartArray("faults"u8);
                foreach (ConfigurationFault fault in faults)
                {
                    writer.WriteStartObject();
                    writer.WriteString("path"u8, fault.Path);
                    writer.WriteString("message"u8, fault.Message);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            await output.WriteLineAsync(System.Text.Encoding.UTF8.GetString(text.ToArray()));
        }
        else if (faults.Count == 0)
        {
            await output.WriteLineAsync($"{file} is good.");
        }
        else
        {
            await errors.WriteLineAsync($"{file} has {(faults.Count == 1 ? "a fault" : $"{faults.Count} faults")}:");
            foreach (ConfigurationFault fault in faults)
                await errors.WriteLineAsync($"  {fault}");
        }

        return faults.Count == 0 ? 0 : 1;
    }
}
