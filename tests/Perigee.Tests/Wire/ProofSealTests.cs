using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Tests.Wire;

public sealed class ProofSealTests
{
    private static readonly byte[] Key = Encoding.UTF8.GetBytes("0123456789abcdef0123456789abcdef");
    private static readonly ProofSeal Seal = new(Key, "tenant");

    [Theory]
    [InlineData("EqoBCkgIARAB", "")]
    [InlineData("a/b+c==", "call_1")]
    [InlineData("", "x")]
    public void What_was_wrapped_is_opened_by_the_same_gateway_for_the_same_tenant(string data, string call)
    {
        byte[] envelope = Wrap(ProofOrigin.Google, ProofKind.OnCall, data, call);
        Assert.True(ProofSeal.IsEnvelope(envelope));
        Convert.FromBase64String(Encoding.ASCII.GetString(envelope));
        KeptProof proof = Seal.Open(envelope)!;
        Assert.Equal((ProofOrigin.Google, ProofKind.OnCall, data, call), (proof.Origin, proof.Kind, proof.Data.Decode(), proof.CallId.Decode()));
        Assert.Null(new ProofSeal(Key, "other").Open(envelope));
        Assert.Null(new ProofSeal([.. Key.Reverse()], "tenant").Open(envelope));
    }

    [Fact]
    public void Every_changed_byte_and_every_cut_is_seen()
    {
        byte[] envelope = Wrap(ProofOrigin.Anthropic, ProofKind.Signature, "EqoBCkgIARAB", "call_1");
        for (int i = 0; i < envelope.Length; i++)
        {
            byte[] changed = [.. envelope];
            changed[i] = changed[i] == (byte)'A' ? (byte)'B' : (byte)'A';
            Assert.Null(Seal.Open(changed));
            Assert.Null(Seal.Open(envelope.AsSpan(0, i)));
        }
    }

    [Theory]
    [InlineData("""{"messages":[{"content":[{"type":"thinking","thinking":"","signature":"OWN"}, {"type":"text","text":"x"}]}],"n":1.0}""",
        """{"messages":[{"content":[{"type":"thinking","thinking":"","signature":"sig/own"}, {"type":"text","text":"x"}]}],"n":1.0}""")]
    [InlineData("""{"messages":[{"content":[{"type":"thinking","thinking":"","signature":"OTHER"} , {"type":"text","text":"x"}]}]}""",
        """{"messages":[{"content":[ {"type":"text","text":"x"}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"text","text":"x"}, {"type":"redacted_thinking","data":"OTHER"}]}]}""",
        """{"messages":[{"content":[{"type":"text","text":"x"}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"signature":"FALSE","type":"thinking"},{"type":"text","text":"a"},{"type":"thinking","signature":"OTHER"}]}]}""",
        """{"messages":[{"content":[{"type":"text","text":"a"}]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"text","text":"a"}, {"type":"thinking","signature":"OTHER"}, {"type":"thinking","signature":"OTHER"} ]}]}""",
        """{"messages":[{"content":[{"type":"text","text":"a"} ]}]}""")]
    [InlineData("""{"messages":[{"content":[{"type":"thinking","signature":"OTHER"}, {"type":"thinking","signature":"OTHER"}]}]}""",
        """{"messages":[{"content":[]}]}""")]
    [InlineData("""{"messages":[{"content":"OWN"}],"metadata":{"user_id":"OTHER"}}""", null)]
    public void Of_a_question_to_anthropic_only_foreign_seals_go(string json, string? expected) => Check(json, expected, DialectFamily.Anthropic);

    [Theory]
    [InlineData("""{"contents":[{"parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"OWN"}]}]}""",
        """{"contents":[{"parts":[{"functionCall":{"name":"f","args":{}}}]}]}""")]
    [InlineData("""{"contents":[{"parts":[{"thoughtSignature":"OTHER","text":"t"},{"text":"","thought":true,"thoughtSignature":"OWN"}]}]}""",
        """{"contents":[{"parts":[{"thoughtSignature":"sig/other","text":"t"}]}]}""")]
    public void Of_a_question_to_google_a_part_that_says_something_stays(string json, string expected) => Check(json, expected, DialectFamily.Gemini);

    private static void Check(string json, string? expected, DialectFamily family)
    {
        string own = Encoding.ASCII.GetString(Wrap(ProofOrigin.Anthropic, ProofKind.Signature, "sig/own", ""));
        string other = Encoding.ASCII.GetString(Wrap(ProofOrigin.Google, ProofKind.OnText, "sig/other", ""));
        json = json.Replace("OWN", own, StringComparison.Ordinal).Replace("OTHER", other, StringComparison.Ordinal).Replace("FALSE", "cGVyaWcxAAAA", StringComparison.Ordinal);
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(json), out JsonIndex? index, out _));
        using (index)
        {
            byte[]? body = ProofSplice.Rewrite(index, family, Seal);
            Assert.Equal(expected, body is null ? null : Encoding.UTF8.GetString(body));
            if (body is not null)
                JsonDocument.Parse(body).Dispose();
        }
    }

    private static byte[] Wrap(ProofOrigin origin, ProofKind kind, string data, string call) => Seal.Wrap(
        new Proof(origin, kind, new JsonText(Encoding.UTF8.GetBytes(data))) { CallId = new JsonText(Encoding.UTF8.GetBytes(call)) });
}
