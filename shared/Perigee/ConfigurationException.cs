namespace Perigee;

/// <summary>One thing that is wrong with the configuration.</summary>
/// <param name="Path">The member in perigee.json (<c>providers.my-vllm.baseUrl</c>), <c>$</c> for the whole file, or the environment variable.</param>
/// <param name="Message">What is wrong and what to do. Never repeats a value: it could be a secret.</param>
public sealed record ConfigurationFault(string Path, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Message}";
}

/// <summary>The configuration cannot be used. Names every fault, so that one round of repair is enough.</summary>
public sealed class ConfigurationException(string source, IReadOnlyList<ConfigurationFault> faults)
    : Exception(Describe(source, faults))
{
    /// <summary>One fault of the environment, where the message names the variable.</summary>
    public ConfigurationException(string message) : this("environment", [new ConfigurationFault("environment", message)])
    {
    }

    /// <summary>Every fault, in the order of the file.</summary>
    public IReadOnlyList<ConfigurationFault> Faults { get; } = faults;

    private static string Describe(string source, IReadOnlyList<ConfigurationFault> faults) =>
        $"The configuration ({source}) has {(faults.Count == 1 ? "a fault" : $"{faults.Count} faults")}:"
        + string.Concat(faults.Select(fault => $"{Environment.NewLine}  {fault}"));
}
