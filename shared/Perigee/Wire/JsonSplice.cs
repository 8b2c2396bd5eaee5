using System.Collections.Frozen;
using System.Text.Json;

namespace Perigee.Wire;

/// <summary>
/// The body for one target: the client's own bytes with as little changed as possible, as a list of slices that are sent one after another.
/// Everything that is not named here survives to the byte: key order, big numbers, white space, unknown members.
/// </summary>
internal static class JsonSplice
{
    private static readonly byte[] AskForUsage = "\"stream_options\":{\"include_usage\":true}"u8.ToArray();
    private static readonly byte[] Comma = ","u8.ToArray();
    private static readonly byte[] IncludeUsage = "\"include_usage\":true"u8.ToArray();

    /// <summary>Makes the slices.</summary>
    /// <param name="question">The client's body.</param>
    /// <param name="model">The model's name at the target, or null to leave it.</param>
    /// <param name="askUsage">Whether <c>stream_options.include_usage</c> is to be true.</param>
    /// <param name="refuses">Top-level members to leave out.</param>
    /// <param name="dropped">Names of the members that were left out.</param>
    public static List<ReadOnlyMemory<byte>> Apply(
        JsonIndex question, string? model, bool askUsage, FrozenSet<string> refuses, out IReadOnlyList<string> dropped)
    {
        List<string>? left = null;
        List<ReadOnlyMemory<byte>> parts = new(4);
        ReadOnlyMemory<byte> json = question.Json;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        int sent = 0;
        bool anyKept = false;
        bool usageAsked = false;

        for (int i = 1; i < tokens.Length; i = tokens[i + 1].Next)
        {
            ref readonly JsonIndex.Token value = ref tokens[i + 1];
            if (question.NameIn(tokens[i], refuses))
            {
                (left ??= []).Add(question.Text(tokens[i]));

                // With the member goes one comma: the one behind it, or, if it was the last, the one before it.
                int end = value.Start + value.Length;
                if (value.Next < tokens.Length)
                {
                    Add(json[sent..tokens[i].Start]);
                    sent = tokens[value.Next].Start;
                }
                else
                {
                    int keep = anyKept ? json.Span[..tokens[i].Start].LastIndexOf((byte)',') : tokens[i].Start;
                    if (keep > sent)
                        Add(json[sent..keep]);
                    else
                        TrimLastComma();
                    sent = end;
                }

                continue;
            }

            anyKept = true;
            if (model is not null && question.NameIs(tokens[i], "model"u8))
                Replace(value, JsonSerializer.SerializeToUtf8Bytes(model, WireJson.Default.String));
            else if (askUsage && question.NameIs(tokens[i], "stream_options"u8))
                usageAsked = Ask(i + 1);
        }

        if (askUsage && !usageAsked)
        {
            int close = tokens[0].Start + tokens[0].Length - 1;
            Add(json[sent..close]);
            sent = close;
            if (anyKept)
                Add(Comma);
            Add(AskForUsage);
        }

        Add(json[sent..]);
        dropped = left ?? (IReadOnlyList<string>)[];
        return parts;

        void Add(ReadOnlyMemory<byte> part)
        {
            if (!part.IsEmpty)
                parts.Add(part);
        }

        void Replace(in JsonIndex.Token token, byte[] text)
        {
            Add(json[sent..token.Start]);
            Add(text);
            sent = token.Start + token.Length;
        }

        // Several refused members at the end: the comma before the first of them was already sent with what stood before.
        void TrimLastComma()
        {
            if (parts.Count == 0)
                return;
            ReadOnlyMemory<byte> last = parts[^1];
            int comma = last.Span.LastIndexOf((byte)',');
            if (comma >= 0 && last.Span[(comma + 1)..].IndexOfAnyExcept(" \t\r\n"u8) < 0)
                parts[^1] = last[..comma];
        }

        bool Ask(int at)
        {
            ReadOnlySpan<JsonIndex.Token> all = question.Tokens;
            if (all[at].Type != JsonTokenType.StartObject)
            {
                Replace(all[at], """{"include_usage":true}"""u8.ToArray());
                return true;
            }

            for (int i = at + 1; i < all[at].Next; i = all[i + 1].Next)
            {
                if (question.NameIs(all[i], "include_usage"u8))
                {
                    if (all[i + 1].Type != JsonTokenType.True)
                        Replace(all[i + 1], "true"u8.ToArray());
                    return true;
                }
            }

            int inside = all[at].Start + 1;
            Add(json[sent..inside]);
            Add(IncludeUsage);
            if (all[at].Next > at + 1)
                Add(Comma);
            sent = inside;
            return true;
        }
    }

    /// <summary>Whether the client itself asked for usage in the stream.</summary>
    public static bool ClientAsksUsage(JsonIndex question)
    {
        int at = question.FindTopLevel("stream_options"u8);
        if (at < 0)
            return false;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        for (int i = at + 1; tokens[at].Type == JsonTokenType.StartObject && i < tokens[at].Next; i = tokens[i + 1].Next)
        {
            if (question.NameIs(tokens[i], "include_usage"u8))
                return tokens[i + 1].Type == JsonTokenType.True;
        }

        return false;
    }
}
