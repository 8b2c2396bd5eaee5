using System.Diagnostics;
using Perigee.Logs;

namespace Perigee.Telemetry;

/// <summary>Measures exchanges that are over. Where nobody listens it wants no record.</summary>
internal sealed class MetricsSink(Instruments instruments, MetricModels models, Redactor redactor) : IExchangeSink
{
    /// <inheritdoc/>
    public bool Wants(GatewayOptions options) => instruments.Enabled;

    /// <inheritdoc/>
    public void Take(ExchangeRecord record)
    {
        TimeSpan upstream = TimeSpan.Zero;
        bool asks = Semantics.AsksModel(record.Operation);
        foreach (Attempt attempt in record.Attempts)
        {
            upstream += attempt.Total;
            if (asks)
                Measure(record, attempt);
        }

        if (record.Total > upstream)
            instruments.Overhead.Record((record.Total - upstream).TotalSeconds, new KeyValuePair<string, object?>("perigee.operation", record.Operation));
        if (record.Cache != nameof(CacheOutcome.Off) && Enum.TryParse(record.Cache, out CacheOutcome outcome))
        {
            instruments.Cache.Add(1, new("perigee.cache.outcome", Words.Of(outcome)), new("perigee.cache.tier", record.Receipt is { Observed: false, Tier: { } tier } ? tier : "none"));
            if (outcome is CacheOutcome.Hit or CacheOutcome.Semantic && record.Receipt?.SavedPicoDollars is { } saved)
                instruments.Saved.Add(saved / 1e12);
        }

        if (record.Error is ErrorKind.LimitReached or ErrorKind.BudgetSpent && record.Limit is { } limit)
            instruments.Refused.Add(1, new("perigee.limit.level", Words.Of(limit.Rule.Level)), new("perigee.limit.meter", Words.Of(limit.Rule.Meter)));
        if (asks)
            MeasureRequest(record);
    }

    private void Measure(ExchangeRecord record, Attempt attempt)
    {
        bool ok = attempt.Outcome == "ok";
        bool served = attempt.Target == record.Served && attempt.Shown;
        TagList tags = TagsOf(record, attempt.Target, ok, served ? record.AnswerModel : null);
        if (attempt.Usage is { } usage)
        {
            Count("input", usage.Input);
            Count("output", usage.Output);
        }

        if (AnswerCost.Of(attempt.Target, attempt.Usage, record.Time) is { } cost)
            instruments.Cost.Add(cost / 1e12, Plain(record, attempt.Target, ok));
        if (record.Stream && attempt.ToContent is { } first)
            instruments.CallFirstChunk.Record(first.TotalSeconds, tags);
        if (!ok)
            tags.Add("error.type", attempt.Outcome);
        instruments.CallDuration.Record(attempt.Total.TotalSeconds, tags);

        void Count(string type, long tokens)
        {
            TagList typed = tags;
            typed.Add("gen_ai.token.type", type);
            instruments.TokenUsage.Record(tokens, typed);
        }
    }

    private void MeasureRequest(ExchangeRecord record)
    {
        // What no provider served the gateway itself did: a refusal, a replay.
        TagList tags = record.Served is { } target ? TagsOf(record, target, record.Error is null, record.AnswerModel) : new TagList
        {
            { "gen_ai.operation.name", Semantics.Operation(record.Operation, default) },
            { "gen_ai.provider.name", "perigee" },
        };
        if (record.ToFirstContent is { } first && record.Error is null)
        {
            instruments.TimeToFirstToken.Record(first.TotalSeconds, tags);
            if (record is { Stream: true, Tokens: { Estimated: false } tokens } && tokens.OutputText + tokens.OutputReasoning is var output and > 1 && record.Total > first)
                instruments.TimePerToken.Record((record.Total - first).TotalSeconds / (output - 1), tags);
        }

        if (record.Error is { } error)
            tags.Add("error.type", ErrorKinds.Word(error));
        instruments.RequestDuration.Record(record.Total.TotalSeconds, tags);
        if (record.Spent is { PicoDollars: null })
            instruments.Unpriced.Add(1, new KeyValuePair<string, object?>("gen_ai.operation.name", Semantics.Operation(record.Operation, default)));
    }

    private TagList TagsOf(ExchangeRecord record, Target target, bool answered, string? answer)
    {
        TagList tags = Plain(record, target, answered);
        if (models.Answered(answer is null ? null : redactor.Redact(answer)) is { } said)
            tags.Add("gen_ai.response.model", said);
        Endpoints provider = Endpoints.Of(target.Provider);
        if (provider.Address is { } address)
        {
            tags.Add("server.address", address);
            tags.Add("server.port", provider.Port);
        }

        return tags;
    }

    private TagList Plain(ExchangeRecord record, Target target, bool answered)
    {
        TagList tags = new()
        {
            { "gen_ai.operation.name", Semantics.Operation(record.Operation, target.Provider.Dialect) },
            { "gen_ai.provider.name", Endpoints.Of(target.Provider).Provider },
        };
        if (target.Model.Length > 0)
            tags.Add("gen_ai.request.model", redactor.Redact(models.Asked(target, answered)));
        return tags;
    }
}
