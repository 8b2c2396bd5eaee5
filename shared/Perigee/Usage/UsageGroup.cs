using System.Text;
using Perigee.Logs;

namespace Perigee.Usage;

/// <summary>One value of each dimension; an empty text for none. Equal by its values.</summary>
internal sealed class UsageGroup : IEquatable<UsageGroup>
{
    /// <summary>The value of groups that were too many to be told apart.</summary>
    public const string Other = "(other)";

    /// <summary>The longest value, in UTF-16 units.</summary>
    public const int LongestValue = 256;

    private readonly string[] _values;
    private readonly int _hash;

    /// <summary>Takes the values in the order of <see cref="UsageDimension"/>; what is missing at the end is none.</summary>
    public UsageGroup(params ReadOnlySpan<string> values)
    {
        _values = new string[UsageDimensions.Held];
        Array.Fill(_values, "");
        values[..Math.Min(values.Length, _values.Length)].CopyTo(_values);
        HashCode hash = default;
        foreach (string value in _values)
            hash.Add(value, StringComparer.Ordinal);
        _hash = hash.ToHashCode();
    }

    /// <summary>The group of what is too much for an instance to tell apart.</summary>
    public static UsageGroup OtherOf(string region)
    {
        string[] values = new string[UsageDimensions.Held];
        Array.Fill(values, Other);
        values[(int)UsageDimension.Region] = region;
        return new UsageGroup(values);
    }

    /// <summary>The value of a dimension.</summary>
    public string this[UsageDimension dimension] => dimension == UsageDimension.StatusClass ? ClassOf(_values[(int)UsageDimension.Status]) : _values[(int)dimension];

    /// <summary>The group of an exchange. What others chose is without keys, cut and valid Unicode: it is stored and shown.</summary>
    public static UsageGroup Of(in UsageKey key, string region, Redactor redactor)
    {
        string model = Clean(redactor.Redact(key.Model ?? ""));
        return new UsageGroup(
            Clean(key.Organisation ?? ""), Clean(key.Team ?? ""), Clean(key.Key ?? ""), model, ProviderOf(model), region,
            StatusText(key.Status), key.Cache.Length == 0 ? "off" : key.Cache.ToLowerInvariant(), key.Dialect, key.Operation, key.Purpose ?? "");
    }

    /// <summary>The provider of a model's name.</summary>
    public static string ProviderOf(string model) => model.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash ? model[..slash] : model;

    /// <summary>A status as a value.</summary>
    public static string StatusText(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A value that can be stored and shown.</summary>
    public static string Clean(string value)
    {
        if (value.Length > LongestValue)
            value = value[..LongestValue];
        return value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value)) : value;
    }

    /// <inheritdoc/>
    public bool Equals(UsageGroup? other) => other is not null && other._hash == _hash && other._values.AsSpan().SequenceEqual(_values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as UsageGroup);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _values.Where(static value => value.Length > 0));

    private static string ClassOf(string status) => status.Length == 3 && char.IsAsciiDigit(status[0]) ? $"{status[0]}xx" : status;
}

/// <summary>What an exchange is found by while requests run: references to texts that are there already, none of them made.</summary>
internal readonly record struct UsageKey(
    string? Organisation, string? Team, string? Key, string? Model, int Status, string Cache, string Dialect, string Operation, string? Purpose)
{
    // A name this long is no model's: what a client sends must not be held in memory.
    private const int LongestModel = 1024;

    /// <summary>The key of an exchange.</summary>
    public static UsageKey Of(ExchangeRecord record)
    {
        string? model = record.Served?.Name ?? (record.Attempts.Count > 0 ? record.Attempts[^1].Target.Name : null);
        return new UsageKey(
            record.Organisation, record.Team, record.KeyId, ForeignText.Cut(model, LongestModel),
            record.Status, record.Cache, record.Dialect, record.Operation, record.Purpose);
    }
}
