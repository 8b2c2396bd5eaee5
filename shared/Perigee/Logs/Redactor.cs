using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Perigee.Logs.Redacting;

namespace Perigee.Logs;

/// <summary>
/// Takes secrets and what is personal out of texts that others wrote. Linear in the text, safe for use by many threads. Follows the
/// configuration: a provider's new key is known with the first text after the change.
/// </summary>
internal sealed class Redactor : ITextRedactor
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Mark = "[redacted]";

    [ThreadStatic]
    private static RedactionScan? _scan;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _output;

    private readonly string[] _beginnings;
    private readonly string[] _always;
    private readonly IGatewayOptions? _options;
    private readonly bool _secretsOnly;
    private GatewayOptions? _seen;
    private volatile RedactionRules _rules;

    /// <summary>Takes the beginnings of the providers' keys.</summary>
    /// <param name="beginnings">How the providers' keys begin.</param>
    /// <param name="options">The configuration: keys in use, and what is taken out besides secrets. Null takes out everything.</param>
    /// <param name="always">Other secrets that are in use: the admin key, the storage's.</param>
    /// <param name="secretsOnly">Leaves everything else.</param>
    public Redactor(IEnumerable<string> beginnings, IGatewayOptions? options = null, IEnumerable<string>? always = null, bool secretsOnly = false)
    {
        (_beginnings, _options, _always, _secretsOnly) = ([.. beginnings], options, [.. always ?? []], secretsOnly);
        _rules = Make(options?.Current);
    }

    /// <summary>Keys that are in use besides those of the configuration. For tests.</summary>
    public IReadOnlyList<string> KnownKeys
    {
        get;
        set
        {
            field = value;
            _rules = Make(_seen);
            Version++;
        }
    } = [];

    /// <summary>Changes whenever what is taken out does.</summary>
    public int Version { get; private set; }

    /// <summary>What is taken out at present.</summary>
    public RedactionRules Rules
    {
        get
        {
            if (_options is { } options && !ReferenceEquals(options.Current, _seen))
                Follow(options.Current);
            return _rules;
        }
    }

    /// <summary>The same for secrets alone: who did what is kept as it is.</summary>
    public Redactor SecretsOnly => field ??= new(_beginnings, _options, _always, secretsOnly: true);

    /// <summary>The text without what must go: the same string where there is nothing.</summary>
    public string Redact(string text)
    {
        if (text.Length == 0)
            return text;
        RedactionRules rules = Rules;
        string clean = Scan(text, rules);
        foreach (OwnPattern pattern in rules.Patterns)
            clean = Replace(clean, pattern);
        return clean;
    }

    /// <summary>As <see cref="Redact(string)"/>, on UTF-8: the same memory where there is nothing.</summary>
    public ReadOnlyMemory<byte> Redact(ReadOnlyMemory<byte> text)
    {
        RedactionRules rules = Rules;
        RedactionScan scan = _scan ??= new RedactionScan();
        ArrayBufferWriter<byte> output = _output ??= new ArrayBufferWriter<byte>(4096);
        output.ResetWrittenCount();
        scan.Begin(rules);
        scan.Add(text.Span, output);
        scan.End(output);
        ReadOnlyMemory<byte> clean = scan.Found ? output.WrittenSpan.ToArray() : text;
        foreach (OwnPattern pattern in rules.Patterns)
        {
            string before = Encoding.UTF8.GetString(clean.Span), after = Replace(before, pattern);
            if (!ReferenceEquals(before, after))
                clean = Encoding.UTF8.GetBytes(after);
        }

        return clean;
    }

    /// <summary>Whether the value of a member of this name is a secret whatever it looks like.</summary>
    public static bool IsSecretName(string name) => SecretNames.IsSecret(Encoding.UTF8.GetBytes(name), out bool always) && always;

    /// <summary>The text without what a pattern finds; without anything where it cannot be told in time.</summary>
    internal static string Replace(string text, OwnPattern pattern)
    {
        try
        {
            return pattern.Regex.IsMatch(text) ? pattern.Regex.Replace(text, $"[{pattern.Name}]") : text;
        }
        catch (RegexMatchTimeoutException)
        {
            return Mark;
        }
    }

    private static string Scan(string text, RedactionRules rules)
    {
        RedactionScan scan = _scan ??= new RedactionScan();
        ArrayBufferWriter<byte> output = _output ??= new ArrayBufferWriter<byte>(4096);
        output.ResetWrittenCount();
        scan.Begin(rules);
        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            scan.Add(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)), output);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        scan.End(output);
        return scan.Found ? Encoding.UTF8.GetString(output.WrittenSpan) : text;
    }

    private void Follow(GatewayOptions options)
    {
        lock (_beginnings)
        {
            if (ReferenceEquals(options, _seen))
                return;
            _rules = Make(options);
            Version++;
            _seen = options;
        }
    }

    private RedactionRules Make(GatewayOptions? options) => new(
        new SecretRules(_beginnings, [.. options?.Providers.Values.Select(static provider => provider.Key).OfType<string>() ?? [], .. _always, .. KnownKeys]),
        _secretsOnly ? new() { Email = false, Phone = false, Card = false, Iban = false, Ip = false } : options?.Logs.Redaction ?? new());
}
