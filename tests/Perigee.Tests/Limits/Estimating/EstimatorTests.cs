using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Perigee.Front;
using Perigee.Limits.Estimating;
using Perigee.Routing;
using Perigee.Routing.Health;
using Perigee.Routing.Policies;
using Perigee.Tests.Configuration;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Limits.Estimating;

public sealed class EstimatorTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    private static readonly GatewayOptions Options = Settings.Read("""
        {"models":{"openai/dear":{"maxOutputTokens":8000,"price":{"input":10,"output":100,"reasoning":200,"cacheWrite":20,"tiers":[{"above":1000,"input":20,"output":200}]}},
                   "openai/cheap":{"maxOutputTokens":2000,"price":{"input":1,"output":2}}, "openai/nameless":{"as":"openai/gpt-4o"}},
         "aliases":{"mine":"openai/cheap"},
         "routes":{"both":{"targets":["openai/cheap","openai/dear"]}, "shaky":{"targets":["openai/cheap","openai/no-such-model-x"]}}}
        """, ("OPENAI_API_KEY", "sk-test"));

    private readonly OutputHistory _history = new();

    [Theory]
    [InlineData("chat", """{"max_tokens":50}""", 50, 1)]
    [InlineData("chat", """{"max_completion_tokens":60,"n":3}""", 60, 3)]
    [InlineData("responses", """{"max_output_tokens":70}""", 70, 1)]
    [InlineData("completions", """{"max_tokens":5,"best_of":4,"n":2}""", 5, 4)]
    [InlineData("messages", """{"max_tokens":80}""", 80, 1)]
    [InlineData("chat", """{"max_tokens":1000000}""", 2000, 1)]
    [InlineData("chat", "{}", 2000, 1)]
    [InlineData("chat", """{"max_tokens":"many"}""", 2000, 1)]
    [InlineData("chat", """{"max_tokens":-5}""", 2000, 1)]
    [InlineData("embeddings", """{"input":"x"}""", 0, 1)]
    [InlineData("messages.count_tokens", """{"max_tokens":80}""", 0, 1)]
    public void The_answer_is_taken_for_what_was_asked_for(string operation, string body, long output, long choices)
    {
        Estimate estimate = Of(operation, "openai/cheap", body);
        Assert.Equal((output, choices, output * choices), (estimate.Output, estimate.Choices, estimate.Amounts.OutputTokens));
    }

    [Fact]
    public void Without_a_word_the_keys_own_past_counts()
    {
        for (int i = 0; i < OutputHistory.LeastAnswers; i++)
            _history.Note("open", "openai/cheap", 100);
        Assert.InRange(Of("chat", "openai/cheap", "{}").Output, 100, 120);
        Assert.Equal(30, Of("chat", "openai/cheap", """{"max_tokens":30}""").Output);
        Assert.Equal(4096, Of("chat", "openai/dear", "{}").Output);
    }

    [Fact]
    public void The_money_is_that_of_the_dearest_target_in_reach()
    {
        Estimate cheap = Of("chat", "mine", """{"max_tokens":100}"""), both = Of("chat", "both", """{"max_tokens":100}""");
        Assert.Equal(cheap.Input + 200, cheap.Amounts.MicroDollars);

        // Reasoning is dearer than text, and what is written to a cache dearer than what is read: either may happen.
        Assert.Equal((both.Input * 20) + 20_000, both.Amounts.MicroDollars);
        Assert.Null(both.Unpriced);
        Assert.Equal(cheap.Amounts.MicroDollars, Of("chat", "openai/cheap", """{"max_tokens":100}""").Amounts.MicroDollars);
    }

    [Fact]
    public void Long_questions_are_priced_by_their_tier()
    {
        Estimate estimate = Of("chat", "openai/dear", $$"""{"max_tokens":10,"messages":[{"role":"user","content":"{{string.Concat(Enumerable.Repeat("word ", 1100))}}"}]}""");
        Assert.InRange(estimate.Input, 1375, 1450);
        Assert.Equal((estimate.Input * 20) + 2_000, estimate.Amounts.MicroDollars);
    }

    [Theory]
    [InlineData("chat", "openai/no-such-model-x", "{}", "openai/no-such-model-x")]
    [InlineData("chat", "shaky", "{}", "openai/no-such-model-x")]
    [InlineData("chat", "openai/cheap", """{"service_tier":"priority"}""", "openai/cheap")]
    [InlineData("chat", "openai/cheap", """{"service_tier":"flex"}""", null)]
    [InlineData("chat", "openai/cheap", """{"fallbacks":["openai/no-such-model-x"]}""", "openai/no-such-model-x")]
    [InlineData("chat", "demo/echo", "{}", null)]
    [InlineData("messages.count_tokens", "openai/no-such-model-x", "{}", null)]
    [InlineData("files.list", null, "{}", null)]
    public void A_price_that_is_not_known_is_said_to_be_so(string operation, string? model, string body, string? unpriced) =>
        Assert.Equal(unpriced, Of(operation, model, body).Unpriced);

    [Fact]
    public void What_is_affordable_is_affordable()
    {
        Estimate both = Of("chat", "both", """{"max_tokens":500,"n":2}""");
        foreach (long money in (long[])[0, 1, both.AmountsOf(0).MicroDollars, both.AmountsOf(1).MicroDollars, 50_000, both.Amounts.MicroDollars - 1, both.Amounts.MicroDollars, long.MaxValue])
        {
            long output = both.Affordable(money);
            Assert.True(output < 0 ? both.AmountsOf(0).MicroDollars > money : both.AmountsOf(output).MicroDollars <= money, $"{money}: {output}");
            Assert.True(output == both.Output || both.AmountsOf(Math.Max(0, output + 1)).MicroDollars > money, $"{money}: {output} is too little");
        }
    }

    [Theory]
    [InlineData("""{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}""", 1_600)]
    [InlineData("""{"type":"image_url","image_url":{"url":"data:image/png;base64,BASE64"}}""", 1_600)]
    [InlineData("""{"type":"input_audio","input_audio":{"data":"BASE64","format":"wav"}}""", 100_000 / 170)]
    [InlineData("""{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,BASE64"}}""", 100_000 / 20)]
    [InlineData("""{"type":"file","file":{"file_id":"file-1"}}""", 3_000)]
    [InlineData("""{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"BASE64"}}""", 1_600)]
    [InlineData("""{"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"}}""", 3_000)]
    [InlineData("""{"inlineData":{"data":"BASE64","mimeType":"video/mp4"}}""", 10_000)]
    [InlineData("""{"type":"text","text":"no media at all"}""", 0)]
    public void Media_count_by_what_they_are_and_not_by_their_base64(string part, long tokens)
    {
        long Input(string inner) => Of("chat", "openai/gpt-4o", $$"""{"messages":[{"role":"user","content":[{{inner}}]}]}""").Input;
        long none = Input("""{"type":"text","text":""}"""), with = Input(part.Replace("BASE64", new string('A', 100_000), StringComparison.Ordinal));
        Assert.InRange(with - none, tokens - 10, tokens + 60);
    }

    [Fact]
    public void Escapes_count_as_what_they_stand_for_and_schemas_as_they_stand()
    {
        long plain = Of("chat", "openai/gpt-4o", """{"messages":[{"role":"user","content":"日本語のテキスト"}]}""").Input;
        long escaped = Of("chat", "openai/gpt-4o", """{"messages":[{"role":"user","content":"\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8"}]}""").Input;
        Assert.Equal(plain, escaped);

        long without = Of("chat", "openai/gpt-4o", """{"tools":[{"type":"function","function":{"name":"f","parameters":{}}}]}""").Input;
        long with = Of("chat", "openai/gpt-4o", """{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"city":{"type":"string"},"country":{"type":"string"}}}}}]}""").Input;
        Assert.InRange(with - without, 15, 60);
    }

    [Fact]
    public void Tokens_in_place_of_texts_count_one_each() =>
        Assert.InRange(Of("embeddings", "openai/text-embedding-3-small", """{"input":[1,2,3,4,5,6,7,8,9,10]}""").Input, 10, 30);

    [Fact]
    public void A_question_beyond_the_bound_is_never_taken_for_less()
    {
        string text = string.Concat(Enumerable.Repeat("zq xj ", 300_000));
        long input = Of("chat", "openai/gpt-4o", $$"""{"messages":[{"role":"user","content":"{{text}}"}]}""").Input;
        Assert.InRange(input, text.Length / 3, text.Length + 100);
        Assert.True(input >= Microsoft.ML.Tokenizers.TiktokenTokenizer.CreateForEncoding("o200k_base").CountTokens(text));
    }

    private Estimate Of(string operation, string? model, string body)
    {
        JsonNode node = JsonNode.Parse(body)!;
        if (model is not null)
            node["model"] = model;
        byte[] bytes = Encoding.UTF8.GetBytes(node.ToJsonString(new() { Encoder = body.Contains("\\u", StringComparison.Ordinal) ? null : System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.True(JsonIndex.TryParse(bytes, out JsonIndex? question, out string? fault), fault);
        DefaultHttpContext http = new();
        Exchange exchange = new()
        {
            Http = http,
            Id = "x",
            Operation = Operations.All.Single(one => one.Name == operation),
            Options = Options,
            Dialect = OpenAiChatDialect.Chat,
            StartedAt = Now,
            Started = 0,
            Caller = Caller.Open(null),
            Body = bytes,
            Question = question,
            Model = model,
        };
        http.Features.Set(exchange);
        ModelResolver models = new();
        return new Estimator(new ReachedTargets(models, new PlanDrafter(models, new TargetStates(TimeProvider.System, dice: new Random(1)), new Random(1))), _history).Of(exchange, Now);
    }
}
