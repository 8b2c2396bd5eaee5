namespace Perigee.Wire.Anthropic;

/// <summary>
/// Which cache marks are sent: Anthropic takes four, and none for an hour behind one for five minutes. Of more, the first (the part of the prompt
/// that all conversations share) and the last three are kept.
/// </summary>
internal sealed class AnthropicCacheMarks
{
    private const int Most = 4;

    private readonly Dictionary<object, bool> _hour = new(ReferenceEqualityComparer.Instance);

    /// <summary>Decides.</summary>
    /// <param name="tools">The tools.</param>
    /// <param name="turns">The conversation.</param>
    /// <param name="automatic">Whether the request bears a mark of its own, which counts as one.</param>
    public AnthropicCacheMarks(List<ChatTool> tools, AnthropicTurns turns, bool automatic)
    {
        List<(object On, CacheMark Mark)> all = [];
        foreach (ChatTool tool in tools)
            Add(tool, tool.Mark);
        foreach (TextPart part in turns.System)
            Add(part, part.Mark);
        foreach (AnthropicDraft draft in turns.Drafts)
        {
            foreach (ChatPart part in draft.Parts)
            {
                if (part is not ReasoningPart)
                    Add(part, part.Mark);
            }
        }

        int most = automatic ? Most - 1 : Most;
        if (all.Count > most)
            all.RemoveRange(1, all.Count - most);
        bool hour = true;
        foreach ((object on, CacheMark mark) in all)
        {
            hour &= mark.Hour;
            _hour[on] = hour;
        }

        void Add(object on, CacheMark? mark)
        {
            if (mark is not null)
                all.Add((on, mark));
        }
    }

    /// <summary>Writes the mark of something that has one.</summary>
    public void Write(AnthropicJson json, object on)
    {
        if (_hour.TryGetValue(on, out bool hour))
            json.Raw("cache_control"u8, hour ? "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"u8 : "{\"type\":\"ephemeral\"}"u8);
    }
}
