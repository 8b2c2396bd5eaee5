using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>Content blocks as the members of one JSON body, which is written at the end.</summary>
internal sealed class AnthropicBodyBlocks(IBufferWriter<byte> output) : IAnthropicBlocks
{
    private readonly ArrayBufferWriter<byte> _content = new();
    private readonly ArrayBufferWriter<byte> _after = new();
    private byte[] _id = [];
    private byte[] _model = [];

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
        Next(kind);
        _content.Write(kind == BlockKind.Text ? "{\"type\":\"text\",\"text\":\""u8 : "{\"type\":\"thinking\",\"thinking\":\""u8);
    }

    /// <inheritdoc/>
    public void StartTool(ReadOnlySpan<byte> id, ReadOnlySpan<byte> name)
    {
        Next(BlockKind.Tool);
        _content.Write("{\"type\":\"tool_use\",\"id\":\""u8);
        _content.Write(id);
        _content.Write("\",\"name\":\""u8);
        _content.Write(name);
        _content.Write("\",\"input\":"u8);
    }

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<byte> escaped) => (Open == BlockKind.Tool ? _after : _content).Write(escaped);

    /// <inheritdoc/>
    public void Cite(ReadOnlySpan<byte> citation)
    {
        if (_after.WrittenCount > 0)
            _after.Write(","u8);
        _after.Write(citation);
    }

    /// <inheritdoc/>
    public void Sign(ReadOnlySpan<byte> signature) => _after.Write(signature);

    /// <inheritdoc/>
    public void Stop()
    {
        switch (Open)
        {
            case BlockKind.Tool:
                Input(_after.WrittenSpan);
                _content.Write("}"u8);
                break;
            case BlockKind.Thinking:
                _content.Write("\",\"signature\":\""u8);
                _content.Write(_after.WrittenSpan);
                _content.Write("\"}"u8);
                break;
            case BlockKind.Text:
                _content.Write("\""u8);
                if (_after.WrittenCount > 0)
                {
                    _content.Write(",\"citations\":["u8);
                    _content.Write(_after.WrittenSpan);
                    _content.Write("]"u8);
                }

                _content.Write("}"u8);
                break;
        }

        _after.ResetWrittenCount();
        Open = BlockKind.None;
    }

    /// <inheritdoc/>
    public void Redacted(ReadOnlySpan<byte> data)
    {
        Next(BlockKind.None);
        _content.Write("{\"type\":\"redacted_thinking\",\"data\":\""u8);
        _content.Write(data);
        _content.Write("\"}"u8);
    }

    /// <inheritdoc/>
    public void End(ReadOnlySpan<byte> end, in TokenUsage usage)
    {
        output.Write("{\"id\":\""u8);
        output.Write(_id);
        output.Write("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\""u8);
        output.Write(_model);
        output.Write("\",\"content\":["u8);
        output.Write(_content.WrittenSpan);
        output.Write("],"u8);
        output.Write(end);
        output.Write(",\"usage\":"u8);
        AnthropicUsage.Write(output, usage, details: true);
        output.Write("}"u8);
        Shown = true;
    }

    private void Next(BlockKind kind)
    {
        Open = kind;
        _after.ResetWrittenCount();
        if (_content.WrittenCount > 0)
            _content.Write(","u8);
    }

    /// <summary>The input must be an object. Models do write broken JSON: then the text itself is handed on, under a name of its own.</summary>
    private void Input(ReadOnlySpan<byte> escaped)
    {
        ReadOnlySpan<byte> json = WireText.Unescape(escaped).Trim(" \t\r\n"u8);
        if (json.IsEmpty)
        {
            _content.Write("{}"u8);
        }
        else if (IsObject(json))
        {
            _content.Write(json);
        }
        else
        {
            _content.Write("{\"_raw\":\""u8);
            _content.Write(escaped);
            _content.Write("\"}"u8);
        }
    }

    private static bool IsObject(ReadOnlySpan<byte> json)
    {
        if (json[0] != (byte)'{')
            return false;
        try
        {
            Utf8JsonReader reader = new(json, AnthropicEvent.Options);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
