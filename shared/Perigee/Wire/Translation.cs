namespace Perigee.Wire;

/// <summary>What a question's reader has to know besides the body.</summary>
/// <param name="Stream">Whether the path asks for a stream (Gemini), or null where the body says it.</param>
/// <param name="Seal">Opens the proofs of reasoning that other dialects carried.</param>
internal readonly record struct QuestionContext(bool? Stream, ProofSeal Seal);

/// <summary>One question on its way into another dialect: whom it is for, and what became of it.</summary>
/// <param name="model">The model's name at the target.</param>
/// <param name="traits">How that model there wants to be asked.</param>
internal sealed class Translation(string model, ModelTraits traits)
{
    /// <summary>The model's name at the target.</summary>
    public string Model { get; } = model;

    /// <summary>How that model there wants to be asked.</summary>
    public ModelTraits Traits { get; } = traits;

    /// <summary>Whether anything that would be dropped is a 400 instead.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether a stream's usage has to be asked for (OpenAI's <c>stream_options.include_usage</c>).</summary>
    public bool AskUsage { get; init; }

    /// <summary>What was left out, in the client's spelling.</summary>
    public List<string> Dropped { get; } = [];

    /// <summary>Tools that had to be renamed for the target: the name that was sent, and the client's. Null where none was.</summary>
    public Dictionary<string, string>? ToolNames { get; set; }

    /// <summary>Whether the form of the answer was asked for as a call of this one tool, so that its arguments are the answer's text; or null.</summary>
    public string? AnswerTool { get; set; }

    /// <summary>Header values that the target needs for what the body says: <c>anthropic-beta</c>.</summary>
    public List<string> Betas { get; } = [];

    /// <summary>Leaves something out, or says why that cannot be.</summary>
    /// <param name="field">The member in the client's spelling.</param>
    /// <param name="loss">What its loss would mean.</param>
    /// <param name="why">Why it cannot be said, as a whole sentence: "Anthropic Messages has no ...".</param>
    public GatewayError? Drop(string field, Loss loss, string why)
    {
        if (loss == Loss.None)
            return null;
        if (loss == Loss.Contract || Strict)
        {
            return new GatewayError(ErrorKind.BadRequest,
                $"'{field}' cannot be served by the model '{Model}': {why}{(loss == Loss.Hint ? " Leave it out, or do not ask for strict translation." : " Leave it out, or choose another model.")}", field)
            {
                Code = "unsupported_parameter",
            };
        }

        if (!Dropped.Contains(field))
            Dropped.Add(field);
        return null;
    }

    /// <summary>Settles every setting that the writer did not take: see <see cref="Parameters.LossOf"/>.</summary>
    /// <param name="question">The question.</param>
    /// <param name="taken">Tells which settings the writer has said.</param>
    /// <param name="dialect">The target's dialect, for people: "Anthropic Messages".</param>
    public GatewayError? DropRest(ChatQuestion question, Func<Setting, bool> taken, string dialect)
    {
        foreach (Setting setting in question.Settings)
        {
            if (!taken(setting) && Drop(setting.Field, Parameters.LossOf(setting), $"{dialect} has no such setting.") is { } error)
                return error;
        }

        return null;
    }
}

/// <summary>What a client asked for, for the writer of its answer.</summary>
internal sealed class AnswerShape
{
    /// <summary>A stream of events, or one JSON body.</summary>
    public bool Stream { get; init; }

    /// <summary>Gemini without <c>alt=sse</c>: the stream is one JSON array.</summary>
    public bool AsArray { get; init; }

    /// <summary>OpenAI's <c>stream_options.include_usage</c>.</summary>
    public bool StreamUsage { get; init; }

    /// <summary>Whether the client wants to read reasoning. Its proofs are carried in any case.</summary>
    public bool ShowsReasoning { get; init; } = true;

    /// <summary>The exchange's id: 32 hex digits, from which ids of the answer are made where the provider gave none that fits.</summary>
    public required string Id { get; init; }

    /// <summary>The model as the client named it, for answers that do not name theirs.</summary>
    public required string Model { get; init; }

    /// <summary>Seconds since 1970, for <c>created</c>.</summary>
    public long Created { get; init; }

    /// <summary>Seals proofs of reasoning for the way through this dialect.</summary>
    public required ProofSeal Seal { get; init; }

    /// <summary>See <see cref="Translation.ToolNames"/>.</summary>
    public IReadOnlyDictionary<string, string>? ToolNames { get; init; }

    /// <summary>See <see cref="Translation.AnswerTool"/>: the reader of answers is followed by an <see cref="AnswerToolSink"/>, no writer has to care.</summary>
    public string? AnswerTool { get; init; }
}
