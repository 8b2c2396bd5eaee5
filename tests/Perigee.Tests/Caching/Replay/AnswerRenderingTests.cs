using System.Text;
using Perigee.Caching;
using Perigee.Caching.Replay;
using Perigee.Tests.Wire.Proving;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Replay;

/// <summary>One entry serves all dialects and both shapes: every answer in every form, from every form.</summary>
public sealed class AnswerRenderingTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_answer_says_the_same_in_every_form_or_is_a_miss_for_its_reason()
    {
        List<string> faults = [];
        SortedDictionary<string, int> told = [];
        foreach (Cassette cassette in Cassettes.All)
        {
            foreach (AnswerForm form in Cassette.Of(cassette.Dialect))
            {
                CachedAnswer kept = cassette.Kept(form);
                Told source = Dialects.Tell(form.Dialect, kept.Body.Span, Cassette.FramingOf(form));
                Assert.True(source.Complete && source.Ended, $"{cassette} as {form} is no answer");
                foreach (AnswerForm asked in Cassette.Forms)
                {
                    RenderedAnswer? rendered = Cassette.Render(kept, asked, out Unsayable why);
                    string what = $"{cassette}, {form} as {asked}: ";
                    told[why.ToString()] = told.GetValueOrDefault(why.ToString()) + 1;
                    if (why != Due(cassette, form, asked))
                        faults.Add($"{what}{why} where {Due(cassette, form, asked)} is due");
                    else if (rendered is not null && form != asked && Replayed.Fault(kept, source, rendered, asked) is { } fault)
                        faults.Add(what + fault);
                }
            }
        }

        output.WriteLine(string.Join(", ", told.Select(t => $"{t.Key} {t.Value}")));
        Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(25))}");
    }

    [Fact]
    public void There_and_back_says_the_same()
    {
        List<string> faults = [];
        foreach (Cassette cassette in Cassettes.All)
        {
            foreach (AnswerForm form in Cassette.Of(cassette.Dialect))
            {
                CachedAnswer kept = cassette.Kept(form);
                Told source = Dialects.Tell(form.Dialect, kept.Body.Span, Cassette.FramingOf(form));
                foreach (AnswerForm asked in Cassette.Forms)
                {
                    if (form == asked || Cassette.Render(kept, asked, out _) is not { } there)
                        continue;
                    CachedAnswer between = kept with { Body = there.Body, Form = asked };
                    if (Cassette.Render(between, form, out Unsayable why) is not { } back)
                    {
                        faults.Add($"{cassette}, {form} as {asked}: not back, {why}");
                        continue;
                    }

                    Told again = Dialects.Tell(form.Dialect, back.Body.Span, Cassette.FramingOf(form));
                    foreach ((int number, ToldChoice choice) in source.Choices)
                    {
                        // Text of a refusal stays text where there was no place for refusals; a stop sequence's name, too, is lost on such a way.
                        ToldChoice other = again.Choices[number];
                        if (choice.Text + choice.Refusal != other.Text + other.Refusal || choice.Reasoning != other.Reasoning || Calls(choice) != Calls(other) || Proofs(choice) != Proofs(other))
                            faults.Add($"{cassette}, {form} as {asked} and back, choice {number}:\n{source.Summary(false)}\n{again.Summary(false)}\n{Encoding.UTF8.GetString(there.Body.Span)}");
                    }
                }
            }
        }

        Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(10))}");

        static string Calls(ToldChoice choice) => string.Join(' ', choice.Calls.Select(c => $"{c.Name} {c.Arguments}"));
        static string Proofs(ToldChoice choice) => string.Join(' ', choice.Proofs.Select(p => $"{p.Origin} {p.ProofKind} {p.Value}"));
    }

    [Fact]
    public void Equal_forms_are_the_same_bytes()
    {
        foreach (Cassette cassette in Cassettes.All)
        {
            foreach (AnswerForm form in Cassette.Of(cassette.Dialect))
            {
                CachedAnswer kept = cassette.Kept(form);
                RenderedAnswer same = Cassette.Render(kept, form, out _)!;
                Assert.True(same.Body.Span == kept.Body.Span, "not even copied");
                Assert.Equal("as/kept", same.ContentType);
            }
        }
    }

    [Theory]
    [InlineData("openai", false)]
    [InlineData("completions", true)]
    public void Other_operations_are_replayed_in_their_own_form_only(string dialect, bool stream)
    {
        CachedAnswer kept = new("any bytes"u8.ToArray(), new AnswerForm(dialect, stream, false, false)) { ContentType = "a/b", StoredAt = Cassette.Then, Expires = Cassette.Then };
        Assert.Equal("any bytes"u8.ToArray(), Cassette.Render(kept, kept.Form, out _)!.Body.ToArray());
        foreach (AnswerForm asked in (AnswerForm[])[.. Cassette.Forms, kept.Form with { Stream = !stream }])
        {
            Assert.Null(Cassette.Render(kept, asked, out Unsayable why));
            Assert.Equal(Unsayable.NoSuchForm, why);
        }
    }

    [Fact]
    public void Legacy_completion_is_no_chat_though_it_shares_the_dialect()
    {
        CachedAnswer kept = Cassette.Keep("""{"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"""u8.ToArray(), Cassette.Forms[0]);
        foreach (AnswerForm asked in Cassette.Forms.Skip(1))
            Assert.Null(Cassette.Render(kept, asked, out _));
    }

    [Fact]
    public void Usage_that_the_stream_does_not_say_is_said_where_it_has_a_place()
    {
        Cassette plain = Cassettes.All[0];
        CachedAnswer silent = plain.Kept(Cassette.Forms[2]);
        Assert.Null(Dialects.Tell(Dialects.OpenAi, silent.Body.Span, Framing.Sse).LastUsage);
        foreach (AnswerForm asked in Cassette.Forms.Where(f => f != silent.Form))
        {
            Told again = Dialects.Tell(asked.Dialect, Cassette.Render(silent, asked, out _)!.Body.Span, Cassette.FramingOf(asked));
            Assert.Equal((120, 30, 20), (again.LastUsage!.Value.Input, again.LastUsage.Value.Output, again.LastUsage.Value.InputCacheRead));
        }

        // Nobody knows them: a fresh answer does.
        CachedAnswer unknown = silent with { Usage = null };
        foreach (AnswerForm asked in Cassette.Forms.Where(f => f.Dialect == Dialects.Anthropic || f.Usage))
        {
            Assert.Null(Cassette.Render(unknown, asked, out Unsayable why));
            Assert.Equal(Unsayable.Usage, why);
        }
    }

    [Fact]
    public void Stream_asked_without_usage_holds_none_and_is_else_the_same_chunks()
    {
        CachedAnswer kept = Cassettes.All[0].Kept(Cassette.Forms[1]);
        string with = Encoding.UTF8.GetString(kept.Body.Span);
        string without = Encoding.UTF8.GetString(Cassette.Render(kept, Cassette.Forms[2], out _)!.Body.Span);
        Assert.Contains("prompt_tokens", with, StringComparison.Ordinal);
        Assert.DoesNotContain("prompt_tokens", without, StringComparison.Ordinal);
        List<string> chunks = [.. with.Split("\n\n").Where(c => !c.StartsWith(':') && !c.Contains("prompt_tokens", StringComparison.Ordinal))];
        Assert.Equal(chunks, without.Split("\n\n"));
        Assert.Equal(1, Count(Encoding.UTF8.GetString(Cassette.Render(kept, new AnswerForm(Dialects.Anthropic, true, false, false), out _)!.Body.Span), "event: message_delta"));
        string again = Encoding.UTF8.GetString(Cassette.Render(kept with { Body = Encoding.UTF8.GetBytes(without), Form = Cassette.Forms[2] }, Cassette.Forms[1], out _)!.Body.Span);
        Assert.Equal(1, Count(again, "prompt_tokens\""));
        Assert.Contains("\"id\":\"chatcmpl-own1\",\"object\":\"chat.completion.chunk\",\"created\":1700000001,\"model\":\"gpt-x-2026\",\"choices\":[],\"usage\":{", again, StringComparison.Ordinal);
    }

    [Fact]
    public void Anthropic_opening_states_the_input_that_other_dialects_say_last()
    {
        CachedAnswer kept = Cassettes.All[0].Kept(Cassette.Forms[1]);
        string stream = Encoding.UTF8.GetString(Cassette.Render(kept, Cassette.Forms[4], out _)!.Body.Span);
        Assert.Contains("\"input_tokens\":100", stream[..stream.IndexOf("content_block_start", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_the_answers_own_and_the_time_is_when_it_was_made()
    {
        foreach (Cassette cassette in Cassettes.All.Where(c => c.Name == "plain"))
        {
            CachedAnswer kept = cassette.Kept(Cassette.Of(cassette.Dialect).First());
            foreach (AnswerForm asked in Cassette.Forms.Where(f => f != kept.Form))
            {
                Told again = Dialects.Tell(asked.Dialect, Cassette.Render(kept, asked, out _)!.Body.Span, Cassette.FramingOf(asked));
                Assert.Equal(kept.Model, again.Model);
                bool own = cassette.Dialect == asked.Dialect || asked.Dialect == Dialects.Gemini;
                Assert.Equal(own, again.Id.EndsWith("own1", StringComparison.Ordinal));
                Assert.Equal(!own, again.Id.EndsWith(Dialects.ExchangeId, StringComparison.Ordinal));
            }
        }

        CachedAnswer anthropic = Cassettes.All.First(c => c.Dialect == Dialects.Anthropic).Kept(Cassette.Forms[3]);
        Assert.Contains($"\"created\":{Cassette.Then.ToUnixTimeSeconds()}", Encoding.UTF8.GetString(Cassette.Render(anthropic, Cassette.Forms[0], out _)!.Body.Span), StringComparison.Ordinal);

        // What names no model is named by the entry.
        CachedAnswer nameless = anthropic with { Body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(anthropic.Body.Span).Replace("\"model\":\"claude-x-2026\",", "", StringComparison.Ordinal)) };
        Assert.Contains("\"model\":\"claude-x-2026\"", Encoding.UTF8.GetString(Cassette.Render(nameless, Cassette.Forms[0], out _)!.Body.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void Pings_and_comments_are_dropped_on_the_way_into_another_form()
    {
        CachedAnswer anthropic = Cassettes.All.First(c => c.Dialect == Dialects.Anthropic).Kept(Cassette.Forms[4]);
        Assert.Contains("ping", Encoding.UTF8.GetString(Cassette.Render(anthropic, Cassette.Forms[4], out _)!.Body.Span), StringComparison.Ordinal);
        CachedAnswer openAi = Cassettes.All[0].Kept(Cassette.Forms[1]);
        foreach (AnswerForm asked in Cassette.Forms)
        {
            if (asked != anthropic.Form)
                Assert.DoesNotContain("ping", Encoding.UTF8.GetString(Cassette.Render(anthropic, asked, out _)!.Body.Span), StringComparison.Ordinal);
            if (asked != openAi.Form)
                Assert.DoesNotContain("keeps the line", Encoding.UTF8.GetString(Cassette.Render(openAi, asked, out _)!.Body.Span), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Sealed_proof_reaches_another_dialect_as_its_makers_or_not_at_all()
    {
        // What a client of Anthropic's dialect got of a Gemini model: a thought's and a call's signature, sealed.
        string Body(ProofSeal seal)
        {
            string thought = Encoding.ASCII.GetString(seal.Wrap(new Proof(ProofOrigin.Google, ProofKind.Signature, new JsonText("dGhvdWdodA=="u8))));
            string call = Encoding.ASCII.GetString(seal.Wrap(new Proof(ProofOrigin.Google, ProofKind.OnCall, new JsonText("Y2FsbA=="u8)) { CallId = new JsonText("toolu_1"u8) }));
            return $$$"""{"id":"msg_1","type":"message","role":"assistant","model":"gemini-x","content":[{"type":"thinking","thinking":"Hm.","signature":"{{{thought}}}"},{"type":"thinking","thinking":"","signature":"{{{call}}}"},{"type":"tool_use","id":"toolu_1","name":"t","input":{}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}""";
        }

        CachedAnswer own = Cassette.Keep(Encoding.UTF8.GetBytes(Body(Dialects.Seal)), Cassette.Forms[3]);
        foreach (AnswerForm asked in Cassette.Forms.Where(f => f.Dialect != Dialects.Anthropic))
        {
            Told again = Dialects.Tell(asked.Dialect, Cassette.Render(own, asked, out _)!.Body.Span, Cassette.FramingOf(asked));
            again.AssertKept(asked.ToString());
            Assert.Equal(["Google Signature dGhvdWdodA==", "Google OnCall Y2FsbA=="], again.First.Proofs.Select(p => $"{p.Origin} {p.ProofKind} {p.Value}"));
        }

        // Another tenant's, or one of an older key.
        CachedAnswer strange = Cassette.Keep(Encoding.UTF8.GetBytes(Body(new ProofSeal("another key"u8.ToArray(), "tenant"))), Cassette.Forms[3]);
        foreach (AnswerForm asked in Cassette.Forms.Where(f => f.Dialect != Dialects.Anthropic))
            Assert.Empty(Dialects.Tell(asked.Dialect, Cassette.Render(strange, asked, out _)!.Body.Span, Cassette.FramingOf(asked)).First.Proofs);
        Assert.Equal(2, Dialects.Tell(Dialects.Anthropic, Cassette.Render(strange, Cassette.Forms[4], out _)!.Body.Span, Framing.Sse).First.Proofs.Count());
    }

    [Fact]
    public void Surrogates_that_chunks_cut_in_two_come_together()
    {
        string stream = """
            data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"\ud83d"}}]}

            data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"\ude80!"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}

            data: [DONE]


            """.ReplaceLineEndings("\n");
        CachedAnswer kept = Cassette.Keep(Encoding.UTF8.GetBytes(stream), Cassette.Forms[1]);
        foreach (AnswerForm asked in Cassette.Forms)
            Assert.Equal("🚀!", Dialects.Tell(asked.Dialect, Cassette.Render(kept, asked, out _)!.Body.Span, Cassette.FramingOf(asked)).First.Text);
    }

    /// <summary>What is lost where, by what the answer is about.</summary>
    private static Unsayable Due(Cassette cassette, AnswerForm form, AnswerForm asked)
    {
        bool same = form.Dialect == asked.Dialect;
        bool toAnthropic = asked.Dialect == Dialects.Anthropic;
        if (same && form.Stream == asked.Stream)
            return Unsayable.None;
        return (cassette.Name, asked.Dialect) switch
        {
            ("three choices" or "two candidates", Dialects.Anthropic) => Unsayable.Choices,
            ("logprobs", Dialects.Anthropic) => Unsayable.Logprobs,
            ("an image" or "a video", Dialects.Anthropic) or ("a video", Dialects.OpenAi) => Unsayable.Media,
            ("a call with bad arguments" or "a call with a list for arguments", not Dialects.OpenAi) => Unsayable.Arguments,
            ("a pause", not Dialects.Anthropic) or ("a malformed call", not Dialects.Gemini) => Unsayable.Ending,
            ("a file's citation" or "a document's citation" or "unknown content" or "code that ran", _) => Unsayable.Content,
            ("search", _) when same => Unsayable.Content,
            _ => Unsayable.None,
        };
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
