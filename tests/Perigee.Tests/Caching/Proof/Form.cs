using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>A way to ask: a dialect and the shape of the answer.</summary>
/// <param name="Name">In a test's name.</param>
/// <param name="Dialect">The dialect.</param>
/// <param name="Framing">How its answer is cut.</param>
/// <param name="Usage">Whether a stream is asked to say its tokens, where that has to be asked for.</param>
internal sealed record Form(string Name, string Dialect, Framing Framing, bool Usage = true)
{
    public static readonly Form OpenAi = new("openai", Dialects.OpenAi, Framing.Whole);
    public static readonly Form OpenAiStream = new("openai stream", Dialects.OpenAi, Framing.Sse);
    public static readonly Form OpenAiBareStream = new("openai stream without usage", Dialects.OpenAi, Framing.Sse, Usage: false);
    public static readonly Form Anthropic = new("anthropic", Dialects.Anthropic, Framing.Whole);
    public static readonly Form AnthropicStream = new("anthropic stream", Dialects.Anthropic, Framing.Sse);
    public static readonly Form Gemini = new("gemini", Dialects.Gemini, Framing.Whole);
    public static readonly Form GeminiStream = new("gemini stream", Dialects.Gemini, Framing.Sse);
    public static readonly Form GeminiArray = new("gemini array", Dialects.Gemini, Framing.Array);

    public static readonly IReadOnlyList<Form> All =
        [OpenAi, OpenAiStream, OpenAiBareStream, Anthropic, AnthropicStream, Gemini, GeminiStream, GeminiArray];

    public static Form Of(string name) => All.Single(form => form.Name == name);

    public bool Stream => Framing != Framing.Whole;

    public string Path(string model) => Dialect switch
    {
        Dialects.OpenAi => "/v1/chat/completions",
        Dialects.Anthropic => "/v1/messages",
        _ => $"/v1beta/models/{model}:{(!Stream ? "generateContent" : Framing == Framing.Sse ? "streamGenerateContent?alt=sse" : "streamGenerateContent")}",
    };

    /// <summary>The same question in every form: a system's word, one of the user's, a tool, a temperature, at most 50 tokens.</summary>
    /// <param name="model">The model.</param>
    /// <param name="text">What the user says.</param>
    /// <param name="more">Members of the body's top level, each with a comma behind it.</param>
    /// <param name="tools">Whether with the tool.</param>
    public string Question(string model, string text = "What is new?", string more = "", bool tools = true)
    {
        string body = Body(model, text, more);
        return tools ? body : body[..body.LastIndexOf(',', body.IndexOf("\"tools\":", StringComparison.Ordinal))] + "}";
    }

    private string Body(string model, string text, string more)
    {
        string said = Quote(text);
        const string Schema = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}""";
        return Dialect switch
        {
            Dialects.OpenAi => $$$"""
                {{{{more}}}"model":{{{Quote(model)}}},"max_tokens":50,"temperature":0.5{{{(Stream ? ",\"stream\":true" : "")}}}{{{(Stream && Usage ? ",\"stream_options\":{\"include_usage\":true}" : "")}}},
                "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":{{{said}}}}],
                "tools":[{"type":"function","function":{"name":"get_weather","description":"The weather","parameters":{{{Schema}}}}}]}
                """,
            Dialects.Anthropic => $$$"""
                {{{{more}}}"model":{{{Quote(model)}}},"max_tokens":50,"temperature":0.5{{{(Stream ? ",\"stream\":true" : "")}}},"system":"Be brief.",
                "messages":[{"role":"user","content":[{"type":"text","text":{{{said}}}}]}],
                "tools":[{"name":"get_weather","description":"The weather","input_schema":{{{Schema}}}}]}
                """,
            _ => $$$"""
                {{{{more}}}"contents":[{"role":"user","parts":[{"text":{{{said}}}}]}],"systemInstruction":{"parts":[{"text":"Be brief."}]},
                "generationConfig":{"maxOutputTokens":50,"temperature":0.5},
                "tools":[{"functionDeclarations":[{"name":"get_weather","description":"The weather","parametersJsonSchema":{{{Schema}}}}]}]}
                """,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string Quote(string text) => '"' + System.Text.Json.JsonEncodedText.Encode(text).Value + '"';
}
