namespace Microsoft.Azure.Functions.Worker;

/// <summary>Marks a method as a function. Same name and shape as Microsoft's, so that the triggers' source is the same.</summary>
/// <param name="name">The function's name.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FunctionAttribute(string name) : Attribute
{
    /// <summary>The function's name.</summary>
    public string Name { get; } = name;
}

/// <summary>Marks the request parameter of a function that HTTP starts.</summary>
/// <param name="authLevel">Which key the Functions host asks for.</param>
/// <param name="methods">The HTTP methods.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods) : Attribute
{
    /// <summary>Which key the Functions host asks for.</summary>
    public AuthorizationLevel AuthLevel { get; } = authLevel;

    /// <summary>The HTTP methods.</summary>
    public string[]? Methods { get; } = methods;

    /// <summary>The route, without a prefix; null takes the function's name.</summary>
    public string? Route { get; set; }
}

/// <summary>Which key the Functions host asks for before it lets a request through.</summary>
public enum AuthorizationLevel
{
    /// <summary>None: the gateway checks its own keys.</summary>
    Anonymous = 0,

    /// <summary>A user's token.</summary>
    User = 1,

    /// <summary>A function key.</summary>
    Function = 2,

    /// <summary>A system key.</summary>
    System = 3,

    /// <summary>The master key.</summary>
    Admin = 4,
}
