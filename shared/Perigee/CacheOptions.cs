using System.Text.RegularExpressions;

namespace Perigee;

/// <summary>The response cache: the gateway's own word, or that of one route.</summary>
internal sealed record CacheOptions
{
    /// <summary>Whether answers are kept where the caller says nothing.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Which questions are taken to be equal.</summary>
    public CacheMode Mode { get; init; } = CacheMode.Exact;

    /// <summary>How long an answer is replayed.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The longest that a route, a key or a request may ask for. It is also the span of one table of the shared tier.</summary>
    public TimeSpan MostTtl { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The bytes of answers held in memory by one instance.</summary>
    public long MemoryBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The longest a look-up in storage may take; after that it is a miss.</summary>
    public TimeSpan LookupBudget { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How a stream is replayed.</summary>
    public ReplayPace Pace { get; init; } = ReplayPace.Instant;

    /// <summary>Whether instances that are asked the same at the same time make one call together.</summary>
    public bool ShareCalls { get; init; }

    /// <summary>How long an instance may keep others waiting for the call that it makes for all.</summary>
    public TimeSpan CallLease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>An answer in whose bytes one of these is found is never kept: what it says holds once. Non-backtracking.</summary>
    public IReadOnlyList<Regex> NeverKeep { get; init; } = [];

    /// <summary>The tiers beyond the exact one.</summary>
    public SemanticOptions Semantic { get; init; } = new();
}

/// <summary>Which questions are taken to be equal.</summary>
internal enum CacheMode
{
    /// <summary>Only those that are the same question.</summary>
    Exact,

    /// <summary>Those, too, that ask the same in other words: tier <c>equivalent</c>, and <c>near</c> where it is set up.</summary>
    Semantic,
}

/// <summary>How a stream is replayed.</summary>
internal enum ReplayPace
{
    /// <summary>At once.</summary>
    Instant,

    /// <summary>Event by event, over about the time that the first answer took.</summary>
    Paced,
}

/// <summary>The tiers <c>equivalent</c> and <c>near</c>.</summary>
internal sealed record SemanticOptions
{
    /// <summary>Only watch: say what would have been a hit, and why, and ask all the same.</summary>
    public bool Observe { get; init; }

    /// <summary>Questions that state a higher temperature stay exact.</summary>
    public double MostTemperature { get; init; } = 1.0;

    /// <summary>Whether questions with tools may be matched by their meaning.</summary>
    public bool Tools { get; init; }

    /// <summary>Whether questions with pictures, sound or files may be.</summary>
    public bool Media { get; init; }

    /// <summary>Whether questions that point at something (<c>this</c>, <c>the following</c>) may be.</summary>
    public bool Deictic { get; init; }

    /// <summary>Whether questions that depend on the time (<c>today</c>, <c>latest</c>) may be.</summary>
    public bool TimeDependent { get; init; }

    /// <summary>Whether a question's words are kept with its entry, for a person to look at. Else hashes, features and vectors only.</summary>
    public bool KeepText { get; init; }

    /// <summary>The tier <c>near</c>, or null where the operator did not ask for it.</summary>
    public NearOptions? Near { get; init; }

    /// <summary>The check of hits against fresh answers.</summary>
    public ShadowOptions Shadow { get; init; } = new();
}

/// <summary>The tier <c>near</c>.</summary>
internal sealed record NearOptions
{
    /// <summary>What makes vectors: <c>words</c>, <c>provider</c> or <c>onnx</c>.</summary>
    public string Embedder { get; init; } = "words";

    /// <summary>For <c>provider</c>: the embedding model, as <c>provider/model</c> or an alias.</summary>
    public string? Model { get; init; }

    /// <summary>For <c>onnx</c>: the encoder's file.</summary>
    public string? ModelPath { get; init; }

    /// <summary>For <c>onnx</c>: the WordPiece vocabulary (<c>vocab.txt</c>) of the encoder.</summary>
    public string? VocabularyPath { get; init; }

    /// <summary>The least cosine of a candidate. It never decides: the guards do. Null is the embedder's own.</summary>
    public double? Threshold { get; init; }

    /// <summary>The most entries of one namespace in memory.</summary>
    public int MostEntries { get; init; } = 100_000;

    /// <summary>The longest that embedding, search, guards and verifier may take together; after that it is a miss.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The model that is asked whether two questions are the same, as <c>provider/model</c> or an alias; null asks none.</summary>
    public string? Verifier { get; init; }
}

/// <summary>The check of a share of semantic hits against a fresh answer.</summary>
internal sealed record ShadowOptions
{
    /// <summary>The share of semantic hits that are checked, in percent. Each costs a call.</summary>
    public double Percent { get; init; } = 1;

    /// <summary>The error rate, in percent, that must not be exceeded: where the lower bound of what was measured does, semantic hits stop.</summary>
    public double MostErrorPercent { get; init; } = 2;

    /// <summary>The model that judges whether two answers say the same, or null: then the answers' words are compared.</summary>
    public string? Judge { get; init; }
}
