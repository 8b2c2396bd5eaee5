using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Logs.Shipping;

/// <summary>
/// How many records this process took for a stream, where a kill of the process does not reach: sixteen bytes of a file mapped into memory,
/// which the operating system keeps. The next process on this machine tells of those that ended without saying so: then it is known exactly how
/// many records a kill cost. Where the machine goes with the process nobody tells, and readers see that the end is missing.
/// </summary>
internal sealed class TakenFile : IDisposable
{
    private const int Length = 16;

    private readonly string _folder;
    private readonly string _path;
    private readonly string _stream;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly List<string> _told = [];

    /// <param name="location">Which storage it is about.</param>
    /// <param name="instance">This process.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="folder">Where such files lie; null for the machine's temporary folder.</param>
    public TakenFile(string location, string instance, string stream, string? folder = null)
    {
        string storage = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(location)).AsSpan(0, 8));
        _folder = Path.Combine(folder ?? Path.GetTempPath(), "perigee-taken", storage);
        _stream = stream;
        _path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{instance}.{Environment.ProcessId}.{stream}"));
        try
        {
            Directory.CreateDirectory(_folder);
            _file = MemoryMappedFile.CreateFromFile(_path, FileMode.CreateNew, null, Length);
            _view = _file.CreateViewAccessor(0, Length);
            _view.Write(8, StartOf(Environment.ProcessId) ?? 0);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // A read-only machine: then nobody tells.
        }
    }

    /// <summary>Notes how many were taken. A write to memory; not by two threads at once.</summary>
    public void Set(long taken) => _view?.Write(0, taken);

    /// <summary>Processes that are gone and did not say that they wrote everything, with what they had taken.</summary>
    public IReadOnlyList<(string Instance, long Taken)> Dead()
    {
        List<(string, long)> dead = [];
        _told.Clear();
        try
        {
            foreach (string path in Directory.EnumerateFiles(_folder, "*." + _stream))
            {
                string[] parts = Path.GetFileName(path).Split('.');
                byte[] bytes = path == _path || parts.Length != 3 ? [] : File.ReadAllBytes(path);
                if (bytes.Length != Length || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out int process) || StartOf(process) == BitConverter.ToInt64(bytes, 8))
                    continue;
                _told.Add(path);
                if (BitConverter.ToInt64(bytes, 0) is > 0 and var taken)
                    dead.Add((parts[0], taken));
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Then nobody tells.
        }

        return dead;
    }

    /// <summary>What <see cref="Dead"/> said is told: it need not be told again.</summary>
    public void Told()
    {
        foreach (string path in _told)
            Remove(path);
        _told.Clear();
    }

    /// <summary>Everything that was taken is written: there is nothing to tell.</summary>
    public void End()
    {
        Dispose();
        Remove(_path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view?.Dispose();
        _file?.Dispose();
    }

    // Numbers of processes come again: only with the moment of its start one is meant.
    private static long? StartOf(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return found.StartTime.ToUniversalTime().Ticks / TimeSpan.TicksPerSecond;
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            return null;
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Told once more, then.
        }
    }
}
