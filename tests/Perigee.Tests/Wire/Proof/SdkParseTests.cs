using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Perigee.Testing;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>The vendors' own SDKs read what the writers write: every recorded answer (without the corpus: the golden files' own) in every other dialect.</summary>
public sealed class SdkParseTests(ITestOutputHelper output)
{
    /// <summary>Node reads these in order in one process; the rest of them would only say the same more slowly.</summary>
    private const int MostForAPair = 800;

    [Fact]
    public async Task The_official_sdks_read_what_is_written()
    {
        await NodeTools.EnsureInstalledAsync();
        string folder = Directory.CreateTempSubdirectory("perigee-sdk").FullName;
        try
        {
            List<(Told Source, string From, string To, bool Stream, string Name)> entries = Render(folder);
            Stopwatch time = Stopwatch.StartNew();
            List<JsonElement> seen = await ParseAsync(Path.Combine(folder, "manifest.json"));
            output.WriteLine($"{entries.Count} bodies read by the SDKs in {time.Elapsed.TotalSeconds:0.0} s");
            Assert.Equal(entries.Count, seen.Count);
            Dictionary<string, (int Same, int Not)> table = [];
            List<string> faults = [];
            for (int i = 0; i < entries.Count; i++)
            {
                (Told source, string from, string to, bool stream, string name) = entries[i];
                string? fault = Differs(source, from, to, stream, seen[i]);
                string way = $"{from} to {to}, {(stream ? "stream" : "whole")}";
                (int same, int not) = table.GetValueOrDefault(way);
                table[way] = fault is null ? (same + 1, not) : (same, not + 1);
                if (fault is not null)
                    faults.Add($"{way}, {name}: {fault}");
            }

            foreach ((string way, (int same, int not)) in table.OrderBy(t => t.Key, StringComparer.Ordinal))
                output.WriteLine($"{way}: {same} the same, {not} not");
            Assert.True(faults.Count == 0, $"{faults.Count} of {entries.Count}\n{string.Join('\n', faults.Take(25))}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<(Told Source, string From, string To, bool Stream, string Name)> Render(string folder)
    {
        List<(Told, string, string, bool, string)> entries = [];
        List<object> manifest = [];
        foreach ((string from, string to) in Dialects.Pairs)
        {
            int count = 0;
            foreach ((string name, byte[] bytes, Framing framing) in Inputs(from))
            {
                Told source = Dialects.Tell(from, bytes, framing);
                if (!source.Complete || source.Choices.Count == 0)
                    continue;
                if (count++ == MostForAPair)
                    break;
                foreach (bool stream in (bool[])[true, false])
                {
                    byte[] written = Dialects.Render(from, bytes, framing, to, Dialects.Shape(stream));
                    string file = Path.Combine(folder, entries.Count.ToString(CultureInfo.InvariantCulture));
                    File.WriteAllBytes(file, written);
                    manifest.Add(new { name = entries.Count.ToString(CultureInfo.InvariantCulture), dialect = to, stream, file });
                    entries.Add((source, from, to, stream, name));
                }
            }
        }

        File.WriteAllText(Path.Combine(folder, "manifest.json"), JsonSerializer.Serialize(manifest));
        return entries;
    }

    private static IEnumerable<(string Name, byte[] Bytes, Framing Framing)> Inputs(string from)
    {
        foreach (Golden golden in Golden.Names.Select(Golden.Load).Where(g => g.From == from && g["ends"] is null))
        {
            if (golden.Section("answer-stream") is { } stream)
                yield return (golden.Name, Encoding.UTF8.GetBytes(stream + "\n\n"), stream.StartsWith('[') ? Framing.Array : Framing.Sse);
            if (golden.Section("answer-whole") is { } whole)
                yield return (golden.Name, Encoding.UTF8.GetBytes(whole), Framing.Whole);
        }

        if (!Corpus.IsHere)
            yield break;
        foreach (Recorded recorded in Recorded.Answers.Where(r => r.Dialect == from).OrderByDescending(r => r.Framing != Framing.Whole).ThenBy(r => r.Name, StringComparer.Ordinal))
            yield return (recorded.Name, recorded.Answer!, recorded.Framing);
    }

    private static string? Differs(Told source, string from, string to, bool stream, JsonElement seen)
    {
        ToldChoice choice = source.First;

        // A model's broken arguments go into a stream as they are: there the SDKs fail on them as on Anthropic's own.
        bool broken = choice.Calls.Any(c => Json.TryParse(c.Arguments) is not { ValueKind: JsonValueKind.Object });
        if (Json.Text(seen, "error") is { } error)
            return broken ? null : error;
        string said = choice.Text + choice.Refusal, read = Json.Text(seen, "text") + (choice.Refusal.Length > 0 ? Json.Text(seen, "refusal") : "");
        // A picture or sound that the target has no place for is marked in the text.
        if (said != read && !(choice.Blocks.Any(b => b.Kind == BlockKind.Media) && read.StartsWith(said, StringComparison.Ordinal)))
            return $"text {said} was {read}";
        if (Json.Text(seen, "reasoning") is { } reasoning && Squeezed(reasoning) != Squeezed(choice.Reasoning))
            return $"reasoning {choice.Reasoning} was {reasoning}";
        JsonElement[] calls = [.. Json.Items(seen, "calls")];
        if (calls.Length != choice.Calls.Count)
            return $"{choice.Calls.Count} calls, {calls.Length} read";
        for (int i = 0; i < calls.Length && !broken; i++)
        {
            // JavaScript's numbers are doubles.
            if (Json.Text(calls[i], "name") != choice.Calls[i].Name || !Alike(Json.TryParse(Json.Text(calls[i], "args")!), Json.TryParse(choice.Calls[i].Arguments)))
                return $"call {choice.Calls[i].Describe(true)} was {calls[i]}";
        }

        string? finish = Json.Text(seen, "finish");
        if (string.IsNullOrEmpty(finish))
            return "no finish";
        if (choice.Calls.Count > 0 && choice.Finish is FinishReason.ToolCalls && finish is not ("tool_calls" or "tool_use" or "STOP"))
            return $"finish {choice.Finish} was {finish}";
        TokenUsage usage = source.LastUsage ?? default;
        return usage.Input != Json.Number(seen, "input") || usage.Output != Json.Number(seen, "output")
            ? $"usage {usage} was {Json.Number(seen, "input")}, {Json.Number(seen, "output")} ({from}, {stream})"
            : null;
    }

    private static bool Alike(JsonElement? one, JsonElement? other)
    {
        if (one is not { } a || other is not { } b)
            return false;
        return a.ValueKind == b.ValueKind && a.ValueKind switch
        {
            JsonValueKind.Number => Math.Abs(a.GetDouble() - b.GetDouble()) <= Math.Abs(a.GetDouble()) * 1e-12,
            JsonValueKind.Object => a.EnumerateObject().Count() == b.EnumerateObject().Count() && a.EnumerateObject().All(m => b.TryGetProperty(m.Name, out JsonElement value) && Alike(m.Value, value)),
            JsonValueKind.Array => a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray()).All(p => Alike(p.First, p.Second)),
            _ => JsonElement.DeepEquals(a, b),
        };
    }

    private static string Squeezed(string text) => text.Replace("\n", "", StringComparison.Ordinal);

    private static async Task<List<JsonElement>> ParseAsync(string manifest)
    {
        using Process node = NodeTools.Start(["clients/parse.mjs", manifest]);
        Task<string> errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        List<JsonElement> seen = [];
        try
        {
            while (await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60)) is { } line)
                seen.Add(Json.Parse(line));
            await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(90));
        }
        finally
        {
            if (!node.HasExited)
                node.Kill();
        }

        Assert.True(node.ExitCode == 0, await errors);
        return seen;
    }
}
