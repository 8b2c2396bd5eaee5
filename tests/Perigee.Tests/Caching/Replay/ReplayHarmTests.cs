using System.Text;
using Perigee.Caching;
using Perigee.Caching.Replay;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Replay;

/// <summary>Damaged bytes do no harm, and recorded answers of real providers are served or missed for a reason.</summary>
public sealed class ReplayHarmTests(ITestOutputHelper output)
{
    private const int Seed = 20261124;
    private const int Mutations = 20_000;
    private const int Sample = 260;

    private static readonly string[] Words = ["null", "{}", "[]", "\"\"", "-1", "\\ud800", "\n\n", "\r\n", "data: ", "[DONE]", "]", "}", "\"index\":64", "\"index\":-1", "\"error\":{\"message\":\"x\"}", "[[[["];

    [Fact]
    public void Damaged_bytes_never_throw_and_what_is_served_reads_back()
    {
        output.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        List<CachedAnswer> starts = [.. from c in Cassettes.All from f in Cassette.Of(c.Dialect) select c.Kept(f)];
        int served = 0;
        for (int i = 0; i < Mutations; i++)
        {
            CachedAnswer start = starts[random.Next(starts.Count)];
            CachedAnswer damaged = start with { Body = Damage(start.Body.Span, random) };
            AnswerForm asked = Cassette.Forms[random.Next(Cassette.Forms.Length)];
            if (asked == start.Form || Cassette.Render(damaged, asked, out Unsayable why) is not { } rendered)
                continue;
            served++;
            Told again = Dialects.Tell(asked.Dialect, rendered.Body.Span, Cassette.FramingOf(asked));
            Assert.True(again.Complete && again.Ended, $"{start.Form} as {asked} ({why}):\n{Encoding.UTF8.GetString(damaged.Body.Span)}\n{Encoding.UTF8.GetString(rendered.Body.Span)}");
        }

        output.WriteLine($"{served} of {Mutations} still say something whole");
        Assert.InRange(served, 1, Mutations / 2);
    }

    [Fact]
    public void Cut_streams_are_misses()
    {
        foreach (Cassette cassette in Cassettes.All)
        {
            foreach (AnswerForm form in Cassette.Of(cassette.Dialect))
            {
                CachedAnswer kept = cassette.Kept(form);

                // The last finish word stands in the second half: before it nothing can be whole.
                foreach (int cut in (int[])[kept.Body.Length / 5, kept.Body.Length / 3, kept.Body.Length / 2])
                {
                    foreach (AnswerForm asked in Cassette.Forms.Where(f => f != form && f != form with { Usage = !form.Usage }))
                        Assert.True(Cassette.Render(kept with { Body = kept.Body[..cut] }, asked, out _) is null, $"{cassette}, {form} cut at {cut} as {asked}");
                }
            }
        }
    }

    [Fact]
    public void Recorded_answers_are_given_in_every_form_or_missed_for_a_reason()
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        output.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        HashSet<string> reviewed = [.. File.ReadLines(Repository.Path("tests", "Perigee.Tests", "Wire", "Proof", "disagreements.txt")).Where(l => l.Contains(": ", StringComparison.Ordinal)).Select(l => l[..l.IndexOf(": ", StringComparison.Ordinal)])];
        List<Recorded> answers = [.. Recorded.Answers.Where(r => r.Answer!.Length < 60_000)];
        SortedDictionary<string, int> counts = [];
        List<string> faults = [];
        foreach (Recorded recorded in random.GetItems(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(answers), Sample).Distinct())
        {
            AnswerForm form = new(recorded.Dialect, recorded.Framing != Framing.Whole, recorded.Framing == Framing.Array, recorded.Dialect == Dialects.OpenAi && recorded.Framing == Framing.Sse);
            Told source = Dialects.Tell(recorded.Dialect, recorded.Answer, recorded.Framing);
            if (!source.Complete || !source.Ended)
                continue;
            CachedAnswer kept = Cassette.Keep(recorded.Answer!, form);
            foreach (AnswerForm asked in Cassette.Forms.Where(f => f != form))
            {
                RenderedAnswer? rendered = Cassette.Render(kept, asked, out Unsayable why);
                string way = $"{(form.Dialect == asked.Dialect ? "same dialect" : "other dialect")} {why}";
                counts[way] = counts.GetValueOrDefault(way) + 1;
                bool listed = reviewed.Contains($"cross:{form.Dialect}:{asked.Dialect} {recorded.Name}") || reviewed.Contains($"again:{form.Dialect} {recorded.Name}");
                if (rendered is null && why is Unsayable.NoSuchForm or Unsayable.NotWhole)
                    faults.Add($"{recorded.Name} as {asked}: {why}");
                else if (rendered is not null && !listed && Replayed.Fault(kept, source, rendered, asked) is { } fault)
                    faults.Add($"{recorded.Name} as {asked}: {fault}");
            }
        }

        output.WriteLine(string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}")));
        Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(12).Select(f => f[..Math.Min(f.Length, 1500)]))}");
    }

    private static byte[] Damage(ReadOnlySpan<byte> bytes, Random random)
    {
        List<byte> damaged = [.. bytes];
        for (int n = random.Next(1, 4); n > 0 && damaged.Count > 0; n--)
        {
            int at = random.Next(damaged.Count), length = Math.Min(damaged.Count - at, random.Next(1, 40));
            switch (random.Next(5))
            {
                case 0:
                    damaged.RemoveRange(at, length);
                    break;
                case 1:
                    damaged.InsertRange(at, damaged.GetRange(at, length));
                    break;
                case 2:
                    damaged[at] = (byte)random.Next(256);
                    break;
                case 3:
                    damaged.InsertRange(at, Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)]));
                    break;
                default:
                    damaged.RemoveRange(at, damaged.Count - at);
                    break;
            }
        }

        return [.. damaged];
    }
}
