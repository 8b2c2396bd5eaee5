using System.Buffers;
using System.Globalization;
using System.Text;
using Perigee.Providers;
using Perigee.Routing;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;

namespace Perigee.Forwarding;

/// <summary>Puts a client's question into the dialect of a provider that speaks another, and says how the answer is to be read back.</summary>
internal sealed class Translator(ProofKey proofs, MediaFetcher media)
{
    /// <summary>Whether the exchange has to be translated for a target.</summary>
    public static bool IsNeeded(Exchange exchange, Target target) =>
        exchange.Operation.Asks != Asks.OwnThing && Counterpart(exchange.Operation, target.Provider) != exchange.Operation.Speaks;

    /// <summary>The dialect in which a provider is asked: vectors and all that only OpenAI's dialect knows go to the compatible side of providers that have one.</summary>
    public static DialectFamily Counterpart(Operation operation, Provider provider) => operation.Asks switch
    {
        Asks.Conversation or Asks.Count => provider.Dialect,
        Asks.Vectors when operation.Speaks == DialectFamily.Gemini && provider.Dialect == DialectFamily.Gemini => DialectFamily.Gemini,
        _ => DialectFamily.OpenAi,
    };

    /// <summary>Translates the question for one target. It can be asked again for the next.</summary>
    public async ValueTask<Translated> TranslateAsync(Exchange exchange, RoutePlan plan, Target target, CancellationToken cancel)
    {
        if (exchange.Operation.Asks == Asks.Vectors)
            return Vectors.Translate(exchange, target);
        ProofSeal seal = new(await proofs.FindAsync(cancel), exchange.Caller!.Tenant);
        ChatQuestion? question = exchange.Conversation;
        if (question is null)
        {
            if (!TryRead(exchange, plan, seal, out question, out GatewayError? fault))
                return Translated.Refused(fault!);
            exchange.Conversation = Shortened(question!, exchange.MaxOutput);
        }

        (question, GatewayError? error) = await media.ResolveAsync(exchange, question!, target.Traits, cancel);
        if (error is not null)
            return Translated.Refused(error);
        Translation translation = new(target.Model, target.Traits)
        {
            Strict = exchange.Strict,
            AskUsage = target.Provider.StreamUsage == StreamUsage.Ask,
        };
        ArrayBufferWriter<byte> body = new(exchange.Body.Length + 1024);
        if (exchange.Operation.Asks == Asks.Count)
            return Count(exchange, target, question, translation, body);
        IChatDialect theirs = Dialects.Of(target.Provider.Dialect);
        error = theirs.Write(question, translation, body);
        if (error is not null)
            return Translated.Refused(error);
        return new Translated(body.WrittenMemory, ConversationPath(target, exchange.Stream), translation, seal, null);
    }

    /// <summary>The body that goes on in its own dialect where it holds proofs that were sealed for another; null where it goes as it is.</summary>
    public async ValueTask<JsonIndex?> UnsealAsync(Exchange exchange, CancellationToken cancel)
    {
        if (exchange.Operation.Asks is not (Asks.Conversation or Asks.Count) || exchange.Operation.Speaks == DialectFamily.OpenAi
            || exchange.Question is not { } question || !ProofSplice.MayHold(question.Json.Span))
        {
            return null;
        }

        ProofSeal seal = new(await proofs.FindAsync(cancel), exchange.Caller!.Tenant);
        byte[]? body = ProofSplice.Rewrite(question, exchange.Operation.Speaks, seal);
        return body is not null && JsonIndex.TryParse(body, out JsonIndex? index, out _) ? index : null;
    }

    private static bool TryRead(Exchange exchange, RoutePlan plan, ProofSeal seal, out ChatQuestion? question, out GatewayError? error)
    {
        JsonIndex body = exchange.Question!;
        if (plan.OwnFields.Count > 0)
            body = exchange.Rest ??= UpstreamRequest.Without(body, plan.OwnFields);
        QuestionContext context = new(exchange.Operation.Speaks == DialectFamily.Gemini ? exchange.Stream : null, seal);
        if (exchange.Operation.Asks == Asks.Count)
        {
            return exchange.Operation.Speaks == DialectFamily.Gemini
                ? GeminiCount.TryRead(body, context, out question, out error)
                : AnthropicDialect.TryReadCount(body, context, out question, out error);
        }

        return ((IChatDialect)exchange.Dialect).TryRead(body, context, out question, out error);
    }

    /// <summary>Where money allows less than was asked for, the answer is asked for shorter.</summary>
    private static ChatQuestion Shortened(ChatQuestion question, long? most)
    {
        if (most is not { } tokens)
            return question;
        string field = question.Find(Parameter.MaxOutput)?.Field ?? "max_tokens";
        question.Settings.RemoveAll(static setting => setting.Parameter == Parameter.MaxOutput);
        question.Settings.Add(new Setting(Parameter.MaxOutput, field, Encoding.UTF8.GetBytes(tokens.ToString(CultureInfo.InvariantCulture))));
        return question;
    }

    private static Translated Count(Exchange exchange, Target target, ChatQuestion question, Translation translation, ArrayBufferWriter<byte> body)
    {
        // What does not count tokens is counted here: an estimate, and said to be one.
        if (target.Provider.Dialect == DialectFamily.OpenAi)
            return new Translated(default, "", translation, null, TokenCount.Of(question));
        GatewayError? error = target.Provider.Dialect == DialectFamily.Gemini
            ? GeminiCount.WriteQuestion(question, translation, body)
            : AnthropicCount.WriteQuestion(question, translation, body);
        if (error is not null)
            return Translated.Refused(error);
        string path = target.Provider.Dialect == DialectFamily.Gemini ? GeminiPath(target, "countTokens") : "/messages/count_tokens";
        return new Translated(body.WrittenMemory, path, translation, null, null);
    }

    private static string ConversationPath(Target target, bool stream) => target.Provider.Dialect switch
    {
        DialectFamily.Anthropic => "/messages",
        DialectFamily.Gemini => GeminiPath(target, stream ? "streamGenerateContent?alt=sse" : "generateContent"),
        _ => "/chat/completions",
    };

    /// <summary>The path of one of Gemini's calls: a model's name may hold what a path segment may not.</summary>
    public static string GeminiPath(Target target, string call) => $"/models/{Uri.EscapeDataString(target.Model)}:{call}";
}

/// <summary>A question in the dialect of its target.</summary>
/// <param name="Body">The body.</param>
/// <param name="Path">What follows the provider's base URL.</param>
/// <param name="Translation">What became of it.</param>
/// <param name="Seal">For the answer's proofs of reasoning.</param>
/// <param name="Counted">The answer itself, where nobody needs to be asked: tokens of the question.</param>
internal sealed record Translated(ReadOnlyMemory<byte> Body, string Path, Translation? Translation, ProofSeal? Seal, long? Counted)
{
    /// <summary>Why it cannot be asked there, or null.</summary>
    public GatewayError? Error { get; private init; }

    /// <summary>What of the question could not be said.</summary>
    public IReadOnlyList<string> Dropped => Translation?.Dropped ?? [];

    /// <summary>Of vectors: how the answer is written.</summary>
    public bool Many { get; init; }

    /// <summary>It cannot be asked there.</summary>
    public static Translated Refused(GatewayError error) => new(default, "", null, null, null) { Error = error };
}
