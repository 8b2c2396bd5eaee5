using System.Reflection;

namespace Perigee.TestHost;

/// <summary>The programs that the build made for the tests to run.</summary>
public static class BuiltApp
{
    /// <summary>The gateway's Function app.</summary>
    public static string Gateway { get; } = FolderOf("Perigee.Functions");

    /// <summary>The test app: triggers that fail, stall and tell what they see.</summary>
    public static string TestApp { get; } = FolderOf("Perigee.TestHost.App");

    private static string FolderOf(string name)
    {
        string? dll = typeof(BuiltApp).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == name)?.Value;
        return Path.GetDirectoryName(dll) ?? throw new InvalidOperationException($"The build did not note where {name} lies.");
    }
}
