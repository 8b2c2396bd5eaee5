using System.Buffers;
using System.Text;
using Perigee.Logs.Redacting;

namespace Perigee.Logs;

/// <summary>
/// Redacts bytes that come in pieces: whatever the pieces, the outcome is that of the whole. Holds back <see cref="RedactionScan.Window"/>
/// characters at most, and one block more where the operator has patterns of their own.
/// </summary>
internal sealed class StreamRedactor : IDisposable
{
    // The operator's patterns look at blocks that begin at the same places of a text however it is cut, each with what is before and behind.
    private const int Block = 16 * 1024;

    /// <summary>The longest text that one of the operator's patterns can find.</summary>
    public const int LongestMatch = 1024;

    private readonly RedactionScan _scan = new();
    private readonly ArrayBufferWriter<byte> _clean = new(Block + (4 * LongestMatch));
    private readonly IBufferWriter<byte> _output;
    private readonly RedactionRules _rules;

    /// <param name="redactor">Says what is taken out.</param>
    /// <param name="output">Takes what is left.</param>
    public StreamRedactor(Redactor redactor, IBufferWriter<byte> output)
    {
        (_rules, _output) = (redactor.Rules, output);
        _scan.Begin(_rules);
    }

    private bool HasPatterns => _rules.Patterns.Count > 0;

    /// <summary>Takes the next piece.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (!HasPatterns)
        {
            _scan.Add(bytes, _output);
            return;
        }

        // In slices, so that what waits for the patterns does not grow with the piece.
        for (; bytes.Length > 0; bytes = bytes[Math.Min(bytes.Length, Block)..])
        {
            _scan.Add(bytes[..Math.Min(bytes.Length, Block)], _clean);
            Match(final: false);
        }
    }

    /// <summary>The text is over.</summary>
    /// <param name="cut">Whether it was cut: then what is not decided yet is left out, for it may be half a secret.</param>
    public void End(bool cut = false)
    {
        IBufferWriter<byte> output = HasPatterns ? _clean : _output;
        if (cut)
            _scan.EndCut(output);
        else
            _scan.End(output);
        if (HasPatterns)
            Match(final: true, cut);
    }

    /// <inheritdoc/>
    public void Dispose() => _scan.Dispose();

    private void Match(bool final, bool cut = false)
    {
        byte[]? rest = null;
        while (_clean.WrittenCount >= Block + (2 * LongestMatch))
        {
            // A place between two characters near the end of the block, where no match lies across: else the end of the match.
            ReadOnlySpan<byte> seen = _clean.WrittenSpan[..(Block + (2 * LongestMatch))];
            string text = Encoding.UTF8.GetString(seen[..Whole(seen, seen.Length)]);
            int border = Border(text, out int bytes);
            WriteMatched(text[..border]);
            rest = _clean.WrittenSpan[bytes..].ToArray();
            _clean.ResetWrittenCount();
            _clean.Write(rest);
        }

        if (!final)
            return;
        int keep = cut ? Whole(_clean.WrittenSpan, Math.Max(0, _clean.WrittenCount - LongestMatch)) : _clean.WrittenCount;
        WriteMatched(Encoding.UTF8.GetString(_clean.WrittenSpan[..keep]));
        _clean.ResetWrittenCount();
    }

    // Where the block may end: in front of a match that reaches beyond it.
    private int Border(string text, out int bytes)
    {
        int border = 0, count = 0;
        while (border < text.Length && count < Block)
        {
            int size = char.IsHighSurrogate(text[border]) ? 4 : text[border] < 0x80 ? 1 : text[border] < 0x800 ? 2 : 3;
            count += size;
            border += size == 4 ? 2 : 1;
        }

        int start = border;
        foreach (OwnPattern pattern in _rules.Patterns)
        {
            try
            {
                foreach (System.Text.RegularExpressions.ValueMatch match in pattern.Regex.EnumerateMatches(text))
                {
                    if (match.Index >= border)
                        break;
                    if (match.Index + match.Length > border && match.Length <= LongestMatch)
                        start = Math.Min(start, match.Index);
                }
            }
            catch (System.Text.RegularExpressions.RegexMatchTimeoutException)
            {
                // The block is given up as a whole below.
            }
        }

        start = start == 0 ? border : start;
        bytes = Encoding.UTF8.GetByteCount(text.AsSpan(0, start));
        return start;
    }

    private void WriteMatched(string text)
    {
        foreach (OwnPattern pattern in _rules.Patterns)
            text = Redactor.Replace(text, pattern);
        Encoding.UTF8.GetBytes(text, _output);
    }

    // So many bytes at most, and no character in halves.
    private static int Whole(ReadOnlySpan<byte> text, int length)
    {
        while (length > 0 && length < text.Length && (text[length] & 0xC0) == 0x80)
            length--;
        if (length == text.Length)
        {
            int last = length - 1;
            while (last > 0 && last > length - 4 && (text[last] & 0xC0) == 0x80)
                last--;
            if (last >= 0 && text[last] >= 0xC0 && last + (text[last] >= 0xF0 ? 4 : text[last] >= 0xE0 ? 3 : 2) > length)
                return last;
        }

        return length;
    }
}
