using System.Buffers;
using System.Buffers.Text;

namespace Perigee.Wire.Anthropic;

/// <summary>Content blocks as the events of a stream.</summary>
/// <param name="output">Takes the events.</param>
/// <param name="usage">Tells what is known of the tokens when the stream opens.</param>
internal sealed class AnthropicEventBlocks(IBufferWriter<byte> output, Func<TokenUsage> usage) : IAnthropicBlocks
{
    private readonly ArrayBufferWriter<byte> _head = new(160);
    private byte[] _id = [];
    private byte[] _model = [];
    private int _index = -1;
    private bool _opened;

    /// <inheritdoc/>
    public BlockKind Open { get; private set; }

    /// <inheritdoc/>
    public bool Shown { get; private set; }

    /// <inheritdoc/>
    public void Name(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        _id = id.ToArray();
        _model = model.ToArray();
    }

    /// <inheritdoc/>
    public void Start(BlockKind kind)
    {
        Opening();
        Open = kind;
        _index++;
        Event("content_block_start"u8);
        Index();
        output.Write(kind == BlockKind.Text
            ? ",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"u8
            : ",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n"u8);
        Head(kind == BlockKind.Text ? "text_delta\",\"text\":\""u8 : "thinking_delta\",\"thinking\":\""u8);
        Shown = true;
    }

    /// <inheritdoc/>
    public void StartTool(ReadOnlySpan<byte> id, ReadOnlySpan<byte> name)
    {
        Opening();
        Open = BlockKind.Tool;
        _index++;
        Event("content_block_start"u8);
        Index();
        output.Write(",\"content_block\":{\"type\":\"tool_use\",\"id\":\""u8);
        output.Write(id);
        output.Write("\",\"name\":\""u8);
        output.Write(name);
        output.Write("\",\"input\":{}}}\n\n"u8);
        Head("input_json_delta\",\"partial_json\":\""u8);

        // As Anthropic does: a client may take the first, empty piece as the sign that the arguments begin.
        Add(default);
        Shown = true;
    }

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<byte> escaped)
    {
        ReadOnlySpan<byte> head = _head.WrittenSpan;
        ReadOnlySpan<byte> tail = "\"}}\n\n"u8;
        int length = head.Length + escaped.Length + tail.Length;
        Span<byte> room = output.GetSpan(length);
        head.CopyTo(room);
        escaped.CopyTo(room[head.Length..]);
        tail.CopyTo(room[(head.Length + escaped.Length)..]);
        output.Advance(length);
    }

    /// <inheritdoc/>
    public void Cite(ReadOnlySpan<byte> citation)
    {
        Event("content_block_delta"u8);
        Index();
        output.Write(",\"delta\":{\"type\":\"citations_delta\",\"citation\":"u8);
        output.Write(citation);
        output.Write("}}\n\n"u8);
    }

    /// <inheritdoc/>
    public void Sign(ReadOnlySpan<byte> signature)
    {
        Event("content_block_delta"u8);
        Index();
        output.Write(",\"delta\":{\"type\":\"signature_delta\",\"signature\":\""u8);
        output.Write(signature);
        output.Write("\"}}\n\n"u8);
    }

    /// <inheritdoc/>
    public void Stop()
    {
        Event("content_block_stop"u8);
        Index();
        output.Write("}\n\n"u8);
        Open = BlockKind.None;
    }

    /// <inheritdoc/>
    public void Redacted(ReadOnlySpan<byte> data)
    {
        Opening();
        _index++;
        Event("content_block_start"u8);
        Index();
        output.Write(",\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\""u8);
        output.Write(data);
        output.Write("\"}}\n\n"u8);
        Stop();
        Shown = true;
    }

    /// <inheritdoc/>
    public void End(ReadOnlySpan<byte> end, in TokenUsage usage)
    {
        Opening();
        Event("message_delta"u8);
        output.Write(",\"delta\":{"u8);
        output.Write(end);
        output.Write("},\"usage\":"u8);
        AnthropicUsage.Write(output, usage, details: true);
        output.Write("}\n\n"u8);
        Event("message_stop"u8);
        output.Write("}\n\n"u8);
        Shown = true;
    }

    private void Opening()
    {
        if (_opened)
            return;
        _opened = true;
        Event("message_start"u8);
        output.Write(",\"message\":{\"id\":\""u8);
        output.Write(_id);
        output.Write("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\""u8);
        output.Write(_model);
        output.Write("\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":"u8);
        AnthropicUsage.Write(output, usage(), details: false);
        output.Write("}}\n\n"u8);
    }

    private void Event(ReadOnlySpan<byte> type)
    {
        output.Write("event: "u8);
        output.Write(type);
        output.Write("\ndata: {\"type\":\""u8);
        output.Write(type);
        output.Write("\""u8);
    }

    private void Index()
    {
        Span<byte> digits = stackalloc byte[11];
        Utf8Formatter.TryFormat(_index, digits, out int length);
        output.Write(",\"index\":"u8);
        output.Write(digits[..length]);
    }

    /// <summary>What every addition to this block begins with: made once.</summary>
    private void Head(ReadOnlySpan<byte> delta)
    {
        Span<byte> digits = stackalloc byte[11];
        Utf8Formatter.TryFormat(_index, digits, out int length);
        _head.ResetWrittenCount();
        _head.Write("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"u8);
        _head.Write(digits[..length]);
        _head.Write(",\"delta\":{\"type\":\""u8);
        _head.Write(delta);
    }
}
