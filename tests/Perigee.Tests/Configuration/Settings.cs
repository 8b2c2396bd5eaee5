using System.Text;
using Perigee.Providers;

namespace Perigee.Tests.Configuration;

/// <summary>Reads configurations with an environment of the test's own.</summary>
internal static class Settings
{
    public static ConfigurationReader Reader(params (string Name, string Value)[] environment)
    {
        Dictionary<string, string> variables = environment.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        return new(ProviderRows.Shipped, name => variables.GetValueOrDefault(name));
    }

    public static GatewayOptions Read(string json, params (string Name, string Value)[] environment) =>
        Reader(environment).Read(Encoding.UTF8.GetBytes(json), "perigee.json");

    /// <summary>The faults as "path: message" lines.</summary>
    public static string[] Faults(string json, params (string Name, string Value)[] environment) =>
        [.. Assert.Throws<ConfigurationException>(() => Read(json, environment)).Faults.Select(fault => fault.ToString())];
}
