using System.Buffers;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Wire.OpenAiChat;

/// <summary>Questions read and written.</summary>
internal static class Asked
{
    public static ChatQuestion Read(string body)
    {
        bool read = TryRead(body, out ChatQuestion? question, out GatewayError? error);
        Assert.True(read, error?.Message);
        return question!;
    }

    public static bool TryRead(string body, out ChatQuestion? question, out GatewayError? error)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out string? fault), fault);
        return OpenAiChatDialect.Chat.TryRead(index, new QuestionContext(null, Heard.Seal), out question, out error);
    }

    /// <summary>The turns of messages, one a line, their parts after them.</summary>
    public static string Turns(string messages) => Show(Read($$"""{"model":"m","messages":{{messages}}}"""));

    public static string Show(ChatQuestion question)
    {
        StringBuilder shown = new();
        foreach (ChatTurn turn in question.Turns)
        {
            shown.Append(turn.Role.ToString().ToLowerInvariant()).Append(turn.Name.IsEmpty ? "" : " " + turn.Name).Append('\n');
            foreach (ChatPart part in turn.Parts)
                shown.Append("  ").Append(Show(part)).Append('\n');
        }

        return shown.ToString().TrimEnd('\n');
    }

    /// <summary>What is written for a question, or the error's field and message.</summary>
    public static string Write(ChatQuestion question, ModelTraits? traits, out Translation translation, bool strict = false, bool askUsage = false)
    {
        string first = Once(question, traits ?? ModelTraits.Plain, out translation, strict, askUsage);
        Assert.Equal(first, Once(question, traits ?? ModelTraits.Plain, out _, strict, askUsage));
        return first;
    }

    public static string Write(ChatQuestion question, ModelTraits? traits = null) => Write(question, traits, out _);

    /// <summary>A question of an application in another dialect.</summary>
    public static ChatQuestion Of(params ReadOnlySpan<ChatTurn> turns)
    {
        ChatQuestion question = new("anthropic");
        foreach (ChatTurn turn in turns)
            question.Turns.Add(turn);
        return question;
    }

    public static ChatTurn Turn(Role role, params ReadOnlySpan<ChatPart> parts)
    {
        List<ChatPart> list = [];
        for (int i = 0; i < parts.Length; i++)
            list.Add(parts[i] with { Place = new Place(7, i) });
        return new ChatTurn(role, list, new Place(7, -1));
    }

    public static TextPart Text(string text, bool marked = false) => new(WireText.Of(text), default) { Mark = marked ? new CacheMark(true) : null };

    public static MediaPart Media(MediaKind kind, MediaSource source, string value, string type = "", string name = "") =>
        new(kind, source, WireText.Of(value), WireText.Of(type), default) { Name = WireText.Of(name) };

    public static ToolCallPart Call(string id, string name, string arguments = "{}", KeptProof? proof = null) =>
        new(WireText.Of(id), WireText.Of(name), Encoding.UTF8.GetBytes(arguments), default) { Proof = proof };

    public static ToolResultPart Result(string id, params ReadOnlySpan<ChatPart> parts) => new(WireText.Of(id), [.. parts.ToArray()], default);

    public static ReasoningPart Reasoning(string text, KeptProof? proof = null) => new(WireText.Of(text), proof, default);

    public static KeptProof Proof(ProofOrigin origin, ProofKind kind, string data) => new(origin, kind, WireText.Of(data));

    /// <summary>The messages that are written for turns.</summary>
    public static string Messages(ModelTraits? traits, params ReadOnlySpan<ChatTurn> turns) => Member(Write(Of(turns), traits), "messages");

    /// <summary>What is written behind the messages for a question that is otherwise only "Hi".</summary>
    public static string Rest(Action<ChatQuestion> change, ModelTraits? traits, out Translation translation, bool strict = false, bool askUsage = false)
    {
        ChatQuestion question = Of(Turn(Role.User, Text("Hi")));
        change(question);
        return Write(question, traits, out translation, strict, askUsage).Replace("""{"model":"m","messages":[{"role":"user","content":"Hi"}],""", "{", StringComparison.Ordinal)
            .Replace("""{"model":"m","messages":[{"role":"user","content":"Hi"}]}""", "{}", StringComparison.Ordinal);
    }

    public static string Rest(Action<ChatQuestion> change, ModelTraits? traits = null) => Rest(change, traits, out _);

    public static string Member(string json, string name)
    {
        if (!json.StartsWith('{'))
            return json;
        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(json);
        return document.RootElement.GetProperty(name).GetRawText();
    }

    private static string Show(ChatPart part)
    {
        string mark = part.Mark is null ? "" : part.Mark.Hour ? " (1h)" : " (5m)";
        return part switch
        {
            TextPart text => $"text '{text.Text}'{Show(text.Proof)}",
            RefusalPart refusal => $"refusal '{refusal.Text}'",
            ReasoningPart reasoning => $"reasoning '{reasoning.Text}'{Show(reasoning.Proof)}",
            MediaPart media => $"{media.Kind} {media.Source} {media.Type} '{media.Value}' {media.Name}{media.Detail}".TrimEnd(),
            ToolCallPart call => $"call {call.Id} {call.Name} {Encoding.UTF8.GetString(call.Arguments.Span)}{Show(call.Proof)}",
            ToolResultPart result => $"result of {result.CallId} {result.Name}: {string.Join(", ", result.Parts.Select(Show))}",
            _ => part.ToString(),
        } + mark;
    }

    private static string Show(KeptProof? proof) =>
        proof is null ? "" : $" [{proof.Origin} {proof.Kind} {proof.Data}{(proof.CallId.IsEmpty ? "" : " of " + proof.CallId)}]";

    private static string Once(ChatQuestion question, ModelTraits traits, out Translation translation, bool strict, bool askUsage)
    {
        ArrayBufferWriter<byte> output = new();
        translation = new Translation("m", traits) { Strict = strict, AskUsage = askUsage };
        GatewayError? error = OpenAiChatDialect.Chat.Write(question, translation, output);
        if (error is null)
            return Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.Equal(0, output.WrittenCount);
        Assert.Equal(400, error.Status);
        return $"{error.Param}: {error.Message}";
    }
}
