using System.Buffers;

namespace Perigee.Logs.Redacting;

/// <summary>
/// Goes through a text once and writes it without what must go. What is decided at a place depends on a bounded part of the text before and
/// behind it only, and on nothing else: in however many pieces the text comes, the outcome is the same.
/// </summary>
internal sealed class RedactionScan : IDisposable
{
    /// <summary>How many logical bytes behind a place are looked at before it is decided: what is held back at most.</summary>
    public const int Window = 1024;

    // So much before a place may matter to it.
    private const int Behind = 8;
    private const int Compact = 16 * 1024;
    private const int LongestArmourEnd = 64;

    private readonly LogicalText _text = new();
    private RedactionRules _rules = null!;
    private int _at;
    private int _written;
    private Finding _open;

    /// <summary>Whether anything was taken out since it began.</summary>
    public bool Found { get; private set; }

    /// <summary>Begins a text.</summary>
    public void Begin(RedactionRules rules)
    {
        _text.Clear();
        (_rules, _at, _written, _open, Found) = (rules, 0, 0, default, false);
    }

    /// <summary>Takes the next piece, and writes what is decided.</summary>
    public void Add(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        // In slices: what is kept in memory does not grow with the piece.
        while (bytes.Length > 0)
        {
            int slice = Math.Min(bytes.Length, Compact);
            _text.Add(bytes[..slice]);
            bytes = bytes[slice..];
            Scan(output, final: false);
            Flush(output);
            if (_at > Compact)
            {
                int drop = _at - Behind;
                _text.Drop(drop);
                _at -= drop;
                _written -= drop;
            }
        }
    }

    /// <summary>Writes the rest.</summary>
    public void End(IBufferWriter<byte> output)
    {
        _text.End();
        Scan(output, final: true);
        Flush(output);
    }

    /// <summary>Ends a text that goes on elsewhere: what is not decided is not written, for it may be half of something.</summary>
    public void EndCut(IBufferWriter<byte> output)
    {
        Scan(output, final: false);
        Flush(output);
    }

    /// <inheritdoc/>
    public void Dispose() => _text.Dispose();

    private void Scan(IBufferWriter<byte> output, bool final)
    {
        ReadOnlySpan<byte> text = _text.Text;
        ReadOnlySpan<int> starts = _text.Starts;
        int end = final ? text.Length : text.Length - Window;
        while (_at < end)
        {
            if (_open.Tail != Tail.None)
            {
                Follow(text, starts, end);
                continue;
            }

            // Never further than the window, even where more is there: pieces must not matter.
            ReadOnlySpan<byte> seen = text.Length - _at > Window ? text[..(_at + Window)] : text;
            if (_rules.At(seen, starts, _at, out ReadOnlySpan<byte> mark) is not { } finding)
            {
                _at++;
                continue;
            }

            Found = true;
            output.Write(_text.Raw(_written, finding.Start));
            output.Write(mark);
            _at = _written = finding.End;
            _open = finding;
        }
    }

    // What belongs to the finding goes with it, as far as it reaches.
    private void Follow(ReadOnlySpan<byte> text, ReadOnlySpan<int> starts, int end)
    {
        while (_at < end)
        {
            byte b = text[_at];
            bool over = _open.Tail switch
            {
                Tail.Key => !Letters.IsKey(b),
                Tail.Value => !SecretRules.IsValue(b),
                Tail.Quoted => b == _open.Quote && starts[_at + 1] - starts[_at] <= _open.QuoteWidth,
                _ => false,
            };
            if (_open.Tail == Tail.Armour && b == (byte)'-' && text[_at..].StartsWith("-----END "u8))
            {
                ReadOnlySpan<byte> line = text.Slice(_at + 9, Math.Min(LongestArmourEnd, text.Length - _at - 9));
                int dashes = line.IndexOf("-----"u8);
                _at = _written = _at + 9 + (dashes < 0 ? 0 : dashes + 5);
                over = true;
            }

            if (over)
            {
                _open = default;
                _written = _at;
                return;
            }

            _written = ++_at;
        }
    }

    private void Flush(IBufferWriter<byte> output)
    {
        if (_at > _written)
        {
            output.Write(_text.Raw(_written, _at));
            _written = _at;
        }
    }
}
