using System.Collections.Frozen;
using System.Globalization;
using System.Text;
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
    /// <param name="wishes">What has to differ.</param>
    /// <param name="dropped">Names of the members that were left out.</param>
    public static List<ReadOnlyMemory<byte>> Apply(JsonIndex question, in SpliceWishes wishes, out IReadOnlyList<string> dropped)
    {
        (string? model, bool askUsage) = (wishes.Model, wishes.AskUsage);
        FrozenSet<string> refuses = wishes.Refuses;
        FrozenSet<string> kept = wishes.Own;
        IReadOnlyList<KeyValuePair<string, string>> renames = wishes.Renames;
        bool noDeveloper = wishes.DeveloperAsSystem;
        List<string>? left = null;
        List<ReadOnlyMemory<byte>> parts = new(4);
        ReadOnlyMemory<byte> json = question.Json;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        int sent = 0;
        bool anyKept = false;
        bool usageAsked = false, shortened = false;

        for (int i = 1; i < tokens.Length; i = tokens[i + 1].Next)
        {
            ref readonly JsonIndex.Token value = ref tokens[i + 1];
            string? other = renames.Count == 0 ? null : RenamedTo(i);
            bool own = kept.Count > 0 && question.NameIn(tokens[i], kept);
            if (own || question.NameIn(tokens[i], refuses) || (other is not null && question.FindTopLevel(Encoding.UTF8.GetBytes(other)) >= 0))
            {
                if (!own)
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
            if (other is not null)
                Replace(tokens[i], JsonSerializer.SerializeToUtf8Bytes(other, WireJson.Default.String));
            if (wishes.MaxOutput is { } most && IsMaxOutput(tokens[i]))
            {
                Replace(value, Number(most.Tokens));
                shortened = true;
            }

            if (wishes.MaxOutput is { Field: "maxOutputTokens" } && (question.NameIs(tokens[i], "generationConfig"u8) || question.NameIs(tokens[i], "generation_config"u8)))
                shortened = Shorten(i + 1, wishes.MaxOutput.Value.Tokens);
            if (noDeveloper && question.NameIs(tokens[i], "messages"u8))
                RenameDeveloper(i + 1);
            if (model is not null && question.NameIs(tokens[i], "model"u8))
            {
                Replace(value, JsonSerializer.SerializeToUtf8Bytes(model, WireJson.Default.String));
                model = null;
            }
            else if (askUsage && question.NameIs(tokens[i], "stream_options"u8))
                usageAsked = Ask(i + 1);
        }

        if (model is not null)
        {
            // The client named its models elsewhere: a provider needs one here.
            int close = tokens[0].Start + tokens[0].Length - 1;
            Add(json[sent..close]);
            sent = close;
            if (anyKept)
                Add(Comma);
            Add((byte[])[.. "\"model\":"u8, .. JsonSerializer.SerializeToUtf8Bytes(model, WireJson.Default.String)]);
            anyKept = true;
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

        if (wishes.MaxOutput is { } shorter && !shortened)
        {
            int close = tokens[0].Start + tokens[0].Length - 1;
            Add(json[sent..close]);
            sent = close;
            if (anyKept || model is not null || (askUsage && !usageAsked))
                Add(Comma);
            Add(shorter.Field == "maxOutputTokens"
                ? (byte[])[.. "\"generationConfig\":{\"maxOutputTokens\":"u8, .. Number(shorter.Tokens), (byte)'}']
                : (byte[])[(byte)'"', .. Encoding.ASCII.GetBytes(shorter.Field), (byte)'"', (byte)':', .. Number(shorter.Tokens)]);
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

        string? RenamedTo(int at)
        {
            foreach ((string from, string to) in renames)
            {
                if (question.NameIs(question.Tokens[at], Encoding.UTF8.GetBytes(from)))
                    return to;
            }

            return null;
        }

        void RenameDeveloper(int at)
        {
            ReadOnlySpan<JsonIndex.Token> all = question.Tokens;
            if (all[at].Type != JsonTokenType.StartArray)
                return;
            for (int message = at + 1; message < all[at].Next; message = all[message].Next)
            {
                if (all[message].Type != JsonTokenType.StartObject)
                    continue;
                for (int i = message + 1; i < all[message].Next; i = all[i + 1].Next)
                {
                    if (question.NameIs(all[i], "role"u8) && all[i + 1].Type == JsonTokenType.String && question.NameIs(all[i + 1], "developer"u8))
                        Replace(all[i + 1], "\"system\""u8.ToArray());
                }
            }
        }

        bool IsMaxOutput(in JsonIndex.Token name) =>
            question.NameIs(name, "max_tokens"u8) || question.NameIs(name, "max_completion_tokens"u8) || question.NameIs(name, "max_output_tokens"u8);

        bool Shorten(int at, long most)
        {
            ReadOnlySpan<JsonIndex.Token> all = question.Tokens;
            if (all[at].Type != JsonTokenType.StartObject)
                return false;
            for (int i = at + 1; i < all[at].Next; i = all[i + 1].Next)
            {
                if (question.NameIs(all[i], "maxOutputTokens"u8) || question.NameIs(all[i], "max_output_tokens"u8))
                {
                    Replace(all[i + 1], Number(most));
                    return true;
                }
            }

            int inside = all[at].Start + 1;
            Add(json[sent..inside]);
            Add((byte[])[.. "\"maxOutputTokens\":"u8, .. Number(most)]);
            if (all[at].Next > at + 1)
                Add(Comma);
            sent = inside;
            return true;
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

    private static byte[] Number(long value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

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

/// <summary>What has to differ between the client's body and the one that goes to the target.</summary>
/// <param name="Model">The model's name at the target, or null to leave it.</param>
/// <param name="AskUsage">Whether <c>stream_options.include_usage</c> is to be true.</param>
/// <param name="Refuses">Top-level members to leave out.</param>
internal readonly record struct SpliceWishes(string? Model, bool AskUsage, FrozenSet<string> Refuses)
{
    /// <summary>Top-level members that have another name there.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Renames { get; init; } = [];

    /// <summary>Top-level members that were meant for the gateway: left out, and no loss.</summary>
    public FrozenSet<string> Own { get => field ?? FrozenSet<string>.Empty; init; }

    /// <summary>The most tokens that the answer may have, whatever the client says; null leaves its word.</summary>
    public MostOutput? MaxOutput { get; init; }

    /// <summary>Whether the role <c>developer</c> has to be <c>system</c>.</summary>
    public bool DeveloperAsSystem { get; init; }
}

/// <summary>A longest answer.</summary>
/// <param name="Tokens">Its tokens.</param>
/// <param name="Field">How it is called where the body does not name it.</param>
internal readonly record struct MostOutput(long Tokens, string Field);
