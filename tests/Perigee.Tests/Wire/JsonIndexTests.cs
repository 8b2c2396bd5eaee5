using System.Collections.Frozen;
using System.Text;
using CsCheck;
using Perigee.Wire;

namespace Perigee.Tests.Wire;

public sealed class JsonIndexTests
{
    [Theory]
    [InlineData("""{"model":"m","stream":true}""", "m")]
    [InlineData("""{"a":{"model":"inner"},"model":"outer"}""", "outer")]
    [InlineData("""{"mod\u0065l":"esc\u0061ped"}""", "escaped")]
    [InlineData("""{"x":[{"model":"no"}]}""", null)]
    [InlineData("""{"model":7}""", null)]
    public void Finds_top_level_strings(string json, string? expected)
    {
        using JsonIndex index = Parse(json);
        Assert.Equal(expected is not null, index.TryGetTopLevelString("model"u8, out string? model));
        Assert.Equal(expected, model);
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("{\"a\":}", "line 1, byte 6")]
    [InlineData("{\n\"a\": tru}", "line 2")]
    [InlineData("{} {}", "JSON")]
    [InlineData("""{"model":"a","model":"b"}""", "'model' stands twice")]
    [InlineData("""{"model":"a","mod\u0065l":"b"}""", "'model' stands twice")]
    public void Says_where_the_fault_is(string json, string expected)
    {
        Assert.False(JsonIndex.TryParse(Encoding.UTF8.GetBytes(json), out _, out string? fault));
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_what_is_no_utf8()
    {
        Assert.False(JsonIndex.TryParse((byte[])[.. "{\"a\":\""u8, 0xC3, .. "\"}"u8], out _, out string? fault));
        Assert.Contains("UTF-8", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_nesting_beyond_its_depth_without_overflow()
    {
        string deep = "{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}";
        Assert.False(JsonIndex.TryParse(Encoding.UTF8.GetBytes(deep), out _, out _));
    }

    [Theory]
    [InlineData("""{"model":"m", "max_tokens" : 5,"x":1}""", """{"model":"m", "max_completion_tokens" : 5,"x":1}""", "")]
    [InlineData("""{"max_tokens":5,"max_completion_tokens":6}""", """{"max_completion_tokens":6}""", "max_tokens")]
    [InlineData("""{"messages":[{"role":"developer","content":"developer"},{"content":"x","role" : "developer"},{"role":"user"}],"role":"developer"}""",
        """{"messages":[{"role":"system","content":"developer"},{"content":"x","role" : "system"},{"role":"user"}],"role":"developer"}""", "")]
    [InlineData("""{"messages":"developer"}""", """{"messages":"developer"}""", "")]
    public void Renames_only_what_has_another_name_there(string json, string expected, string left)
    {
        using JsonIndex index = Parse(json);
        SpliceWishes wishes = new(null, false, FrozenSet<string>.Empty) { Renames = [new("max_tokens", "max_completion_tokens")], DeveloperAsSystem = true };
        List<ReadOnlyMemory<byte>> parts = JsonSplice.Apply(index, wishes, out IReadOnlyList<string> dropped);
        Assert.Equal(expected, string.Concat(parts.Select(part => Encoding.UTF8.GetString(part.Span))));
        Assert.Equal(left, string.Join(",", dropped));
    }

    [Theory]
    [InlineData("""{ "model" : "a" , "n":1.0 }""", "b", "", false, """{ "model" : "b" , "n":1.0 }""")]
    [InlineData("""{"model":"a","seed":1,"z":2}""", null, "seed", false, """{"model":"a","z":2}""")]
    [InlineData("""{"seed":1,"model":"a"}""", "b", "seed", false, """{"model":"b"}""")]
    [InlineData("""{"model":"a","seed":1}""", "b", "seed", false, """{"model":"b"}""")]
    [InlineData("""{"model":"a", "seed":1, "user":"u"}""", null, "seed,user", false, """{"model":"a"}""")]
    [InlineData("""{"seed":1,"user":"u"}""", null, "seed,user", false, """{}""")]
    [InlineData("""{"seed":1,"user":"u"}""", null, "seed,user", true, """{"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"model":"a"}""", null, "", true, """{"model":"a","stream_options":{"include_usage":true}}""")]
    [InlineData("""{"model":"a","stream_options":{}}""", null, "", true, """{"model":"a","stream_options":{"include_usage":true}}""")]
    [InlineData("""{"stream_options":{"x":1},"model":"a"}""", "b", "", true, """{"stream_options":{"include_usage":true,"x":1},"model":"b"}""")]
    [InlineData("""{"stream_options":{"include_usage":false}}""", null, "", true, """{"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"stream_options":null,"model":"a"}""", null, "", true, """{"stream_options":{"include_usage":true},"model":"a"}""")]
    [InlineData("""{"model":"a,b","seed":1}""", "c,", "seed", false, """{"model":"c,"}""")]
    public void Splices_only_what_must_change(string json, string? model, string refuses, bool usage, string expected)
    {
        using JsonIndex index = Parse(json);
        FrozenSet<string> refused = refuses.Split(',', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet();
        List<ReadOnlyMemory<byte>> parts = JsonSplice.Apply(index, new(model, usage, refused), out IReadOnlyList<string> dropped);
        Assert.Equal(expected, string.Concat(parts.Select(part => Encoding.UTF8.GetString(part.Span))));
        Assert.Equal(refused.Order(), dropped.Order());
    }

    [Theory]
    [InlineData("""{"max_tokens":500,"a":1}""", "max_completion_tokens", """{"max_tokens":20,"a":1}""")]
    [InlineData("""{"max_completion_tokens":500}""", "max_tokens", """{"max_completion_tokens":20}""")]
    [InlineData("""{"max_output_tokens": null ,"a":1}""", "max_output_tokens", """{"max_output_tokens": 20 ,"a":1}""")]
    [InlineData("""{"a":1}""", "max_tokens", """{"a":1,"max_tokens":20}""")]
    [InlineData("{}", "max_tokens", """{"max_tokens":20}""")]
    [InlineData("""{"generationConfig":{"maxOutputTokens":500,"topK":1}}""", "maxOutputTokens", """{"generationConfig":{"maxOutputTokens":20,"topK":1}}""")]
    [InlineData("""{"generation_config":{"max_output_tokens":500}}""", "maxOutputTokens", """{"generation_config":{"max_output_tokens":20}}""")]
    [InlineData("""{"generationConfig":{"topK":1}}""", "maxOutputTokens", """{"generationConfig":{"maxOutputTokens":20,"topK":1}}""")]
    [InlineData("""{"generationConfig":{}}""", "maxOutputTokens", """{"generationConfig":{"maxOutputTokens":20}}""")]
    [InlineData("""{"contents":[]}""", "maxOutputTokens", """{"contents":[],"generationConfig":{"maxOutputTokens":20}}""")]
    public void A_longest_answer_is_put_where_the_body_says_it_or_else_where_it_is_said(string json, string field, string expected)
    {
        using JsonIndex index = Parse(json);
        List<ReadOnlyMemory<byte>> parts = JsonSplice.Apply(index, new(null, false, FrozenSet<string>.Empty) { MaxOutput = new(20, field) }, out _);
        Assert.Equal(expected, string.Concat(parts.Select(part => Encoding.UTF8.GetString(part.Span))));
    }

    [Fact]
    public void A_longest_answer_goes_with_all_the_other_changes()
    {
        using JsonIndex index = Parse("""{"max_tokens":500,"model":"m","seed":1}""");
        SpliceWishes wishes = new("new", true, FrozenSet.Create("seed")) { Renames = [new("max_tokens", "max_completion_tokens")], MaxOutput = new(20, "max_completion_tokens") };
        List<ReadOnlyMemory<byte>> parts = JsonSplice.Apply(index, wishes, out _);
        Assert.Equal("""{"max_completion_tokens":20,"model":"new","stream_options":{"include_usage":true}}""", string.Concat(parts.Select(part => Encoding.UTF8.GetString(part.Span))));
    }

    [Fact]
    public void Splice_of_any_members_stays_valid_json()
    {
        Gen<string> name = Gen.OneOf("model", "a", "b", "c", "stream_options", "d,e", "f\"g");
        Gen<string> value = Gen.OneOf("1", "\"x\"", "\"y,\"", "{}", "[1, 2]", "null", " {\"include_usage\" : false} ");
        Gen.Select(Gen.Select(name, value).Array[0, 7], Gen.OneOf("", " ", "\n"), Gen.Bool).Sample((members, space, usage) =>
        {
            var distinct = members.DistinctBy(member => member.Item1).ToArray();
            string json = "{" + string.Join("," + space, distinct.Select(m => System.Text.Json.JsonSerializer.Serialize(m.Item1) + space + ":" + m.Item2)) + space + "}";
            using JsonIndex index = Parse(json);
            var parts = JsonSplice.Apply(index, new("new", usage, FrozenSet.Create("a", "c", "f\"g")), out _);
            string spliced = string.Concat(parts.Select(part => Encoding.UTF8.GetString(part.Span)));
            using var document = System.Text.Json.JsonDocument.Parse(spliced);
            var names = document.RootElement.EnumerateObject().Select(member => member.Name).ToHashSet();
            Assert.DoesNotContain("a", names);
            Assert.Equal(distinct.Any(m => m.Item1 == "b"), names.Contains("b"));
            if (usage)
                Assert.True(document.RootElement.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
            if (distinct.Any(m => m.Item1 == "model"))
                Assert.Equal("new", document.RootElement.GetProperty("model").GetString());
        }, iter: 3000);
    }

    private static JsonIndex Parse(string json)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(json), out JsonIndex? index, out string? fault), fault);
        return index!;
    }
}
