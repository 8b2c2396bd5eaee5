using Microsoft.AspNetCore.Http;
using Perigee.Catalog;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Usage;

/// <summary>An exchange that is over, in a few words.</summary>
internal sealed record Asked(DateTimeOffset At)
{
    private static readonly Operation Chat = new("chat", "POST", "/v1/chat/completions", BodyShape.Json, TargetBy.Model);

    public string? Organisation { get; init; }

    public string? Team { get; init; }

    public string? Key { get; init; } = "key_1";

    public string Model { get; init; } = "m";

    /// <summary>Whether nobody answered.</summary>
    public bool Unserved { get; init; }

    public int Status { get; init; } = 200;

    public CacheOutcome Cache { get; init; }

    public TokenUsage? Tokens { get; init; }

    /// <summary>Dollars a million tokens of input; null where the price is not known.</summary>
    public decimal? Price { get; init; } = 1;

    public double Milliseconds { get; init; } = 100;

    public double? First { get; init; }

    public long? SavedPicoDollars { get; init; }

    public string? Id { get; init; }

    /// <summary>The exchange as it would be.</summary>
    public Exchange Exchange()
    {
        DefaultHttpContext http = new();
        http.Response.StatusCode = Status;
        Exchange exchange = new()
        {
            Http = http,
            Id = Id ?? Guid.CreateVersion7(At).ToString("N"),
            Operation = Chat,
            Options = Exchanges.Options,
            Dialect = OpenAiChatDialect.Chat,
            StartedAt = At,
            Started = 0,
            Cache = Cache,
            ToFirstContent = First is { } first ? TimeSpan.FromMilliseconds(first) : null,
            Caller = Key is null ? null : new Caller(Key, "t", "n", null) { Organisation = Organisation, Team = Team },
            Complete = Status < 400,
        };
        http.Features.Set(exchange);
        if (Tokens is { } tokens)
            exchange.Answer.Restore(Model, tokens, FinishReason.Stop);
        if (Cache is CacheOutcome.Hit or CacheOutcome.Semantic or CacheOutcome.Joined)
        {
            exchange.CacheReceipt = new CacheReceipt { Tier = "exact", Saved = Tokens, SavedPicoDollars = SavedPicoDollars };
        }
        else if (Key is not null)
        {
            Target target = new(Exchanges.Provider, Model)
            {
                Known = Price is { } price ? new CatalogModel("test", Model, ModelKind.Chat) { Price = new ModelPrice(new PriceRates(Pico(price), Pico(price * 4))) } : null,
            };
            exchange.Attempts.Add(new Attempt(target, Status, Status < 400 ? null : ErrorKind.ProviderRefused, null, null, TimeSpan.FromMilliseconds(Milliseconds), true, null)
            {
                Outcome = Status < 400 ? "ok" : "429",
                Sent = true,
                Usage = Tokens,
            });
            if (!Unserved)
                exchange.Served = target;
        }

        if (Status >= 400)
            exchange.Fail(new GatewayError(ErrorKind.ProviderRefused, "refused"));
        return exchange;
    }

    /// <summary>What is kept of it.</summary>
    public ExchangeRecord Record() => ExchangeRecord.Of(Exchange(), TimeSpan.FromMilliseconds(Milliseconds), null);

    // Dollars a million tokens are micro-dollars a token.
    private static long Pico(decimal dollars) => (long)(dollars * 1_000_000);
}
