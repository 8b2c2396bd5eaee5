using System.Text;
using System.Text.Json;
using CsCheck;
using Perigee.Caching;
using Perigee.Wire;

namespace Perigee.Tests.Caching;

public sealed class QuestionKeyTests
{
    [Theory]
    [InlineData("""{"a":1,"b":{"c":2,"d":3}}""", """{ "b" : {"d":3,"c":2}, "a":1 }""")]
    [InlineData("""{"m":"tab\t\u00e4/"}""", """{"m":"tab\u0009ä\/"}""")]
    [InlineData("""{"m":"x","user":"u1","metadata":{"k":"v"}}""", """{"m":"x","user":"u2"}""")]
    public void Spelling_does_not_matter(string left, string right) => Assert.Equal(Hash(left), Hash(right));

    [Theory]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""")]
    [InlineData("""{"a":1}""", """{"a":"1"}""")]
    [InlineData("""{"a":"x","b":"y"}""", """{"a":"x\",\"b\":\"y"}""")]
    [InlineData("""{"a":{"user":"u1"}}""", """{"a":{"user":"u2"}}""")]
    [InlineData("""{"a":"x "}""", """{"a":"x"}""")]
    [InlineData("""{"stream":true}""", """{"stream":false}""")]
    [InlineData("""{"a":["b","c"]}""", """{"a":["bc"]}""")]
    public void Everything_else_does(string left, string right) => Assert.NotEqual(Hash(left), Hash(right));

    [Fact]
    public void Any_permutation_of_members_at_any_depth_has_one_key()
    {
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            Random random = new(seed);
            object tree = Tree(random, 0);
            string one = Write(tree, new Random(1), Shuffled: true);
            string two = Write(tree, new Random(2), Shuffled: true);
            Assert.Equal(Hash("{\"q\":" + one + "}"), Hash("{ \"q\" : " + two + " }"));
        }, iter: 500);
    }

    private static string Hash(string json)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(json), out JsonIndex? index, out string? fault), fault);
        using (index)
            return QuestionKey.Hash(index);
    }

    private static object Tree(Random random, int depth) => (depth > 3 ? 2 : random.Next(4)) switch
    {
        0 => Enumerable.Range(0, random.Next(5)).ToDictionary(i => "n" + i + (char)random.Next(0x80, 0x500), _ => Tree(random, depth + 1)),
        1 => Enumerable.Range(0, random.Next(4)).Select(_ => Tree(random, depth + 1)).ToList(),
        2 => "s" + random.Next() + "\n\"" + (char)random.Next(0x80, 0x500),
        _ => random.Next(),
    };

    private static string Write(object tree, Random order, bool Shuffled) => tree switch
    {
        Dictionary<string, object> members => "{" + string.Join(", ", members.OrderBy(_ => order.Next()).Select(m => JsonSerializer.Serialize(m.Key) + ":" + Write(m.Value, order, Shuffled))) + "}",
        List<object> items => "[" + string.Join(" ,", items.Select(item => Write(item, order, Shuffled))) + "]",
        _ => order.Next(2) == 0 ? JsonSerializer.Serialize(tree) : JsonSerializer.Serialize(tree, Relaxed),
    };

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
