using System.Buffers;

namespace Perigee.Wire.Gemini;

/// <summary>What a writer holds back of one candidate: everything in a whole answer, in a stream what belongs to its last chunk.</summary>
internal sealed class GeminiAnswerChoice(int index)
{
    private readonly ArrayBufferWriter<byte> _parts = new();
    private readonly List<(byte[] Url, byte[] Title, int Start, int End)> _citations = [];
    private ArrayBufferWriter<byte>? _chosen;
    private ArrayBufferWriter<byte>? _top;
    private JsonPen? _chosenPen;
    private JsonPen? _topPen;
    private Spoken _open;
    private FinishReason _reason;
    private byte[] _word = [];
    private byte[] _explanation = [];
    private byte[] _signedCall = [];
    private byte[] _callSignature = [];

    /// <summary>What the last part of a whole answer is, as long as more of the same is added to it.</summary>
    private enum Spoken
    {
        Nothing,
        Text,
        Thought,
    }

    /// <summary>Its number.</summary>
    public int Index { get; } = index;

    /// <summary>Whether the model refused.</summary>
    public bool Refused { get; set; }

    /// <summary>Calls that are not complete.</summary>
    public List<GeminiAnswerCall> Calls { get; } = [];

    /// <summary>Where the characters of its visible text lie.</summary>
    public TextOffsets Offsets { get; } = new();

    /// <summary>Adds words to a whole answer, to the part that is being said where it is of the same kind.</summary>
    public void AddText(ReadOnlySpan<byte> escaped, bool thought)
    {
        Spoken kind = thought ? Spoken.Thought : Spoken.Text;
        if (_open != kind)
        {
            StartPart().Write("{\"text\":\""u8);
            _open = kind;
        }

        _parts.Write(escaped);
    }

    /// <summary>Puts a signature on the words that are being said. False where none of this kind are.</summary>
    public bool SignText(ReadOnlySpan<byte> signature, bool thought)
    {
        if (_open != (thought ? Spoken.Thought : Spoken.Text))
            return false;
        _parts.Write(thought ? "\",\"thought\":true,\"thoughtSignature\":\""u8 : "\",\"thoughtSignature\":\""u8);
        _parts.Write(signature);
        _parts.Write("\"}"u8);
        _open = Spoken.Nothing;
        return true;
    }

    /// <summary>Ends the words that are being said.</summary>
    public void EndText()
    {
        if (_open != Spoken.Nothing)
            _parts.Write(_open == Spoken.Thought ? "\",\"thought\":true}"u8 : "\"}"u8);
        _open = Spoken.Nothing;
    }

    /// <summary>The list of parts, ready for another one.</summary>
    public IBufferWriter<byte> StartPart()
    {
        EndText();
        if (_parts.WrittenCount > 0)
            _parts.Write(","u8);
        return _parts;
    }

    /// <summary>Keeps the signature of the call that follows.</summary>
    public void SignNextCall(ReadOnlySpan<byte> id, ReadOnlySpan<byte> signature)
    {
        _signedCall = id.ToArray();
        _callSignature = signature.ToArray();
    }

    /// <summary>A call begins.</summary>
    public void StartCall(int call, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name)
    {
        bool signed = _callSignature.Length > 0 && (_signedCall.Length == 0 || id.SequenceEqual(_signedCall));
        Calls.Add(new GeminiAnswerCall(call, id.ToArray(), name.ToArray(), signed ? _callSignature : []));
        if (signed)
            _callSignature = [];
    }

    /// <summary>The call of a number that is not complete, or null.</summary>
    public GeminiAnswerCall? Call(int call)
    {
        // Asked for every fragment: a predicate would be allocated each time.
        foreach (GeminiAnswerCall known in Calls)
        {
            if (known.Index == call)
                return known;
        }

        return null;
    }

    /// <summary>Keeps a citation.</summary>
    public void Cite(in Citation citation) =>
        _citations.Add((citation.Url.Escaped.ToArray(), citation.Title.Escaped.ToArray(), citation.Start, citation.End));

    /// <summary>Keeps probabilities.</summary>
    public void AddLogprobs(ReadOnlySpan<byte> content)
    {
        _chosenPen ??= new JsonPen(_chosen = new ArrayBufferWriter<byte>());
        _topPen ??= new JsonPen(_top = new ArrayBufferWriter<byte>());
        GeminiLogprobs.Write(content, _chosenPen, _topPen);
    }

    /// <summary>Keeps why it ended.</summary>
    public void Finish(in Ending ending)
    {
        _reason = ending.Reason;
        _word = ending.Word.Escaped.ToArray();
        _explanation = ending.Explanation.Escaped.ToArray();
    }

    /// <summary>Writes the candidate: with its parts, or as the last chunk of a stream.</summary>
    public void Write(JsonPen pen, bool last)
    {
        EndText();
        bool blocked = _parts.WrittenCount == 0 && _reason is FinishReason.ContentFilter or FinishReason.Refusal;
        pen.Object();
        if (last)
            pen.Name("content"u8).Raw("{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"}"u8);
        else if (_parts.WrittenCount > 0)
            pen.Name("content"u8).Object().Name("parts"u8).Array().Raw(_parts.WrittenSpan).EndArray().Name("role"u8).Text("model"u8).EndObject();
        else if (!blocked)
            pen.Name("content"u8).Raw("{\"role\":\"model\"}"u8);
        ReadOnlySpan<byte> word = GeminiFinish.Word(_reason, _word, Refused);
        pen.Name("finishReason"u8).Text(word);
        if (_explanation.Length > 0)
            pen.Name("finishMessage"u8).Text(_explanation);
        else if (_reason is FinishReason.Other or FinishReason.Error && _word.Length > 0 && !word.SequenceEqual(_word))
            pen.Name("finishMessage"u8).Text(_word);
        pen.Name("index"u8).Number(Index);
        Ground(pen);
        if (_chosen is { WrittenCount: > 0 } chosen)
        {
            pen.Name("logprobsResult"u8).Object().Name("chosenCandidates"u8).Array().Raw(chosen.WrittenSpan).EndArray()
                .Name("topCandidates"u8).Array().Raw(_top!.WrittenSpan).EndArray().EndObject();
        }

        pen.EndObject();
    }

    /// <summary>Citations as Google says them: the pages, and which words each supports, counted in bytes.</summary>
    private void Ground(JsonPen pen)
    {
        if (_citations.Count == 0)
            return;
        List<byte[]> pages = [];
        pen.Name("groundingMetadata"u8).Object().Name("groundingChunks"u8).Array();
        foreach ((byte[] url, byte[] title, _, _) in _citations)
        {
            if (pages.Exists(page => page.AsSpan().SequenceEqual(url)))
                continue;
            pages.Add(url);
            pen.Object().Name("web"u8).Object().Name("uri"u8).Text(url);
            if (title.Length > 0)
                pen.Name("title"u8).Text(title);
            pen.EndObject().EndObject();
        }

        pen.EndArray().Name("groundingSupports"u8).Array();
        foreach ((byte[] url, _, int start, int end) in _citations)
        {
            int first = Offsets.ToBytes(start), last = Offsets.ToBytes(end);
            if (first < 0 || last < first)
                continue;
            pen.Object().Name("segment"u8).Object().Name("startIndex"u8).Number(first).Name("endIndex"u8).Number(last).EndObject()
                .Name("groundingChunkIndices"u8).Array().Number(pages.FindIndex(page => page.AsSpan().SequenceEqual(url))).EndArray().EndObject();
        }

        pen.EndArray().EndObject();
    }
}

/// <summary>A call whose arguments are on their way.</summary>
internal sealed class GeminiAnswerCall(int index, byte[] id, byte[] name, byte[] signature)
{
    /// <summary>Its place among the candidate's calls.</summary>
    public int Index { get; } = index;

    /// <summary>Its arguments so far: JSON inside a JSON string.</summary>
    public ArrayBufferWriter<byte> Arguments { get; } = new();

    /// <summary>Writes the part. What the model wrote that is no object still reaches the client.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        JsonPen pen = new(output);
        pen.Object().Name("functionCall"u8).Object();
        if (id.Length > 0)
            pen.Name("id"u8).Text(id);
        pen.Name("name"u8).Text(name).Name("args"u8);
        ReadOnlySpan<byte> arguments = WireText.Unescape(Arguments.WrittenSpan);
        if (arguments.IsEmpty)
            pen.Object().EndObject();
        else if (JsonCopy.IsObject(arguments))
            pen.Compact(arguments);
        else
            pen.Object().Name("_raw"u8).Text(Arguments.WrittenSpan).EndObject();
        pen.EndObject();
        if (signature.Length > 0)
            pen.Name("thoughtSignature"u8).Text(signature);
        pen.EndObject();
    }
}
