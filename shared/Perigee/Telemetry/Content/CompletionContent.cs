using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Telemetry.Content;

/// <summary>What OpenAI's older completions are asked and answer: a prompt is what a user says, and a choice what the model does.</summary>
internal static class CompletionContent
{
    /// <summary>Writes them.</summary>
    public static void Write(Activity span, Exchange exchange, JsonIndex body, AnswerTap tap, ContentBudget budget)
    {
        using JsonDocument document = ContentJson.Parse(body.Json);
        JsonElement prompt = ContentJson.Member(document.RootElement, "prompt");
        using MessageWriter asked = new(budget);
        foreach (string text in (IEnumerable<string>)(ContentJson.Text(prompt) is { } one ? [one] : ContentJson.Items(prompt).Select(ContentJson.Text).OfType<string>()))
        {
            if (asked.IsFull)
                break;
            asked.Begin("user");
            asked.Text(text);
            asked.End();
        }

        span.SetTag(ContentAttributes.Input, asked.Close());
        SortedDictionary<int, (StringBuilder Text, string? Finish)> choices = [];
        if (AnswerTap.IsEvents(exchange.Http.Response))
        {
            foreach (JsonDocument chunk in ContentJson.Events(tap.Bytes))
                Take(chunk.RootElement);
        }
        else if (!tap.Cut && exchange.Http.Response.StatusCode == 200)
        {
            using JsonDocument whole = ContentJson.Parse(tap.Bytes);
            Take(whole.RootElement);
        }

        if (choices.Count == 0)
            return;
        using MessageWriter answered = new(budget);
        foreach ((StringBuilder text, string? finish) in choices.Values)
        {
            answered.Begin("assistant");
            answered.Text(text.ToString());
            answered.End(finish is "stop" or "length" or "content_filter" ? finish : "error");
        }

        span.SetTag(ContentAttributes.Output, answered.Close());

        void Take(JsonElement answer)
        {
            foreach (JsonElement choice in ContentJson.Items(ContentJson.Member(answer, "choices")))
            {
                JsonElement at = ContentJson.Member(choice, "index");
                int index = at.ValueKind == JsonValueKind.Number && at.TryGetInt32(out int told) ? told : 0;
                (StringBuilder text, string? finish) = choices.TryGetValue(index, out var known) ? known : (new StringBuilder(), null);
                text.Append(ContentJson.Text(choice, "text"));
                choices[index] = (text, ContentJson.Text(choice, "finish_reason") ?? finish);
            }
        }
    }
}
