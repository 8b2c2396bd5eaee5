using System.IO.Compression;
using System.Text.Json;

namespace Perigee.Tests;

/// <summary>Recorded provider traffic beside the checkout: there on the project's own machines, not in a stranger's clone.</summary>
internal static class Corpus
{
    public const string Absent = "The recorded corpus lies beside the project's own checkouts only.";

    private static readonly string Folder = Repository.Path("..", "shared", "corpus");

    public static bool IsHere => Directory.Exists(Folder);

    public static IEnumerable<JsonElement> Exchanges(Func<JsonElement, bool> wanted)
    {
        foreach (string file in Directory.EnumerateFiles(Folder, "*.jsonl.gz").Order(StringComparer.Ordinal))
        {
            using StreamReader lines = new(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            while (lines.ReadLine() is { } line)
            {
                using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 256 });
                if (wanted(document.RootElement))
                    yield return document.RootElement.Clone();
            }
        }
    }

    /// <summary>A file beside the recordings: usage figures, other gateways' goldens.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Folder, .. parts]);
}
