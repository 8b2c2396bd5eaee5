using System.Text.RegularExpressions;

namespace Perigee;

/// <summary>Reads <c>logs</c> in perigee.json.</summary>
/// <param name="number">Reads a number that a variable may override: section, member, variable, least, most.</param>
/// <param name="flag">Reads a flag that a variable may override: section, member, variable.</param>
internal sealed class ConfigurationLogs(
    Func<ConfigurationSection, string, string, long, long, long?> number, Func<ConfigurationSection, string, string, bool?> flag)
{
    // The end of a body that is cut is left out: of less than this nothing might be kept.
    private const int LeastBodyBytes = 4096;

    private const int MostPatterns = 32;
    private const int LongestPattern = 1000;
    private const int MostHeaders = 32;

    // One text may take no longer: with linear time only a fault of the engine's could.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly string[] SecretWords =
        ["auth", "cookie", "key", "token", "secret", "password", "credential", "signature", "session", "principal", "assertion", "certificate", "client-cert", "code"];

    /// <summary>Reads the section.</summary>
    public LogOptions Read(ConfigurationSection section)
    {
        LogOptions usual = new();
        LogOptions logs = new()
        {
            Enabled = flag(section, "enabled", "PERIGEE_LOGS") ?? usual.Enabled,
            FlushAfter = Seconds(number(section, "flushSeconds", "PERIGEE_LOG_FLUSH_SECONDS", 1, 3600)) ?? usual.FlushAfter,
            BusyFlushAfter = Seconds(section.Number("busyFlushSeconds", 1, 3600)) ?? usual.BusyFlushAfter,
            BusyRecords = (int?)section.Number("busyRecords", 1, 1_000_000) ?? usual.BusyRecords,
            FlushBytes = (int?)section.Number("flushBytes", 1024, 64 << 20) ?? usual.FlushBytes,
            MemoryBytes = (int?)section.Number("memoryBytes", 1 << 20, 1 << 30) ?? usual.MemoryBytes,
            Bodies = section.Fraction("bodies", 0, 100) ?? usual.Bodies,
            BodyBytes = (int?)section.Number("bodyBytes", LeastBodyBytes, 8 << 20) ?? usual.BodyBytes,
            Headers = Headers(section),
            Redaction = Redaction(section.Section("redaction")),
        };
        section.Close();
        return logs;
    }

    private static List<string> Headers(ConfigurationSection section)
    {
        if (section.List("headers") is not { } names)
            return [];
        if (names.Count > MostHeaders)
            section.Fault("headers", $"names more than {MostHeaders} headers.");
        List<string> headers = [];
        foreach (string name in names)
        {
            string lower = name.ToLowerInvariant();
            if (lower.Length is 0 or > 64 || !lower.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_'))
                section.Fault("headers", $"holds '{Shown(name)}', which is no header's name.");
            else if (SecretWords.FirstOrDefault(word => lower.Contains(word, StringComparison.Ordinal)) is { } word)
                section.Fault("headers", $"names '{lower}', which may hold a credential ('{word}'): such headers are never logged.");
            else if (!headers.Contains(lower))
                headers.Add(lower);
        }

        return headers;
    }

    private static RedactionOptions Redaction(ConfigurationSection section)
    {
        RedactionOptions redaction = new()
        {
            Email = section.Flag("email") ?? true,
            Phone = section.Flag("phone") ?? true,
            Card = section.Flag("card") ?? true,
            Iban = section.Flag("iban") ?? true,
            Ip = section.Flag("ip") ?? true,
            Errors = section.Flag("errors") ?? true,
            Patterns = Patterns(section.Section("patterns")),
        };
        section.Close();
        return redaction;
    }

    private static List<OwnPattern> Patterns(ConfigurationSection section)
    {
        List<OwnPattern> patterns = [];
        foreach ((string name, string pattern) in section.Texts())
        {
            if (name.Length is 0 or > 32 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
                section.Fault(name, "is no usable name: 1 to 32 letters, digits, - and _ are allowed.");
            else if (pattern.Length > LongestPattern)
                section.Fault(name, $"is longer than {LongestPattern} characters.");
            else if (patterns.Count == MostPatterns)
                section.Fault(name, $"is one pattern too many: at most {MostPatterns}.");
            else if (Compile(pattern, out string fault) is { } regex)
                patterns.Add(new(name, regex));
            else
                section.Fault(name, fault);
        }

        return patterns;
    }

    private static Regex? Compile(string pattern, out string fault)
    {
        try
        {
            Regex regex = new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Patience);
            fault = "finds the empty text, and so itself everywhere.";
            return regex.IsMatch("") ? null : regex;
        }
        catch (NotSupportedException)
        {
            fault = "looks around, refers back or uses another construct that needs backtracking, which is not taken: it could stand still on a text.";
        }
        catch (ArgumentException error)
        {
            fault = $"is no regular expression: {error.Message}";
        }

        return null;
    }

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "...";

    private static TimeSpan? Seconds(long? seconds) => seconds is { } value ? TimeSpan.FromSeconds(value) : null;
}
