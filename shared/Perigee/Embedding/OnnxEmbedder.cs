using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace Perigee.Embedding;

/// <summary>
/// Vectors of a sentence encoder that the operator supplies, as an ONNX file with its WordPiece vocabulary. It is loaded when it is first
/// needed, and works on threads of its own while the request waits no longer than it wants to.
/// </summary>
internal sealed class OnnxEmbedder(string path, string vocabularyPath) : ITextEmbedder, IDisposable
{
    private const int Ends = 64 * 1024;

    private readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount));
    private readonly Lazy<Task<OnnxModel?>> _model = new(() => Task.Run(() => Load(path, vocabularyPath)));
    private readonly Lazy<string> _version = new(() => VersionName.Of("onnx1", Fingerprint(path, vocabularyPath)));

    /// <summary>Of both files' lengths and ends: instances with the same files say the same.</summary>
    public string Version => _version.Value;

    /// <inheritdoc/>
    public int Dimensions => _model.IsValueCreated && _model.Value.IsCompletedSuccessfully ? _model.Value.Result?.Dimensions ?? 0 : 0;

    /// <inheritdoc/>
    public double Threshold => 0.8;

    /// <summary>What is wrong with the files, for an operator; null where nothing is. It loads them and makes a vector.</summary>
    public static string? Check(string? path, string? vocabularyPath)
    {
        if (string.IsNullOrEmpty(path))
            return "An encoder's file is missing.";
        if (string.IsNullOrEmpty(vocabularyPath))
            return "A vocabulary is missing.";
        try
        {
            OnnxModel.Load(path, vocabularyPath).Dispose();
            return null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PrepareAsync(CancellationToken cancel) => await _model.Value.WaitAsync(cancel) is not null;

    /// <inheritdoc/>
    public async ValueTask<bool> EmbedAsync(string text, Memory<float> vector, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(text) || await _model.Value.WaitAsync(cancel) is not { } model || vector.Length < model.Dimensions)
            return false;

        // Into an array of the run's own: the caller may be gone, and its memory in other hands, before a run that is told to stop does.
        float[] made = new float[model.Dimensions];
        await _turns.WaitAsync(cancel);
        Task<bool> run = Task.Run(
            () =>
            {
                try
                {
                    return Run(model, text, made, cancel);
                }
                finally
                {
                    _turns.Release();
                }
            },
            CancellationToken.None);
        if (!await run.WaitAsync(cancel))
            return false;
        made.CopyTo(vector);
        return UnitLength.Give(vector.Span[..made.Length]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_model.IsValueCreated && _model.Value.IsCompletedSuccessfully)
            _model.Value.Result?.Dispose();
        _turns.Dispose();
    }

    private static bool Run(OnnxModel model, string text, float[] vector, CancellationToken cancel)
    {
        try
        {
            using RunOptions options = new();
            using CancellationTokenRegistration stop = cancel.UnsafeRegister(static run => ((RunOptions)run!).Terminate = true, options);
            return !cancel.IsCancellationRequested && model.Run(text, options, vector);
        }
        catch (Exception e) when (e is OnnxRuntimeException or ObjectDisposedException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    private static OnnxModel? Load(string path, string vocabularyPath)
    {
        try
        {
            return OnnxModel.Load(path, vocabularyPath);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // Said when the configuration was read; whatever happened to the files since then, there are no vectors.
            return null;
        }
    }

    private static byte[] Fingerprint(params ReadOnlySpan<string> paths)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] end = new byte[Ends];
        foreach (string file in paths)
        {
            try
            {
                using FileStream stream = File.OpenRead(file);
                hash.AppendData(Encoding.ASCII.GetBytes($"{stream.Length}|"));
                hash.AppendData(end, 0, stream.ReadAtLeast(end, Ends, throwOnEndOfStream: false));
                stream.Seek(-Math.Min(Ends, stream.Length), SeekOrigin.End);
                hash.AppendData(end, 0, stream.ReadAtLeast(end, Ends, throwOnEndOfStream: false));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                hash.AppendData("none"u8);
            }
        }

        return hash.GetHashAndReset();
    }
}
