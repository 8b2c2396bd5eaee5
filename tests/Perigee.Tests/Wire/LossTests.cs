using System.Buffers;
using System.Text;
using Perigee.Forwarding;
using Perigee.Wire;

namespace Perigee.Tests.Wire;

/// <summary>What another gateway's goldens showed to be lost without a word is named.</summary>
public sealed class LossTests
{
    [Theory]
    [InlineData("OpenAi", "Anthropic",
        """{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{"type":"integer","minimum":1,"multipleOf":2}}}}}}""",
        "minimum,multipleOf")]
    [InlineData("Anthropic", "Gemini",
        """{"max_tokens":9,"messages":[{"role":"user","content":"x"}],"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":2,"allowed_domains":["a.example"]}]}""",
        "max_uses,allowed_domains")]
    public void Is_named_member_by_member_and_refused_where_nothing_may_be_lost(string asked, string told, string body, string members)
    {
        (DialectFamily from, DialectFamily to) = (Enum.Parse<DialectFamily>(asked), Enum.Parse<DialectFamily>(told));
        foreach (bool strict in (bool[])[false, true])
        {
            Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out _));
            using (index)
            {
                ProofSeal seal = new(new byte[32], "t");
                Assert.True(Dialects.Of(from).TryRead(index, new QuestionContext(false, seal), out ChatQuestion? question, out _));
                Translation translation = new("m", ModelTraits.Plain) { Strict = strict };
                GatewayError? error = Dialects.Of(to).Write(question, translation, new ArrayBufferWriter<byte>());
                string[] wanted = members.Split(',');
                if (strict)
                    Assert.Contains(error!.Param![(error.Param!.LastIndexOf('.') + 1)..], wanted);
                else
                    Assert.All(wanted, one => Assert.Contains(translation.Dropped, field => field.EndsWith("." + one, StringComparison.Ordinal)));
            }
        }
    }

    [Fact]
    public void Names_that_are_no_text_do_no_harm_in_a_schema()
    {
        const string Body = """{"max_tokens":9,"messages":[{"role":"user","content":"x"}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a\\ud800":{"type":"string"}},"required":["b"],"additionalProperties":false}}}}""";
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(Body.Replace("\\\\", "\\", StringComparison.Ordinal)), out JsonIndex? index, out _));
        using (index)
        {
            foreach (DialectFamily to in (DialectFamily[])[DialectFamily.OpenAi, DialectFamily.Gemini])
            {
                Assert.True(Dialects.Of(DialectFamily.Anthropic).TryRead(index, new QuestionContext(false, new ProofSeal(new byte[32], "t")), out ChatQuestion? question, out _));
                Dialects.Of(to).Write(question, new Translation("m", ModelTraits.Plain), new ArrayBufferWriter<byte>());
            }
        }
    }
}
