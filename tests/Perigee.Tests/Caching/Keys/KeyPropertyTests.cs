using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Caching;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Keys;

/// <summary>What changes a key and what does not, over recorded questions.</summary>
public sealed class KeyPropertyTests(ITestOutputHelper output)
{
    private const int Seed = 5;

    private static readonly (DialectFamily Dialect, string Member)[] Defaults =
    [
        (DialectFamily.OpenAi, "\"n\":1"), (DialectFamily.OpenAi, "\"temperature\":1.0"), (DialectFamily.OpenAi, "\"top_p\":1"), (DialectFamily.OpenAi, "\"presence_penalty\":0"),
        (DialectFamily.OpenAi, "\"frequency_penalty\":0.0"), (DialectFamily.OpenAi, "\"logprobs\":false"), (DialectFamily.OpenAi, "\"parallel_tool_calls\":true"),
        (DialectFamily.OpenAi, "\"response_format\":{\"type\":\"text\"}"), (DialectFamily.OpenAi, "\"store\":false"), (DialectFamily.OpenAi, "\"logit_bias\":{}"),
        (DialectFamily.OpenAi, "\"seed\":null"), (DialectFamily.OpenAi, "\"stop\":null"), (DialectFamily.OpenAi, "\"tools\":[]"), (DialectFamily.OpenAi, "\"stream\":true"),
        (DialectFamily.Anthropic, "\"temperature\":1"), (DialectFamily.Anthropic, "\"stop_sequences\":[]"), (DialectFamily.Anthropic, "\"tools\":[]"), (DialectFamily.Anthropic, "\"stream\":true"),
        (DialectFamily.Gemini, "\"safetySettings\":[]"), (DialectFamily.Gemini, "\"tools\":null"), (DialectFamily.Gemini, "\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"AUTO\"}}"),
    ];

    [Fact]
    public void Any_leaf_that_counts_changes_the_key()
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        output.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        int leaves = 0;
        HashSet<string> faults = [];
        foreach ((DialectFamily dialect, JsonElement body) in Requests.Recorded())
        {
            string before = KeyRig.Hash(dialect, body.GetRawText());
            JsonNode tree = JsonNode.Parse(body.GetRawText(), null, new JsonDocumentOptions { MaxDepth = 256 })!;
            var all = Requests.Leaves(dialect, tree).ToList();
            foreach ((string path, Action<JsonNode?> set, JsonNode? value) in all.OrderBy(_ => random.Next()).Take(12))
            {
                set(Requests.Other(value));
                if (KeyRig.Hash(dialect, tree.ToJsonString()) == before)
                    faults.Add($"{dialect} {path}: {value?.ToJsonString() ?? "null"}");
                set(value?.DeepClone());
                leaves++;
            }
        }

        output.WriteLine($"{leaves} leaves");
        Assert.True(faults.Count == 0, string.Join('\n', faults.Take(30)));
        Assert.True(leaves > 20_000);
    }

    [Fact]
    public void Order_space_escapes_numbers_and_defaults_do_not()
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        output.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        int count = 0;
        HashSet<string> faults = [];
        foreach ((DialectFamily dialect, JsonElement body) in Requests.Recorded())
        {
            string before = KeyRig.Hash(dialect, body.GetRawText());
            string other = Requests.Respelled(body, random);
            if (KeyRig.Hash(dialect, other) != before)
                faults.Add($"{dialect} {body.GetRawText()[..Math.Min(300, body.GetRawText().Length)]}");
            foreach ((_, string member) in Defaults.Where(d => d.Dialect == dialect))
            {
                string name = member.Split('"')[1];
                if (body.EnumerateObject().Any(m => m.Name.Replace("_", "", StringComparison.Ordinal).Equals(name.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase)))
                    continue;
                if (KeyRig.Hash(dialect, other.TrimEnd('}') + new string('}', other.Length - other.TrimEnd('}').Length - 1) + "," + member + "}") != before)
                    faults.Add($"{dialect} + {member}");
            }

            count++;
        }

        output.WriteLine($"{count} questions");
        Assert.True(faults.Count == 0, string.Join('\n', faults.Take(20)));
        Assert.True(count > 3_000);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"a","content":"b"}]}""", """{"messages":[{"role":"user","content":"b"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"a","content":null}]}""", """{"messages":[{"role":"user","content":"a"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":["a"]}]}""", """{"messages":[{"role":"user","content":"a"}]}""")]
    [InlineData("""{"messages":["a"]}""", """{"messages":[{"role":"user","content":"a"}]}""")]
    [InlineData("""{"messages":"a"}""", """{"messages":["a"]}""")]
    [InlineData("""{"messages":[],"max_tokens":1,"max_completion_tokens":2}""", """{"messages":[],"max_tokens":2,"max_completion_tokens":1}""")]
    [InlineData("""{"messages":[],"n":"2"}""", """{"messages":[],"n":2}""")]
    [InlineData("""{"messages":[],"x":"\ud800"}""", """{"messages":[],"x":"\\ud800"}""")]
    [InlineData("""{"messages":[],"temperature":1.00000000000000000001}""", """{"messages":[],"temperature":1}""")]
    [InlineData("""{"messages":[],"x":1e99999999999}""", """{"messages":[],"x":1e99999999998}""")]
    [InlineData("""{"messages":[{"role":"system","content":"a"}]}""", """{"messages":[{"role":"developer","content":"a"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}""", """{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}""")]
    [InlineData("""{"messages":[],"tools":[{"type":"function","function":{}}]}""", """{"messages":[],"tools":[{"type":"function"}]}""")]
    [InlineData("""{"messages":[],"tool_choice":"auto"}""", """{"messages":[],"tool_choice":"none"}""")]
    public void Odd_bodies_have_keys_of_their_own(string left, string right)
    {
        Assert.NotEqual(KeyRig.Hash(DialectFamily.OpenAi, left), KeyRig.Hash(DialectFamily.OpenAi, right));
        Assert.NotEqual(KeyRig.Hash(DialectFamily.Anthropic, left), KeyRig.Hash(DialectFamily.Anthropic, right));
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"x"}]},{"role":"user","content":"y"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"x"}]},{"role":"user","content":[{"type":"text","text":"y"}]},{"role":"user","content":[]}]}""")]
    [InlineData("""{"messages":[{"role":"system","content":"x"},{"role":"user","content":"y"}]}""")]
    public void A_message_divided_otherwise_is_another_question(string left)
    {
        string[] others =
        [
            """{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"x"},{"type":"text","text":"y"}]}]}""",
            """{"messages":[{"role":"user","content":"y"}],"system":"x"}""",
        ];
        foreach (string right in others)
            Assert.NotEqual(KeyRig.Hash(DialectFamily.Anthropic, left), KeyRig.Hash(DialectFamily.Anthropic, right));
    }

    [Fact]
    public void An_operation_is_part_of_the_question()
    {
        Operation one = Perigee.Front.Operations.All.Single(o => o.Name == "embeddings");
        Operation two = Perigee.Front.Operations.All.Single(o => o.Name == "moderations");
        Assert.True(JsonIndex.TryParse("{\"input\":\"x\",\"model\":\"m\",\"user\":\"u\"}"u8.ToArray(), out JsonIndex? left, out _));
        Assert.True(JsonIndex.TryParse("{\"user\":\"v\",\"input\":\"x\"}"u8.ToArray(), out JsonIndex? right, out _));
        Assert.Equal(QuestionKey.Hash(one, left), QuestionKey.Hash(one, right));
        Assert.NotEqual(QuestionKey.Hash(one, left), QuestionKey.Hash(two, left));
    }

    [Fact]
    public void Many_members_and_deep_ones_cost_little()
    {
        string many = "{\"messages\":[],\"x\":{" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"m{50_000 - i}\":0")) + "}}";
        string deep = "{\"messages\":[{\"role\":\"user\",\"content\":" + new string('[', 120) + new string(']', 120) + "}]}";
        Assert.NotEqual(KeyRig.Hash(DialectFamily.OpenAi, many), KeyRig.Hash(DialectFamily.Anthropic, many));
        Assert.NotEqual(KeyRig.Hash(DialectFamily.OpenAi, deep), KeyRig.Hash(DialectFamily.Anthropic, deep));
    }

    [Fact]
    public void A_key_costs_its_text()
    {
        byte[] body = Encoding.UTF8.GetBytes("""{"model":"openai/gpt-5-mini","stream":true,"messages":[{"role":"system","content":"You are terse.\nOne line."},{"role":"user","content":"What is it called?"}],"temperature":0.2}""");
        Assert.True(JsonIndex.TryParse(body, out JsonIndex? index, out _));
        for (int i = 0; i < 20_000; i++)
            QuestionKey.Hash(KeyRig.Chat, index);
        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int i = 0; i < 10_000; i++)
            QuestionKey.Hash(KeyRig.Chat, index);
        double micros = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMicroseconds / 10_000;
        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 10_000;
        output.WriteLine($"{micros:0.00} us, {bytes} bytes");
        Assert.InRange(bytes, 0, 200);
    }
}
