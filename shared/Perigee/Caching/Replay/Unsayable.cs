namespace Perigee.Caching.Replay;

/// <summary>Why a kept answer cannot be given in the form asked for: the look-up is then a miss, and a fresh answer is asked for.</summary>
internal enum Unsayable
{
    /// <summary>It can.</summary>
    None,

    /// <summary>One of the two forms is of an operation that has no reader or writer (embeddings, legacy completions ...).</summary>
    NoSuchForm,

    /// <summary>The kept bytes do not read as a complete answer.</summary>
    NotWhole,

    /// <summary>It ended in a way that the asked dialect has no word for.</summary>
    Ending,

    /// <summary>Anthropic's answers have one choice.</summary>
    Choices,

    /// <summary>Anthropic's answers hold no media, chat completions no video or files, and a sound's id cannot be made anew.</summary>
    Media,

    /// <summary>Anthropic's answers hold no probabilities.</summary>
    Logprobs,

    /// <summary>A call's arguments are no JSON object, which Anthropic and Gemini require.</summary>
    Arguments,

    /// <summary>It holds what the verbs between the dialects have no word for: server-side tools, code that ran, documents' citations ...</summary>
    Content,

    /// <summary>Tokens have to be stated there, and nobody knows them.</summary>
    Usage,
}
