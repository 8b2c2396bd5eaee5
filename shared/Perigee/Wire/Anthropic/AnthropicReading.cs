namespace Perigee.Wire.Anthropic;

/// <summary>What the readers of one question share.</summary>
/// <param name="question">The question that is being filled.</param>
/// <param name="seal">Opens proofs of other providers.</param>
internal sealed class AnthropicReading(ChatQuestion question, ProofSeal seal)
{
    /// <summary>The question that is being filled.</summary>
    public ChatQuestion Question { get; } = question;

    /// <summary>Opens proofs of other providers.</summary>
    public ProofSeal Seal { get; } = seal;

    /// <summary>The names of the tools by the ids of their calls.</summary>
    public Dictionary<string, WireText> Calls { get; } = [];

    /// <summary>Notes a member that has no place of its own.</summary>
    public void Set(Parameter parameter, string field, AnthropicNode value) => Question.Settings.Add(new Setting(parameter, field, value.Raw));

    /// <summary>Notes a member that this gateway does not know.</summary>
    public void Unknown(string path, AnthropicNode.Member member) => Set(Parameter.Unknown, $"{path}.{member.Name.Decode()}", member.Value);

    /// <summary>An error of the client's, in the form in which Anthropic names a field.</summary>
    public static GatewayError Fault(string path, string what) => new(ErrorKind.BadRequest, $"{path}: {what}", path);

    /// <summary>A mark for the prompt cache.</summary>
    public static GatewayError? Mark(AnthropicNode value, Func<string> path, out CacheMark? mark)
    {
        mark = null;
        if (!value.IsObject)
            return Fault(path(), "Must be an object such as {\"type\":\"ephemeral\"}.");
        AnthropicNode type = value.Find("type"u8);
        if (!type.IsString || !type.Is("ephemeral"u8))
            return Fault($"{path()}.type", "Must be \"ephemeral\".");
        AnthropicNode ttl = value.Find("ttl"u8);
        if (ttl.Exists && (!ttl.IsString || !(ttl.Is("5m"u8) || ttl.Is("1h"u8))))
            return Fault($"{path()}.ttl", "Must be \"5m\" or \"1h\".");
        mark = new CacheMark(ttl.Exists && ttl.Is("1h"u8));
        return null;
    }
}
