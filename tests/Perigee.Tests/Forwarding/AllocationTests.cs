using System.Collections.Frozen;
using System.Text;
using Perigee.Caching;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Forwarding;

/// <summary>Bytes hold still where times do not: what every request and every event may allocate.</summary>
public sealed class AllocationTests
{
    private static readonly byte[] Question = Encoding.UTF8.GetBytes(
        """{"model":"openai/gpt-5-mini","stream":true,"messages":[{"role":"system","content":"You are terse.\nOne line."},{"role":"user","content":"What is it called?"}],"temperature":0.2}""");

    private static readonly byte[] Plain = "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}"u8.ToArray();
    private static readonly byte[] Spaced = "{ \"id\": \"c\", \"choices\": [ { \"index\": 0, \"delta\": { \"content\": \" word\" }, \"finish_reason\": null } ] }"u8.ToArray();
    private static readonly byte[] Usage = "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}"u8.ToArray();
    private static readonly byte[] Frame = [.. "event: x\ndata: "u8, .. Plain, .. "\n\n"u8];

    [Fact]
    public void An_event_of_a_stream_costs_nothing()
    {
        IAnswerReader reader = OpenAiChatDialect.Chat.Reader(new AnswerFacts());
        reader.ReadEvent([], Plain);
        Assert.Equal(0, Allocated(() =>
        {
            reader.ReadEvent([], Plain);
            reader.ReadEvent([], Spaced);
            reader.ReadEvent([], Usage);
            int scanned = 0;
            SseFrame.TryRead(Frame, false, ref scanned, out _);
        }));
    }

    [Fact]
    public void A_question_costs_its_index_and_its_key()
    {
        Assert.InRange(Allocated(() =>
        {
            Assert.True(JsonIndex.TryParse(Question, out JsonIndex? index, out _));
            index!.Dispose();
        }), 0, 96);
        Assert.True(JsonIndex.TryParse(Question, out JsonIndex? kept, out _));

        // The hash in hex, and nothing else.
        Assert.InRange(Allocated(() => QuestionKey.Hash(kept!)), 0, 160);
        FrozenSet<string> some = FrozenSet.Create("logit_bias");
        Assert.InRange(Allocated(() => JsonSplice.Apply(kept!, new("gpt-5-mini", true, some), out _)), 0, 384);
    }

    /// <summary>Bytes of one call, once it is warm.</summary>
    private static long Allocated(Action act)
    {
        for (int i = 0; i < 200; i++)
            act();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            act();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
    }
}
