using System.Buffers;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

/// <summary>Every value of rich bodies is replaced by values of every other type: errors name a field, and nothing is thrown.</summary>
public sealed class GeminiWrongTypesTests
{
    private static readonly ProofSeal Seal = new("secret"u8.ToArray(), "tenant");

    private static readonly string[] Others = ["7", "-1.5", "\"x\"", "\"\"", "[]", "[7]", "[[]]", "{}", "{\"a\":{}}", "true", "null"];

    private const string Question = """
        {"model":"m","systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"aGk="}},
          {"fileData":{"mimeType":"a/b","fileUri":"https://x"},"videoMetadata":{"fps":1}}]},
          {"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"c2ln"},{"functionCall":{"id":"i","name":"f","args":{"a":[1]}},"thoughtSignature":"c2ln"},
           {"executableCode":{"language":"PYTHON","code":"1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}}]},
          {"role":"user","parts":[{"functionResponse":{"id":"i","name":"f","response":{"result":"r"},"parts":[{"inlineData":{"mimeType":"image/png","data":"aGk="}}]}}]}],
         "tools":[{"functionDeclarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT","nullable":true,"properties":{"a":{"type":"STRING","enum":["x"],
            "minLength":"1","example":"x"}},"anyOf":[{"type":"NUMBER"}],"items":{"type":"STRING"},"required":["a"]}},
            {"name":"g","parametersJsonSchema":{"type":"object","properties":{"a":{"const":1,"exclusiveMinimum":1}},"$defs":{"x":{}},"anyOf":[{"type":"string"}]}}]},{"googleSearch":{}}],
         "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]},"retrievalConfig":{"x":1}},
         "generationConfig":{"temperature":1,"topP":1,"topK":1,"maxOutputTokens":9,"stopSequences":["s"],"candidateCount":1,"seed":1,"responseLogprobs":true,"logprobs":1,
           "responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}},"responseModalities":["TEXT"],
           "thinkingConfig":{"includeThoughts":true,"thinkingBudget":5},"speechConfig":{}},
         "safetySettings":[{"category":"c"}],"cachedContent":"c","labels":{"a":"b"},"store":true,"serviceTier":"flex"}
        """;

    private const string Answer = """
        {"candidates":[{"content":{"role":"model","parts":[{"text":"a","thought":true,"thoughtSignature":"c2ln"},{"inlineData":{"mimeType":"image/png","data":"aGk="}},
          {"functionCall":{"id":"i","name":"f","args":{"a":1}},"thoughtSignature":"c2ln"},
          {"functionCall":{"name":"g","partialArgs":[{"jsonPath":"$.a[0].b","stringValue":"x","numberValue":1,"boolValue":true,"nullValue":0,"willContinue":true}],"willContinue":true}},
          {"executableCode":{"code":"1"}}]},"finishReason":"STOP","finishMessage":"m","index":1,
          "groundingMetadata":{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"u","title":"t"}}],
            "groundingSupports":[{"segment":{"startIndex":0,"endIndex":1,"partIndex":1,"text":"a"},"groundingChunkIndices":[0]}]},
          "citationMetadata":{"citationSources":[{"uri":"u","startIndex":0,"endIndex":1}]},
          "logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-1}],"topCandidates":[{"candidates":[{"token":"a","logProbability":-1}]}]}}],
         "promptFeedback":{"blockReason":"SAFETY","blockReasonMessage":"m"},
         "usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":1}],"totalTokenCount":2},
         "modelVersion":"m","responseId":"r"}
        """;

    private const string Error = """{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}""";

    [Fact]
    public void Questions_of_wrong_types_are_refused_by_name_or_read()
    {
        int refused = 0;
        foreach (string body in Replaced(Question))
        {
            Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out _));
            if (!GeminiDialect.Instance.TryRead(index, new QuestionContext(null, Seal), out ChatQuestion? question, out GatewayError? error))
            {
                refused++;
                Assert.Equal(ErrorKind.BadRequest, error.Kind);
                Assert.Contains($"'{error.Param}'", error.Message, StringComparison.Ordinal);
                continue;
            }

            ArrayBufferWriter<byte> output = new();
            if (GeminiDialect.Instance.Write(question, new Translation("m", new ModelTraits { Reasoning = ReasoningStyle.ThinkingLevel }), output) is null)
                Assert.True(JsonIndex.TryParse(output.WrittenMemory, out _, out string? fault), fault + Encoding.UTF8.GetString(output.WrittenSpan));
        }

        Assert.True(refused > 300, $"{refused} refused");
    }

    [Fact]
    public void Answers_of_wrong_types_are_read_and_written_without_a_fault()
    {
        foreach (string body in Replaced(Answer).Concat(Replaced(Error)))
        {
            foreach (bool stream in new[] { false, true })
            {
                ArrayBufferWriter<byte> output = new();
                using GeminiWriter writer = new(output, new AnswerShape { Stream = stream, AsArray = true, Id = "id", Model = "m", Seal = Seal });
                GeminiReader reader = new(writer, "s");
                Assert.NotEqual(EventNature.Silent, reader.ReadWhole(Encoding.UTF8.GetBytes(body)));
                if (writer.Shown && output.WrittenSpan[^1] is (byte)'}' or (byte)']')
                    System.Text.Json.JsonDocument.Parse(output.WrittenMemory).Dispose();
                new GeminiReader(new Spoken(listens: false), "s").ReadEvent([], Encoding.UTF8.GetBytes(body));
                GeminiDialect.Instance.IsOwnError(Encoding.UTF8.GetBytes(body));
            }
        }
    }

    [Fact]
    public void Answers_that_break_off_anywhere_are_never_whole()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Answer);
        for (int length = 0; length < bytes.Length - 1; length++)
        {
            Spoken said = new();
            Assert.Equal(EventNature.Error, new GeminiReader(said, "s").ReadWhole(bytes.AsSpan(0, length)));
            Assert.DoesNotContain("end", said.Verbs);
            new GeminiReader(new Spoken(), "s").ReadEvent([], bytes.AsSpan(0, length));
        }
    }

    private static IEnumerable<string> Replaced(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Assert.True(JsonIndex.TryParse(bytes, out JsonIndex? index, out string? fault), fault);
        List<(int Start, int Length)> values = [];
        foreach (JsonIndex.Token token in index.Tokens)
        {
            if (token.Type != System.Text.Json.JsonTokenType.PropertyName && token.Start > 0)
                values.Add((token.Start, token.Length));
        }

        foreach ((int start, int length) in values)
        {
            foreach (string other in Others)
                yield return Encoding.UTF8.GetString(bytes, 0, start) + other + Encoding.UTF8.GetString(bytes, start + length, bytes.Length - start - length);
        }
    }
}
