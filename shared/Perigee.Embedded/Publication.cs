using System.Runtime.InteropServices;

namespace Perigee.Embedded;

/// <summary>
/// Gives a finished draft its name, once: of any number of writers in any number of processes one hears "true".
/// File.Move without overwrite does not promise that on Unix: it looks for the target first and then renames over it, and two that
/// looked at the same time both succeed. link(2) fails with EEXIST in one step; on Windows MoveFileEx without replace does.
/// </summary>
internal static partial class Publication
{
    private const int AlreadyThere = 17; // EEXIST, the same on Linux, macOS and the BSDs

    /// <summary>Moves the draft to the path if nothing is there. The draft may stay behind as a second name: the caller deletes it.</summary>
    /// <returns>False where something has that name already.</returns>
    /// <exception cref="IOException">The directory cannot be written, or its file system has no hard links.</exception>
    public static bool TryPublish(string draft, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(draft, path, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(path))
            {
                return false;
            }
        }

        if (Link(draft, path) == 0)
            return true;
        int code = Marshal.GetLastPInvokeError();
        return code == AlreadyThere ? false : throw new IOException($"'{path}' cannot be linked: {Marshal.GetPInvokeErrorMessage(code)}.");
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string existing, string made);
}
