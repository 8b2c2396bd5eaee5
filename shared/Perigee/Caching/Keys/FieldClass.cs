namespace Perigee.Caching.Keys;

/// <summary>What a field of a request means to the cache.</summary>
internal enum FieldClass
{
    /// <summary>It decides on the answer: another value is another question.</summary>
    Relevant,

    /// <summary>As <see cref="Relevant"/>, but its documented default says the same as its absence.</summary>
    Default,

    /// <summary>It says who asks, how it is billed or what may be remembered, never what is asked. Or it stands in the partition (the model).</summary>
    Ignored,

    /// <summary>It says how the answer's form looks: one entry serves all forms.</summary>
    Form,
}

/// <summary>Which value is a field's documented default. A null is one everywhere: it states that nothing is stated.</summary>
internal enum Fold
{
    /// <summary>None, or one that depends on the model.</summary>
    None,

    /// <summary>The number 0.</summary>
    Zero,

    /// <summary>The number 1.</summary>
    One,

    /// <summary>The word false.</summary>
    False,

    /// <summary>The word true.</summary>
    True,

    /// <summary>An empty list or object.</summary>
    Empty,

    /// <summary>The text in <see cref="Field.Word"/>.</summary>
    Word,

    /// <summary>An object whose one member is <c>type</c> with the text in <see cref="Field.Word"/>.</summary>
    TypeOnly,
}

/// <summary>What a field means where dialects mean the same by different names. The values stand in the canonical form: a new order needs a new version.</summary>
internal enum Known : byte
{
    /// <summary>Nothing that another dialect knows.</summary>
    None,

    /// <summary>The conversation.</summary>
    Turns,

    /// <summary>What the model is told before it.</summary>
    System,

    /// <summary>The functions that it may call.</summary>
    Tools,

    /// <summary>Whether it must.</summary>
    Choice,

    /// <summary>Whether several at once.</summary>
    Parallel,

    /// <summary>The most tokens of an answer.</summary>
    MaxTokens,

    /// <summary>The temperature.</summary>
    Temperature,

    /// <summary>Nucleus sampling.</summary>
    TopP,

    /// <summary>Sampling of the first k.</summary>
    TopK,

    /// <summary>The seed.</summary>
    Seed,

    /// <summary>How many answers.</summary>
    Count,

    /// <summary>The penalty on what was said.</summary>
    Presence,

    /// <summary>The penalty on what was said often.</summary>
    Frequency,

    /// <summary>Where an answer stops.</summary>
    Stop,

    /// <summary>The form that an answer must have.</summary>
    Format,

    /// <summary>Settings in an object of their own.</summary>
    Settings,

    /// <summary>Who speaks.</summary>
    Role,

    /// <summary>What is said.</summary>
    Content,

    /// <summary>Calls beside what is said.</summary>
    Calls,

    /// <summary>Which call a result answers.</summary>
    CallId,

    /// <summary>The kind of an object.</summary>
    Type,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A picture.</summary>
    Image,

    /// <summary>Where media comes from.</summary>
    Source,

    /// <summary>An address.</summary>
    Url,

    /// <summary>A media type.</summary>
    MediaType,

    /// <summary>Base64.</summary>
    Data,

    /// <summary>An id.</summary>
    Id,

    /// <summary>A name.</summary>
    Name,

    /// <summary>A function, declared or called.</summary>
    Function,

    /// <summary>What a function is called with.</summary>
    Arguments,

    /// <summary>What it answered.</summary>
    Result,

    /// <summary>What it is for.</summary>
    Description,

    /// <summary>A JSON schema.</summary>
    Schema,

    /// <summary>Whether the schema binds.</summary>
    Strict,

    /// <summary>The names of functions.</summary>
    Names,
}
