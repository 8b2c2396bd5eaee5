using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>Makes ids of tool calls for an answer whose provider gave none: <c>call_(seed)_(n)</c>.</summary>
internal sealed class OpenAiCallIds(string seed)
{
    private int _made;

    /// <summary>The next id.</summary>
    public byte[] Next() => Encoding.ASCII.GetBytes($"call_{seed}_{_made++}");
}

/// <summary>
/// Follows the tool calls of one choice through whatever form its provider sends them in: whole or in pieces, with an index, none or always
/// the same, with names and ids once, repeatedly, null or empty. Says each call when its name is known, its pieces as they come, and its end
/// as soon as another begins after its JSON is complete.
/// </summary>
internal sealed class OpenAiCalls(IStreamSink sink, int choice, OpenAiCallIds ids)
{
    private readonly List<Call> _calls = [];
    private readonly List<KeptProof> _proofs = [];
    private int _announced;

    /// <summary>Whether there is a call.</summary>
    public bool Any => _announced > 0;

    /// <summary>Keeps a proof on a call until that call is said. One without a call's id goes to the next call.</summary>
    public void Hold(KeptProof proof) => _proofs.Add(proof);

    /// <summary>Reads <c>tool_calls</c>.</summary>
    /// <param name="array">The array's bytes.</param>
    /// <param name="whole">Whether each entry is a call of its own.</param>
    public void Read(ReadOnlySpan<byte> array, bool whole)
    {
        Utf8JsonReader reader = new(array);
        reader.Read();
        for (int at = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; at++)
        {
            ReadOnlySpan<byte> entry = JsonPiece.Raw(ref reader, array);
            if (JsonPiece.IsObject(entry))
                Entry(entry, whole, at);
        }
    }

    /// <summary>Reads the old <c>function_call</c>, of which there is one.</summary>
    public void Function(ReadOnlySpan<byte> function)
    {
        Call call = _calls.Count > 0 ? _calls[0] : Add(0);
        Take(call, default, JsonPiece.TextOf(function, "name"u8), JsonPiece.Member(function, "arguments"u8), default);
    }

    /// <summary>Something else is said: a call whose JSON is complete has ended, so that no writer has to hold back what follows.</summary>
    public void EndComplete()
    {
        foreach (Call call in _calls)
        {
            if (call.Progress.Complete)
                Stop(call);
        }
    }

    /// <summary>The choice is finished: every call ends.</summary>
    public void Finish()
    {
        foreach (Call call in _calls)
            Stop(call);

        // Proofs of calls that never came belong to nobody's call: they still are the provider's, and go back to it.
        foreach (KeptProof proof in _proofs)
            Say(proof, proof.CallId.Text);
        _proofs.Clear();
    }

    /// <summary>Reads an entry in one pass: most events of a stream of calls are a few characters in it.</summary>
    private void Entry(ReadOnlySpan<byte> entry, bool whole, int at)
    {
        ReadOnlySpan<byte> function = default, arguments = default, extra = default;
        JsonText id = default, name = default;
        int wire = -1;
        Utf8JsonReader reader = new(entry);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIndex = reader.ValueTextEquals("index"u8), isId = reader.ValueTextEquals("id"u8);
            bool isFunction = reader.ValueTextEquals("function"u8), isExtra = reader.ValueTextEquals("extra_content"u8);
            reader.Read();
            if (isFunction && reader.TokenType == JsonTokenType.StartObject)
            {
                int start = (int)reader.TokenStartIndex;
                Named(ref reader, entry, out name, out arguments);
                function = entry[start..(int)reader.BytesConsumed];
                continue;
            }

            ReadOnlySpan<byte> raw = JsonPiece.Raw(ref reader, entry);
            if (isIndex)
                wire = Utf8Parser.TryParse(raw, out int number, out int used) && used == raw.Length ? number : -1;
            else if (isId)
                id = JsonPiece.Text(raw);
            else if (isFunction)
                function = raw;
            else if (isExtra)
                extra = raw;
        }

        JsonText signature = JsonPiece.TextOf(JsonPiece.Member(extra, "google"u8), "thought_signature"u8);
        if (function.IsEmpty && id.IsEmpty)
            return;
        Call? call = whole ? null : Find(wire, id.Escaped, name.Escaped, at, arguments.Length > 2);
        Take(call ?? Add(wire), id, name, arguments, signature);
    }

    /// <summary>Reads the object at which the reader stands, to its end.</summary>
    private static void Named(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> entry, out JsonText name, out ReadOnlySpan<byte> arguments)
    {
        name = default;
        arguments = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isName = reader.ValueTextEquals("name"u8), isArguments = reader.ValueTextEquals("arguments"u8);
            reader.Read();
            ReadOnlySpan<byte> raw = JsonPiece.Raw(ref reader, entry);
            if (isName)
                name = JsonPiece.Text(raw);
            else if (isArguments)
                arguments = raw;
        }
    }

    private Call Add(int wire)
    {
        Call call = new() { Wire = wire };
        _calls.Add(call);
        return call;
    }

    /// <summary>The call that an entry goes on with, or null where it begins one.</summary>
    private Call? Find(int wire, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name, int at, bool hasArguments)
    {
        Call? call = null;
        for (int i = _calls.Count - 1; i >= 0 && call is null; i--)
        {
            if (wire >= 0 ? _calls[i].Wire == wire : !id.IsEmpty && id.SequenceEqual(_calls[i].Id))
                call = _calls[i];
        }

        if (call is not null)
        {
            // Google's servers number every call 0: a second whole call is another one.
            bool another = !name.IsEmpty && call.Index >= 0
                && (id.IsEmpty ? hasArguments && call.Progress.Complete : !id.SequenceEqual(call.Id) && (call.HasOwnId || call.Progress.Complete));
            return another ? null : call;
        }

        if (wire >= 0 || !id.IsEmpty || _calls.Count == 0)
            return null;
        call = _calls[^1];
        return name.IsEmpty || (at == 0 && !call.Progress.Complete && name.SequenceEqual(call.Name)) ? call : null;
    }

    private void Take(Call call, JsonText id, JsonText name, ReadOnlySpan<byte> arguments, JsonText signature)
    {
        if (call.Ended)
            return;
        if (call.Id.Length == 0 && !id.IsEmpty)
            (call.Id, call.HasOwnId) = (id.Escaped.ToArray(), true);
        if (!signature.IsEmpty)
            call.Signature = signature.Keep();
        if (call.Index < 0 && !name.IsEmpty)
        {
            call.Name = name.Escaped.ToArray();
            Announce(call);
        }

        if (JsonPiece.Text(arguments) is { IsEmpty: false } fragment)
            Arguments(call, fragment.Escaped);
        else if (JsonPiece.IsObject(arguments))
            Arguments(call, WireText.Encode(arguments));
    }

    private void Announce(Call call)
    {
        EndComplete();
        if (call.Id.Length == 0)
            call.Id = ids.Next();
        int held = _proofs.FindIndex(p => p.CallId.IsEmpty || p.CallId.Escaped.Span.SequenceEqual(call.Id));
        if (!call.Signature.IsEmpty)
            Say(new KeptProof(ProofOrigin.Google, ProofKind.OnCall, call.Signature), new JsonText(call.Id));
        else if (held >= 0)
            Say(_proofs[held], new JsonText(call.Id));
        if (held >= 0)
            _proofs.RemoveAt(held);
        call.Index = _announced++;
        sink.ToolCall(choice, call.Index, new JsonText(call.Id), new JsonText(call.Name));
        if (call.Early is { } early)
            sink.ToolArguments(choice, call.Index, new JsonText(early.WrittenSpan));
        call.Early = null;
    }

    private void Arguments(Call call, ReadOnlySpan<byte> fragment)
    {
        call.Progress.Feed(fragment);
        if (call.Index >= 0)
            sink.ToolArguments(choice, call.Index, new JsonText(fragment));
        else
            (call.Early ??= new ArrayBufferWriter<byte>()).Write(fragment);
    }

    private void Stop(Call call)
    {
        if (call.Ended || call.Index < 0)
            return;
        call.Ended = true;
        sink.ToolEnd(choice, call.Index);
    }

    private void Say(KeptProof proof, JsonText callId) =>
        sink.Proof(choice, new Proof(proof.Origin, proof.Kind, proof.Data.Text) { CallId = callId });

    private sealed class Call
    {
        /// <summary>The provider's index, or -1.</summary>
        public int Wire { get; init; }

        /// <summary>The index that was said, or -1 until its name is known.</summary>
        public int Index { get; set; } = -1;

        public byte[] Id { get; set; } = [];

        public bool HasOwnId { get; set; }

        public byte[] Name { get; set; } = [];

        public WireText Signature { get; set; }

        public bool Ended { get; set; }

        /// <summary>Arguments that came before the name.</summary>
        public ArrayBufferWriter<byte>? Early { get; set; }

        /// <summary>How far its arguments are. A field: the struct is fed in place.</summary>
        public JsonProgress Progress;
    }
}
