using System.Text.Json;

namespace Perigee.Usage;

/// <summary>By what usage is told apart. New ones are added at the end: rows hold them in this order.</summary>
internal enum UsageDimension
{
    /// <summary>The caller's organisation.</summary>
    Organisation,

    /// <summary>The caller's team.</summary>
    Team,

    /// <summary>The caller's key.</summary>
    Key,

    /// <summary>What answered, as provider/model; where nothing did, what was tried last.</summary>
    Model,

    /// <summary>The provider of that model.</summary>
    Provider,

    /// <summary>The region of the instance.</summary>
    Region,

    /// <summary>The HTTP status that the client got.</summary>
    Status,

    /// <summary>What the cache did.</summary>
    Cache,

    /// <summary>The dialect that the client spoke.</summary>
    Dialect,

    /// <summary>What was asked for.</summary>
    Operation,

    /// <summary>What for, where the gateway itself asked; none where a client did.</summary>
    Purpose,

    /// <summary>The status by its first digit, as <c>4xx</c>. Derived: rows do not hold it.</summary>
    StatusClass,
}

/// <summary>The dimensions' names in queries, answers and headings.</summary>
internal static class UsageDimensions
{
    /// <summary>What a query may say for <c>organisation</c>; answers do not.</summary>
    public const string Short = "org";

    /// <summary>How many a group holds; those behind are derived.</summary>
    public const int Held = (int)UsageDimension.StatusClass;

    private static readonly string[] Names = [.. Enum.GetNames<UsageDimension>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All => Names;

    /// <summary>The name of one.</summary>
    public static string NameOf(UsageDimension dimension) => Names[(int)dimension];

    /// <summary>The one of a name, or null.</summary>
    public static UsageDimension? Find(string name) => name == Short ? UsageDimension.Organisation : Array.IndexOf(Names, name) is >= 0 and var place ? (UsageDimension)place : null;
}
