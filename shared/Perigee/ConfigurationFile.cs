using System.Security.Cryptography;

namespace Perigee;

/// <summary>Where perigee.json lies: at PERIGEE_CONFIG, else in the current directory, else beside the app. No file is fine unless it was named.</summary>
/// <param name="named">The path that the operator named, or null.</param>
/// <param name="candidates">Where to look otherwise, in this order.</param>
internal sealed class ConfigurationFile(string? named, IReadOnlyList<string> candidates)
{
    // Far above any real file; a mistaken path must not fill the memory.
    private const long Largest = 4 * 1024 * 1024;

    /// <summary>As the environment and the process say.</summary>
    public static ConfigurationFile Of(Func<string, string?> environment) => new(
        environment("PERIGEE_CONFIG") is { Length: > 0 } path ? Path.GetFullPath(path) : null,
        [Path.Combine(Environment.CurrentDirectory, "perigee.json"), Path.Combine(AppContext.BaseDirectory, "perigee.json")]);

    /// <summary>What tells one state of the file from another without reading it.</summary>
    public (string? Path, long Length, DateTime Written) Stamp()
    {
        try
        {
            string? path = Find();
            FileInfo? info = path is null ? null : new(path);
            return info is { Exists: true } ? (path, info.Length, info.LastWriteTimeUtc) : (null, 0, default);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, 0, default);
        }
    }

    /// <summary>Reads the file as it is now.</summary>
    /// <exception cref="ConfigurationException">It was named but cannot be read.</exception>
    public ConfigurationContent Read()
    {
        string? path = Find();
        if (path is null)
            return ConfigurationContent.None;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > Largest })
                throw new ConfigurationException(path, [new("$", "is larger than 4 MiB; is this the right file?")]);
            byte[] bytes = File.ReadAllBytes(path);
            return new(path, bytes, Convert.ToHexString(SHA256.HashData(bytes)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "it cannot be read";
            throw new ConfigurationException(path, [new(named is null ? "$" : "PERIGEE_CONFIG", $"names {path}, but {reason}.")]);
        }
    }

    private string? Find() => named ?? candidates.FirstOrDefault(File.Exists);
}

/// <summary>The bytes of a configuration file.</summary>
/// <param name="Path">Where they were, or null where there is no file.</param>
/// <param name="Bytes">The file.</param>
/// <param name="Hash">SHA-256 of the bytes.</param>
internal sealed record ConfigurationContent(string? Path, ReadOnlyMemory<byte> Bytes, string Hash)
{
    /// <summary>There is no file: the environment alone counts.</summary>
    public static ConfigurationContent None { get; } = new(null, default, "");

    /// <summary>The name for messages.</summary>
    public string Source => Path ?? "environment, no perigee.json";
}
