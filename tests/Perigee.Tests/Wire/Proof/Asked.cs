using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>A question in lines that can be compared: what it says, not how.</summary>
internal static class Asked
{
    /// <summary>Everything that a dialect keeps when it writes what it has read itself.</summary>
    public static string Describe(ChatQuestion question, IReadOnlyCollection<string>? dropped = null)
    {
        // Ids only tie results to calls; a dialect may make its own.
        Dictionary<string, int> ids = [];
        StringBuilder lines = new();
        Role last = (Role)(-1);
        foreach (ChatTurn turn in question.Turns)
        {
            foreach (ChatPart part in turn.Parts)
            {
                Role role = part is ToolResultPart ? Role.Tool : turn.Role == Role.Developer ? Role.System : turn.Role;
                string? said = Describe(part, ids);
                if (said is null)
                    continue;
                if (role != last)
                    lines.Append("== ").Append(role).Append('\n');
                last = role;
                lines.Append(said).Append('\n');
            }
        }

        foreach (ChatTool tool in question.Tools)
            lines.Append("tool ").Append(tool.Name).Append('|').Append(tool.Description).Append('|').Append(Schema(tool.Schema)).Append('\n');
        foreach (ServerTool tool in question.ServerTools)
            lines.Append("server tool ").Append(tool.Kind).Append(tool.Kind == ServerToolKind.Other ? tool.Name : "").Append('\n');
        if (question.Choice is { } choice)
            lines.Append("choice ").Append(choice.Kind).Append(' ').AppendJoin(',', choice.Names.Select(n => n.Decode())).Append('\n');
        if (question.Parallel is { Allowed: false })
            lines.Append("one call at a time\n");
        if (question.Format is { } format)
            lines.Append("format ").Append(Schema(format.Schema)).Append('\n');
        if (question.Reasoning is { } reasoning)
            lines.Append($"reasoning {reasoning.Off} {reasoning.Adaptive && reasoning.Effort is null} {reasoning.Effort} {reasoning.Budget}\n");
        foreach (Setting setting in question.Settings.OrderBy(s => s.Parameter).ThenBy(s => s.Field, StringComparer.Ordinal))
        {
            if (setting.Parameter is Parameter.Unknown or Parameter.StreamForm || dropped?.Contains(setting.Field) == true || Parameters.LossOf(setting) == Loss.None)
                continue;
            lines.Append(setting.Parameter).Append(' ').Append(Value(setting)).Append('\n');
        }

        return lines.Append(question.Stream ? "stream" : "whole").ToString();
    }

    /// <summary>
    /// What must be found again in a translation: every text, call and result. Where instructions go, and what is merged, is the target's.
    /// </summary>
    /// <returns>Null, or what is missing.</returns>
    public static string? Lost(ChatQuestion asked, ChatQuestion read)
    {
        StringBuilder all = new();
        foreach (ChatTurn turn in read.Turns)
        {
            foreach (ChatPart part in turn.Parts)
                Words(part, all);
        }

        string words = all.ToString();
        foreach (ChatTurn turn in asked.Turns)
        {
            foreach (ChatPart part in turn.Parts)
            {
                if (part is ReasoningPart)
                    continue;
                StringBuilder one = new();
                Words(part, one);
                foreach (string piece in one.ToString().Split('\u0001', StringSplitOptions.RemoveEmptyEntries))
                {
                    if (piece.Trim().Length > 0 && !words.Contains(piece.Trim(), StringComparison.Ordinal))
                        return $"{part.Place}: {(piece.Length > 200 ? piece[..200] : piece)}";
                }
            }
        }

        return asked.Tools.Count > read.Tools.Count && asked.Choice is not ({ Kind: ChoiceKind.Allowed } or { Names.Count: > 1 }) ? "a tool" : null;
    }

    private static void Words(ChatPart part, StringBuilder words)
    {
        switch (part)
        {
            case TextPart text:
                words.Append(text.Text.Decode());
                break;
            case RefusalPart refusal:
                words.Append(refusal.Text.Decode());
                break;
            case ToolCallPart call:
                words.Append(Schema(call.Arguments));
                break;
            case MediaPart { Source: MediaSource.Text } document:
                words.Append(document.Value.Decode());
                break;
            case MediaPart { Source: MediaSource.Data } media:
                // Google takes both alphabets of base64; a plain text may be said as one.
                string base64 = media.Value.Decode().Replace('-', '+').Replace('_', '/').TrimEnd('=');
                words.Append(media.Type.Decode().StartsWith("text/", StringComparison.Ordinal) ? Encoding.UTF8.GetString(Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '='))) : base64);
                break;
            case ToolResultPart result:
                foreach (ChatPart inner in result.Parts)
                {
                    // Google's results are objects: a text that is one may come back in another spelling, and another in a "result".
                    words.Append('\u0001');
                    if (inner is TextPart text)
                        words.Append(Unwrapped(text.Text.Decode()));
                    else
                        Words(inner, words);
                }

                break;
        }

        words.Append('\u0001');
    }

    private static string Unwrapped(string text)
    {
        if (Json.TryParse(text) is not { } json)
            return text;
        if (json.ValueKind == JsonValueKind.Object && json.EnumerateObject().Count() == 1 && (Json.Get(json, "result") ?? Json.Get(json, "output") ?? Json.Get(json, "error")) is { } inner)
            return inner.ValueKind == JsonValueKind.String ? Unwrapped(inner.GetString()!) : Json.Canonical(inner);
        return Json.Canonical(json);
    }

    private static string? Describe(ChatPart part, Dictionary<string, int> ids)
    {
        string mark = part.Mark is { } cache ? cache.Hour ? " [1h]" : " [5m]" : "";
        return part switch
        {
            TextPart text => text.Text.IsEmpty && text.Proof is null ? null : $"text {text.Text}{mark} {Describe(text.Proof)}",
            RefusalPart refusal => $"refusal {refusal.Text}",
            MediaPart media => $"{media.Kind} {media.Source} {media.Value} {media.Type}{mark}",
            ToolCallPart call => $"call {Number(call.Id)} {call.Name} {Schema(call.Arguments)} {Describe(call.Proof)}",
            ToolResultPart result => $"result {Number(result.CallId)} {(result.IsError ? "error " : "")}{string.Join('/', result.Parts.Select(p => Describe(p, ids)))}{mark}",
            ReasoningPart reasoning => $"reasoning {reasoning.Text} {Describe(reasoning.Proof)}",
            _ => part.ToString(),
        };

        int Number(WireText id)
        {
            string plain = id.Decode();
            return ids.TryGetValue(plain, out int number) ? number : ids[plain] = ids.Count;
        }
    }

    private static string Describe(KeptProof? proof) => proof is null ? "" : $"{proof.Origin} {proof.Kind} {proof.Data}";

    private static string Schema(ReadOnlyMemory<byte> json) => json.IsEmpty ? "" : Json.Canonical(Encoding.UTF8.GetString(json.Span)) ?? "(no JSON)";

    private static string Value(Setting setting)
    {
        // One stop sequence may be a string or a list of one.
        string json = Json.Canonical(Encoding.UTF8.GetString(setting.Json.Span)) ?? "(no JSON)";
        return setting.Parameter == Parameter.Stop && json.StartsWith('"') ? $"[{json}]" : json;
    }
}
