using System.Buffers;
using System.Text;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// Writes answers of Anthropic Messages. Blocks never overlap, none is empty or opened before its first piece is there: clients such as
/// Claude Code give up on a stream that breaks this grammar. What comes while a call's arguments are still being said waits until they are over.
/// </summary>
internal sealed class AnthropicWriter : IAnswerWriter
{
    private readonly AnswerShape _shape;
    private readonly IAnthropicBlocks _blocks;
    private readonly ArrayBufferWriter<byte> _end = new(128);
    private readonly List<byte[]> _citations = [];
    private readonly AnthropicWaiting _waiting = new();
    private TokenUsage _usage;
    private int _call = -1;
    private int _calls;
    private bool _begun;
    private bool _refused;
    private bool _finished;
    private bool _dead;

    /// <summary>A writer of one answer.</summary>
    public AnthropicWriter(IBufferWriter<byte> output, AnswerShape shape)
    {
        _shape = shape;
        _blocks = shape.Stream ? new AnthropicEventBlocks(output, () => _usage) : new AnthropicBodyBlocks(output);
    }

    /// <summary>The event that keeps a connection open while the model is silent.</summary>
    public static ReadOnlySpan<byte> Ping => "event: ping\ndata: {\"type\":\"ping\"}\n\n"u8;

    /// <inheritdoc/>
    public bool ListensToContent => true;

    /// <inheritdoc/>
    public bool Shown => _blocks.Shown;

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        _begun = true;
        ReadOnlySpan<byte> ours = Encoding.ASCII.GetBytes("msg_" + _shape.Id);
        _blocks.Name(id.StartsWith("msg_"u8) ? id : ours, model.IsEmpty ? WireText.Encode(_shape.Model) : model);
    }

    /// <inheritdoc/>
    public void Text(int choice, JsonText text)
    {
        if (Deaf(choice) || text.IsEmpty)
            return;
        if (_call >= 0)
            _waiting.Add(WaitingKind.Text, text.Escaped);
        else
            SayText(text.Escaped);
    }

    /// <inheritdoc/>
    public void Refusal(int choice, JsonText text)
    {
        if (Deaf(choice) || text.IsEmpty)
            return;
        _refused = true;
        Text(choice, text);
    }

    /// <inheritdoc/>
    public void Reasoning(int choice, JsonText text)
    {
        if (Deaf(choice) || text.IsEmpty || !_shape.ShowsReasoning)
            return;
        if (_call >= 0)
            _waiting.Add(WaitingKind.Reasoning, text.Escaped);
        else
            SayReasoning(text.Escaped);
    }

    /// <inheritdoc/>
    public void ReasoningEnd(int choice)
    {
        if (Deaf(choice))
            return;
        if (_call >= 0)
            _waiting.Add(WaitingKind.ReasoningEnd, default);
        else if (_blocks.Open == BlockKind.Thinking)
            _blocks.Stop();
    }

    /// <inheritdoc/>
    public void Proof(int choice, in Proof proof)
    {
        if (Deaf(choice))
            return;
        if (proof.Origin == ProofOrigin.None || proof.Data.IsEmpty)
        {
            ReasoningEnd(choice);
            return;
        }

        bool own = proof is { Origin: ProofOrigin.Anthropic, Kind: ProofKind.Signature or ProofKind.Redacted };
        ReadOnlySpan<byte> data = own ? proof.Data.Escaped : _shape.Seal.Wrap(proof);
        if (_call >= 0)
        {
            // A proof that stands on a call or a text is its own block, whatever reasoning is open.
            if (proof.Kind is ProofKind.OnCall or ProofKind.OnText)
                _waiting.Add(WaitingKind.ReasoningEnd, default);
            _waiting.Add(proof.Kind == ProofKind.Redacted ? WaitingKind.Redacted : WaitingKind.Signature, data);
            return;
        }

        if (proof.Kind is ProofKind.OnCall or ProofKind.OnText)
            Stop();
        if (proof.Kind == ProofKind.Redacted)
            SayRedacted(data);
        else
            SaySignature(data);
    }

    /// <inheritdoc/>
    public void ToolCall(int choice, int index, JsonText id, JsonText name)
    {
        if (Deaf(choice))
            return;
        if (_call >= 0)
            _waiting.AddCall(index, id.Escaped, name.Escaped);
        else
            SayCall(index, id.Escaped, name.Escaped);
    }

    /// <inheritdoc/>
    public void ToolArguments(int choice, int index, JsonText fragment)
    {
        if (Deaf(choice) || fragment.IsEmpty)
            return;
        if (index == _call)
            _blocks.Add(fragment.Escaped);
        else
            _waiting.Find(index)?.Text.Write(fragment.Escaped);
    }

    /// <inheritdoc/>
    public void ToolEnd(int choice, int index)
    {
        if (Deaf(choice))
            return;
        if (index == _call)
        {
            EndCall();
            Drain();
        }
        else if (_waiting.Find(index) is { } waiting)
        {
            waiting.Ended = true;
        }
    }

    /// <inheritdoc/>
    public void Citation(int choice, in Citation citation)
    {
        if (Deaf(choice))
            return;
        byte[] json = AnthropicCitation.Location(citation);
        if (_call >= 0)
            _waiting.Add(WaitingKind.Citation, json);
        else
            SayCitation(json);
    }

    /// <inheritdoc/>
    /// <remarks>Anthropic's answers hold no pictures or sounds: what there was is told in words.</remarks>
    public void Media(int choice, JsonText type, JsonText data, JsonText transcript)
    {
        if (!transcript.IsEmpty)
            Text(choice, transcript);
        else if (!type.IsEmpty)
            Text(choice, new JsonText([(byte)'[', .. type.Escaped, (byte)']']));
    }

    /// <inheritdoc/>
    public void Logprobs(int choice, ReadOnlySpan<byte> content)
    {
    }

    /// <inheritdoc/>
    public void Finish(int choice, in Ending ending)
    {
        if (Deaf(choice))
            return;
        _finished = true;
        while (_call >= 0 || _waiting.Any)
        {
            if (_call >= 0)
                EndCall();
            Drain();
        }

        Stop();
        AnthropicEnding.Write(_end, ending, _calls > 0, _refused);
    }

    /// <inheritdoc/>
    public void Usage(in TokenUsage usage) => _usage = usage;

    /// <inheritdoc/>
    public void Error(JsonText message, JsonText code, int status) => _dead = true;

    /// <inheritdoc/>
    public void End()
    {
        if (_dead)
            return;
        if (!_begun)
            Begin(default, default);
        if (!_finished)
            Finish(0, default);
        _dead = true;
        _blocks.End(_end.WrittenSpan, _usage);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Whether a verb is nothing to this writer: one answer has one choice here, and nothing follows its end.</summary>
    private bool Deaf(int choice)
    {
        if (choice != 0 || _dead || _finished)
            return true;
        if (!_begun)
            Begin(default, default);
        return false;
    }

    private void Stop()
    {
        if (_blocks.Open != BlockKind.None)
            _blocks.Stop();
    }

    private void SayText(ReadOnlySpan<byte> text)
    {
        if (_blocks.Open != BlockKind.Text)
        {
            Stop();
            _blocks.Start(BlockKind.Text);
            foreach (byte[] citation in _citations)
                _blocks.Cite(citation);
            _citations.Clear();
        }

        _blocks.Add(text);
    }

    private void SayReasoning(ReadOnlySpan<byte> text)
    {
        if (_blocks.Open != BlockKind.Thinking)
        {
            Stop();
            _blocks.Start(BlockKind.Thinking);
        }

        _blocks.Add(text);
    }

    private void SaySignature(ReadOnlySpan<byte> signature)
    {
        if (_blocks.Open != BlockKind.Thinking)
        {
            Stop();
            _blocks.Start(BlockKind.Thinking);
        }

        _blocks.Sign(signature);
        _blocks.Stop();
    }

    private void SayRedacted(ReadOnlySpan<byte> data)
    {
        Stop();
        _blocks.Redacted(data);
    }

    /// <summary>A citation belongs to the block of text that is open, else to the next one.</summary>
    private void SayCitation(ReadOnlySpan<byte> citation)
    {
        if (_blocks.Open == BlockKind.Text)
            _blocks.Cite(citation);
        else
            _citations.Add(citation.ToArray());
    }

    private void SayCall(int index, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name)
    {
        Stop();
        if (_shape.ToolNames is { } names && names.TryGetValue(WireText.Decode(name), out string? clients))
            name = WireText.Encode(clients);
        if (id.IsEmpty)
            id = Encoding.ASCII.GetBytes($"toolu_{_shape.Id}_{index}");
        _blocks.StartTool(AnthropicIds.Fits(id) ? id : Encoding.ASCII.GetBytes(AnthropicIds.Of(id)), name);
        _call = index;
        _calls++;
    }

    private void EndCall()
    {
        _blocks.Stop();
        _call = -1;
    }

    /// <summary>Says what waited, up to the next call that is not over yet.</summary>
    private void Drain()
    {
        while (_call < 0 && _waiting.Any)
        {
            AnthropicWaiting.Verb next = _waiting.Next();
            ReadOnlySpan<byte> data = next.Text.WrittenSpan;
            switch (next.Kind)
            {
                case WaitingKind.Text:
                    SayText(data);
                    break;
                case WaitingKind.Reasoning:
                    SayReasoning(data);
                    break;
                case WaitingKind.ReasoningEnd when _blocks.Open == BlockKind.Thinking:
                    _blocks.Stop();
                    break;
                case WaitingKind.Signature:
                    SaySignature(data);
                    break;
                case WaitingKind.Redacted:
                    SayRedacted(data);
                    break;
                case WaitingKind.Citation:
                    SayCitation(data);
                    break;
                case WaitingKind.Call:
                    SayCall(next.Index, next.Id, next.Name);
                    if (!data.IsEmpty)
                        _blocks.Add(data);
                    if (next.Ended)
                        EndCall();
                    break;
            }
        }
    }
}
