using System.Collections.Frozen;
using Perigee.Catalog;
using Perigee.Providers;
using Perigee.Routing.Policies;

namespace Perigee;

/// <summary>The validated configuration: one immutable snapshot of perigee.json and the environment. A change makes a new one.</summary>
internal sealed record GatewayOptions
{
    /// <summary>The providers that are on, by name.</summary>
    public required FrozenDictionary<string, Provider> Providers { get; init; }

    /// <summary>The providers that are known but off, by name, each with what turns it on (<c>set OPENAI_API_KEY</c>).</summary>
    public FrozenDictionary<string, string> Off { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Names of the operator's choice for <c>provider/model</c>.</summary>
    public required FrozenDictionary<string, string> Aliases { get; init; }

    /// <summary>Models that the operator lists for a provider (custom ones above all), as <c>provider/model</c>.</summary>
    public IReadOnlyList<string> ListedModels { get; init; } = [];

    /// <summary>The models that the gateway knows, with what the operator says of them.</summary>
    public ModelCatalog Catalog { get; init; } = ModelCatalog.Shipped;

    /// <summary>Limits of every caller.</summary>
    public LimitOptions Limits { get; init; } = new();

    /// <summary>The response cache.</summary>
    public CacheOptions Cache { get; init; } = new();

    /// <summary>What holds for a model: its route's word on the cache, else the gateway's.</summary>
    public CacheOptions CacheOf(string? model) =>
        Routes.Count > 0 && model is not null && Routes.TryGetValue(model, out Route? route) ? route.Cache ?? Cache : Cache;

    /// <summary>Patience with providers.</summary>
    public TimeoutOptions Timeouts { get; init; } = new();

    /// <summary>How often and when one target is tried again.</summary>
    public RetryOptions Retries { get; init; } = new();

    /// <summary>When a target is taken to be down.</summary>
    public BreakerOptions Breaker { get; init; } = new();

    /// <summary>The operator's routes, by the name that clients use as a model.</summary>
    public FrozenDictionary<string, Route> Routes { get; init; } = FrozenDictionary<string, Route>.Empty;

    /// <summary>Where client and provider speak different dialects.</summary>
    public TranslationOptions Translation { get; init; } = new();

    /// <summary>Log shipping.</summary>
    public LogOptions Logs { get; init; } = new();

    /// <summary>Usage rollups.</summary>
    public UsageOptions Usage { get; init; } = new();
    /// <summary>Traces and metrics.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Who is told of what happens.</summary>
    public IReadOnlyList<WebhookOptions> Webhooks { get; init; } = [];

    /// <summary>
    /// Whether what people ask and models answer may be kept at all, in logs, traces or wherever else. With it off no other setting keeps any.
    /// </summary>
    public bool ContentCapture { get; init; }

    /// <summary>Whose tokens are taken besides keys.</summary>
    public IReadOnlyList<JwtIssuer> Jwt { get; init; } = [];
}

/// <summary>Limits of every caller.</summary>
internal sealed record LimitOptions
{
    /// <summary>Requests a minute of a key that states none of its own; null is none.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Limits of all callers together.</summary>
    public IReadOnlyList<LimitRule> Rules { get; init; } = [];

    /// <summary>What becomes of requests under a budget whose price is not known.</summary>
    public UnknownPrice UnknownPrice { get; init; }

    /// <summary>The largest JSON body, in bytes.</summary>
    public long BodyBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>The largest streamed upload (files, audio, images), in bytes.</summary>
    public long UploadBytes { get; init; } = 512L * 1024 * 1024;
}

/// <summary>What becomes of requests under a budget whose price is not known.</summary>
internal enum UnknownPrice
{
    /// <summary>They are refused: a budget that does not count is none.</summary>
    Block,

    /// <summary>They pass uncounted by money, said in a header, the log and a metric.</summary>
    Allow,
}

/// <summary>Where client and provider speak different dialects.</summary>
internal sealed record TranslationOptions
{
    /// <summary>Whether what would be dropped is refused.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether pictures and documents are fetched for providers that do not fetch themselves.</summary>
    public bool FetchMedia { get; init; } = true;

    /// <summary>The most bytes that are fetched for one request.</summary>
    public long MediaBytes { get; init; } = 20 * 1024 * 1024;
}

/// <summary>Patience with providers, for each try anew.</summary>
internal sealed record TimeoutOptions
{
    /// <summary>To open a connection, TLS included.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the start of a try to the first content of a stream (TTFT). Whole answers are not measured by it.</summary>
    public TimeSpan FirstToken { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Silence at any time: before the headers and between two reads. Under the platform's 230 s.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(220);

    /// <summary>From the start of a try to the last byte of its answer.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>
    /// How long a stream's opening is held back until content follows, while another target is left: what is held can still fail over unseen.
    /// </summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>How often and when one target is tried again.</summary>
internal sealed record RetryOptions
{
    /// <summary>Retries of one target, the first try not counted.</summary>
    public int Most { get; init; } = 2;

    /// <summary>The median of the first wait where the provider names none; doubled for each further one, jittered.</summary>
    public TimeSpan Base { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait while another target is left: a provider that asks for more is left for the next target at once.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait for the last target: who has to wait longer is told so, and waits itself.</summary>
    public TimeSpan LongestLastWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Retries as a share of the requests to a provider, in percent: more is a storm.</summary>
    public int BudgetPercent { get; init; } = 20;
}

/// <summary>When a second target is started beside a slow first one.</summary>
internal sealed record HedgeOptions
{
    /// <summary>The wait for the first content while too few answers were measured; after that it is the first target's own recent p95 TTFT.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Second calls as a share of the route's requests, in percent.</summary>
    public int Percent { get; init; } = 5;
}

/// <summary>When a target is taken to be down.</summary>
internal sealed record BreakerOptions
{
    /// <summary>Failures in a row that open the breaker.</summary>
    public int Failures { get; init; } = 5;

    /// <summary>The share of failures among the tries of the window that opens it, in percent, from ten tries on.</summary>
    public int Percent { get; init; } = 50;

    /// <summary>The window of that share.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it stays open at first; doubled after each failed probe.</summary>
    public TimeSpan Open { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest it stays open without a probe, unless the provider itself named a time.</summary>
    public TimeSpan LongestOpen { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>Holds the snapshot in force. Steps read it once, at the beginning of an exchange.</summary>
internal interface IGatewayOptions
{
    /// <summary>The snapshot in force.</summary>
    GatewayOptions Current { get; }
}
