using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Tokenizers;

namespace Perigee.Embedding;

/// <summary>
/// A sentence encoder that is loaded: what its inputs and outputs are called, and how a vector comes of them. Encoders that were exported by
/// the common tools take <c>input_ids</c>, <c>attention_mask</c> and sometimes <c>token_type_ids</c>, and give either a vector a token or, as
/// <c>sentence_embedding</c>, one for all.
/// </summary>
internal sealed class OnnxModel : IDisposable
{
    /// <summary>Tokens that are looked at, marks included. Longer questions are not matched by their meaning.</summary>
    public const int MostTokens = 256;

    private const string Ids = "input_ids";
    private const string Mask = "attention_mask";
    private const string Types = "token_type_ids";
    private const string Pooled = "sentence_embedding";
    private static readonly string[] KnownInputs = [Ids, Mask, Types];

    private readonly InferenceSession _session;
    private readonly BertTokenizer _tokenizer;
    private readonly string _output;
    private readonly bool _pooled;
    private readonly string[] _inputs;

    private OnnxModel(InferenceSession session, BertTokenizer tokenizer)
    {
        (_session, _tokenizer) = (session, tokenizer);
        _inputs = [.. session.InputMetadata.Keys];
        if (_inputs.Except(KnownInputs).FirstOrDefault() is { } odd)
            throw new InvalidDataException($"it takes '{odd}', and a sentence encoder takes {string.Join(", ", KnownInputs)}");
        if (!_inputs.Contains(Ids))
            throw new InvalidDataException($"it does not take '{Ids}'");

        if (_inputs.FirstOrDefault(name => session.InputMetadata[name].ElementType != typeof(long)) is { } narrow)
            throw new InvalidDataException($"'{narrow}' is not of 64-bit numbers");

        NodeMetadata? pooled = session.OutputMetadata.GetValueOrDefault(Pooled);
        _pooled = pooled is not null;
        _output = _pooled ? Pooled : session.OutputMetadata.FirstOrDefault(static output => output.Value.IsTensor && output.Value.Dimensions.Length == 3).Key
            ?? throw new InvalidDataException($"it gives neither '{Pooled}' nor a vector a token");
        if (!session.OutputMetadata[_output].IsTensor || session.OutputMetadata[_output].ElementType != typeof(float))
            throw new InvalidDataException($"'{_output}' is not of 32-bit floats");
    }

    /// <summary>Numbers in a vector.</summary>
    public int Dimensions { get; private set; }

    /// <summary>Loads the files and makes one vector to see whether it works.</summary>
    /// <exception cref="InvalidDataException">They are not what they should be; the message says what and can be read by an operator.</exception>
    public static OnnxModel Load(string path, string vocabularyPath)
    {
        BertTokenizer tokenizer = LoadVocabulary(vocabularyPath);
        if (!File.Exists(path))
            throw new InvalidDataException($"There is no file '{path}'.");
        InferenceSession? session = null;
        try
        {
            using SessionOptions options = new();

            // Questions are short and come many at a time: one thread each is the least work.
            options.IntraOpNumThreads = 1;
            options.InterOpNumThreads = 1;
            options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;
            session = new InferenceSession(path, options);
            OnnxModel model = new(session, tokenizer);
            using RunOptions run = new();
            model.Dimensions = model.Try("hello", run, []);
            return model.Dimensions > 0 ? model : throw new InvalidDataException("it made no vector of a word");
        }
        catch (Exception e)
        {
            session?.Dispose();
            if (e is TypeInitializationException or DllNotFoundException or EntryPointNotFoundException)
                throw new InvalidDataException("ONNX Runtime's native library is not there: it comes with the published app, for its platform.", e);
            throw new InvalidDataException($"'{path}' is not a sentence encoder that can be used: {e.Message}", e);
        }
    }

    /// <summary>Makes a vector, not scaled.</summary>
    /// <returns>False where the model gives another number of numbers.</returns>
    public bool Run(string text, RunOptions run, Span<float> vector) => Try(text, run, vector) == Dimensions;

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static BertTokenizer LoadVocabulary(string path)
    {
        if (!File.Exists(path))
            throw new InvalidDataException($"There is no file '{path}'.");
        HashSet<string> words = [.. File.ReadLines(path)];
        foreach (string mark in (string[])["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"])
        {
            if (!words.Contains(mark))
                throw new InvalidDataException($"'{path}' is not a WordPiece vocabulary: it has no {mark}.");
        }

        // Which of the two kinds an encoder is stands in a file that operators rarely have; its vocabulary tells as well.
        bool cased = words.Any(static word => !word.StartsWith('[') && word.Any(char.IsAsciiLetterUpper));
        try
        {
            return BertTokenizer.Create(path, new BertOptions { LowerCaseBeforeTokenization = !cased, RemoveNonSpacingMarks = !cased });
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{path}' is not a WordPiece vocabulary: {e.Message}", e);
        }
    }

    /// <summary>Runs the model.</summary>
    /// <returns>How many numbers a vector has; they are written where there is room for as many.</returns>
    private int Try(string text, RunOptions run, Span<float> vector)
    {
        IReadOnlyList<int> tokens = _tokenizer.EncodeToIds(text, MostTokens, out _, out _);
        long[] ids = new long[tokens.Count];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = tokens[i];
        long[] shape = [1, ids.Length];
        OrtValue[] values = new OrtValue[_inputs.Length];
        try
        {
            for (int i = 0; i < values.Length; i++)
            {
                long[] data = _inputs[i] == Ids ? ids : new long[ids.Length];
                if (_inputs[i] == Mask)
                    Array.Fill(data, 1);
                values[i] = OrtValue.CreateTensorValueFromMemory(data, shape);
            }

            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, _inputs, values, [_output]);
            ReadOnlySpan<float> given = outputs[0].GetTensorDataAsSpan<float>();
            int dimensions = (int)outputs[0].GetTensorTypeAndShape().Shape[^1];
            if (dimensions <= 0 || given.Length != dimensions * (_pooled ? 1 : ids.Length))
                return -1;
            if (vector.Length < dimensions)
                return dimensions;

            // No padding is ever sent, so the mean over the attention mask is the mean over all. The sum will do: it is scaled later.
            vector[..dimensions].Clear();
            for (int i = 0; i < given.Length; i++)
                vector[i % dimensions] += given[i];
            return dimensions;
        }
        finally
        {
            foreach (OrtValue? value in values)
                value?.Dispose();
        }
    }
}
