using System.Collections.Concurrent;

namespace Perigee.Telemetry;

/// <summary>
/// Which names of models metrics may say. A name that a client made up must not make a series: only those of the catalogue and of the
/// configuration are said, and of what a provider has really served a bounded number.
/// </summary>
internal sealed class MetricModels
{
    /// <summary>What stands for all other names.</summary>
    public const string Other = "_OTHER";

    private const int MostServed = 500;
    private const int LongestName = 128;

    private readonly ConcurrentDictionary<string, bool> _served = new(StringComparer.Ordinal);

    /// <summary>The name to say of the model that a call asks for.</summary>
    /// <param name="target">The target.</param>
    /// <param name="answered">Whether it gave an answer.</param>
    public string Asked(Target target, bool answered) =>
        target.Known is not null || (answered ? Take(target.Model) : _served.ContainsKey(target.Model)) ? target.Model : Other;

    /// <summary>The name to say of the model that an answer names, or null for none.</summary>
    public string? Answered(string? model) => model is not null && Take(model) ? model : null;

    private bool Take(string model)
    {
        if (_served.ContainsKey(model))
            return true;
        if (model.Length > LongestName || _served.Count >= MostServed)
            return false;
        foreach (char c in model)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-' or ':' or '/' or '@' or '+' or '~'))
                return false;
        }

        _served.TryAdd(model, true);
        return true;
    }
}
