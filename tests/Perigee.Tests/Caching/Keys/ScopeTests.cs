using Perigee.Caching.Keys;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Keys;

/// <summary>The last user turn apart from the rest.</summary>
public sealed class ScopeTests
{
    private const string Question = """{"messages":[{"role":"system","content":"S"},{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"Last"}],"temperature":0.5}""";

    [Fact]
    public void The_last_text_is_not_in_the_scope()
    {
        QuestionParts one = KeyRig.Read(DialectFamily.OpenAi, Question);
        QuestionParts two = KeyRig.Read(DialectFamily.OpenAi, Question.Replace("Last", "Another, longer text", StringComparison.Ordinal));
        Assert.Equal("Last", one.LastText);
        Assert.Equal("Another, longer text", two.LastText);
        Assert.Equal(one.Scope, two.Scope);
        Assert.NotEqual(one.Hash, two.Hash);
        Assert.NotEqual(one.Hash, one.Scope);
        Assert.Equal((3, 0.5, false, false, false), (one.Turns, one.Temperature, one.HasTools, one.HasMedia, one.Multiple));
    }

    [Theory]
    [InlineData("\"S\"", "\"S2\"")]
    [InlineData("\"A\"", "\"A2\"")]
    [InlineData("\"B\"", "\"B2\"")]
    [InlineData("0.5", "0.6")]
    [InlineData("0.5", "0.5,\"seed\":1")]
    [InlineData("0.5", "0.5,\"whatever\":1")]
    [InlineData("\"system\"", "\"developer\"")]
    [InlineData("\"Last\"", "\"Last\",\"name\":\"Ann\"")]
    [InlineData("{\"role\":\"assistant\",\"content\":\"B\"},", "")]
    public void Everything_else_is(string from, string to)
    {
        QuestionParts one = KeyRig.Read(DialectFamily.OpenAi, Question);
        QuestionParts two = KeyRig.Read(DialectFamily.OpenAi, Question.Replace(from, to, StringComparison.Ordinal));
        Assert.Equal("Last", two.LastText);
        Assert.NotEqual(one.Scope, two.Scope);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"A"},{"type":"text","text":"B"}]}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"A"},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"A","odd":1}]}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"A"},"odd"]}""")]
    [InlineData("""{"messages":[{"role":"system","content":"A"}]}""")]
    [InlineData("""{"messages":[]}""")]
    [InlineData("""{"messages":[{"role":"narrator","content":"A"}]}""")]
    public void Other_ends_have_no_last_text(string body)
    {
        QuestionParts parts = KeyRig.Read(DialectFamily.OpenAi, body);
        Assert.Null(parts.LastText);
        Assert.Null(parts.Scope);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"A"}],"tools":[{"type":"function","function":{"name":"f"}}]}""", true, false, false)]
    [InlineData("""{"messages":[{"role":"user","content":"A"}],"functions":[{"name":"f"}]}""", true, false, false)]
    [InlineData("""{"messages":[{"role":"tool","tool_call_id":"1","content":"A"}]}""", true, false, false)]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]}""", false, true, false)]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA=="}}]}]}""", false, true, false)]
    [InlineData("""{"messages":[{"role":"user","content":"A"}],"n":2}""", false, false, true)]
    [InlineData("""{"messages":[{"role":"user","content":"A"}],"n":1,"tools":[],"temperature":1}""", false, false, false)]
    public void What_it_holds_is_told(string body, bool tools, bool media, bool multiple)
    {
        QuestionParts parts = KeyRig.Read(DialectFamily.OpenAi, body);
        Assert.Equal((tools, media, multiple), (parts.HasTools, parts.HasMedia, parts.Multiple));
    }

    [Fact]
    public void The_dialects_have_one_scope()
    {
        QuestionParts o = KeyRig.Read(DialectFamily.OpenAi, """{"messages":[{"role":"system","content":"S"},{"role":"user","content":"L\u00e4st"}],"temperature":1}""");
        QuestionParts a = KeyRig.Read(DialectFamily.Anthropic, """{"system":"S","messages":[{"role":"user","content":[{"text":"Läst","type":"text"}]}],"temperature":1}""");
        QuestionParts g = KeyRig.Read(DialectFamily.Gemini, """{"contents":[{"parts":[{"text":"Läst"}]}],"systemInstruction":{"parts":[{"text":"S"}]}}""");
        Assert.Equal(("Läst", 1.0), (o.LastText, o.Temperature));
        Assert.Equal(o, a);
        Assert.Equal(o with { Temperature = null }, g);
    }
}
