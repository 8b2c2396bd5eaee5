namespace Perigee;

/// <summary>The configuration cannot be used: the program must not start with it. Says all faults at once.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> faults)
    : Exception(faults.Count == 1 ? faults[0] : string.Join(Environment.NewLine, faults.Select(static fault => "- " + fault)))
{
    /// <summary>A configuration with one fault.</summary>
    public ConfigurationException(string fault) : this([fault])
    {
    }

    /// <summary>Each fault with the setting that it is about. Never holds a secret.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
