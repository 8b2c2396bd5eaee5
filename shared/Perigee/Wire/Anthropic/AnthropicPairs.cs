namespace Perigee.Wire.Anthropic;

/// <summary>
/// Gives every call its result, in the message right behind it and before anything else there, in the order of the calls. Ids are brought into
/// Anthropic's form and made unique.
/// </summary>
internal static class AnthropicPairs
{
    /// <summary>Matches calls and results.</summary>
    public static void Match(List<AnthropicDraft> drafts)
    {
        Dictionary<string, List<int>> calls = Calls(drafts);
        if (calls.Count == 0 && !drafts.Exists(draft => draft.Parts.Exists(part => part is ToolResultPart)))
            return;
        Dictionary<string, List<Answer>> answers = Answers(drafts);
        Dictionary<string, int> seen = [];
        List<(int After, List<ChatPart> Results)> placed = [];
        for (int i = 0; i < drafts.Count; i++)
        {
            List<ChatPart>? results = null;
            List<ChatPart> parts = drafts[i].Parts;
            for (int j = 0; j < parts.Count; j++)
            {
                if (parts[j] is not ToolCallPart call)
                    continue;
                string id = AnthropicIds.Of(call.Id.Escaped.Span);
                int time = seen[id] = seen.GetValueOrDefault(id) + 1;

                // A call's result is the first behind it that no other call has, up to the next call that bears the same id.
                int until = calls[id].Find(at => at > i) is var next and > 0 ? next : int.MaxValue;
                Answer? answer = answers.GetValueOrDefault(id)?.Find(candidate => !candidate.Taken && candidate.At > i && candidate.At <= until);
                WireText sent = WireText.Of(time == 1 ? id : AnthropicIds.Again(id, time));
                parts[j] = call with { Id = sent };
                ToolResultPart result = answer?.Result
                    ?? new ToolResultPart(sent, [new TextPart(WireText.Of("No result was given."), call.Place)], call.Place) { IsError = true };
                if (answer is not null)
                    answer.Taken = true;
                (results ??= []).Add(result with { CallId = sent });
            }

            if (results is not null)
                placed.Add((i, results));
        }

        Strip(drafts, answers);
        for (int k = placed.Count - 1; k >= 0; k--)
        {
            (int after, List<ChatPart> results) = placed[k];
            if (after + 1 == drafts.Count || drafts[after + 1].Role != Role.User)
                drafts.Insert(after + 1, new AnthropicDraft(Role.User, drafts[after].Place));
            drafts[after + 1].Parts.InsertRange(0, results);
        }
    }

    /// <summary>By id, in which messages it is called.</summary>
    private static Dictionary<string, List<int>> Calls(List<AnthropicDraft> drafts)
    {
        Dictionary<string, List<int>> calls = [];
        for (int i = 0; i < drafts.Count; i++)
        {
            foreach (ChatPart part in drafts[i].Parts)
            {
                if (part is not ToolCallPart call)
                    continue;
                string id = AnthropicIds.Of(call.Id.Escaped.Span);
                if (!calls.TryGetValue(id, out List<int>? places))
                    calls[id] = places = [];
                places.Add(i);
            }
        }

        return calls;
    }

    private static Dictionary<string, List<Answer>> Answers(List<AnthropicDraft> drafts)
    {
        Dictionary<string, List<Answer>> answers = [];
        for (int i = 0; i < drafts.Count; i++)
        {
            foreach (ChatPart part in drafts[i].Parts)
            {
                if (part is not ToolResultPart result)
                    continue;
                string id = AnthropicIds.Of(result.CallId.Escaped.Span);
                if (!answers.TryGetValue(id, out List<Answer>? list))
                    answers[id] = list = [];
                list.Add(new Answer(i, result));
            }
        }

        return answers;
    }

    /// <summary>Takes the results out of their places. One whose call nobody made is told in words; a second one for the same call is none.</summary>
    private static void Strip(List<AnthropicDraft> drafts, Dictionary<string, List<Answer>> answers)
    {
        for (int i = 0; i < drafts.Count; i++)
        {
            List<ChatPart> parts = drafts[i].Parts;
            for (int j = 0; j < parts.Count; j++)
            {
                if (parts[j] is not ToolResultPart result)
                    continue;
                List<Answer> same = answers[AnthropicIds.Of(result.CallId.Escaped.Span)];
                parts.RemoveAt(j);
                if (!same.Exists(answer => answer.Taken))
                {
                    List<ChatPart> words = AnthropicHistory.Result(result);
                    parts.InsertRange(j, words);
                    j += words.Count;
                }

                j--;
            }
        }
    }

    private sealed class Answer(int at, ToolResultPart result)
    {
        public int At { get; } = at;

        public ToolResultPart Result { get; } = result;

        public bool Taken { get; set; }
    }
}
