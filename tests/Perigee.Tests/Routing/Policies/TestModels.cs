using Perigee.Catalog;
using Perigee.Tests.Configuration;

namespace Perigee.Tests.Routing.Policies;

/// <summary>Providers and a catalogue of the test's own: a price and an ability are what the test says.</summary>
internal static class TestModels
{
    private static readonly (string, string)[] Keys =
        [("OPENAI_API_KEY", "k"), ("GROQ_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k"), ("GEMINI_API_KEY", "k"), ("DEEPSEEK_API_KEY", "k"), ("TOGETHER_API_KEY", "k"), ("OPENROUTER_API_KEY", "k")];

    /// <summary>A configuration with these rows laid over the catalogue.</summary>
    public static GatewayOptions Options(string json, params CatalogModel[] models) =>
        Settings.Read(json, Keys) with { Catalog = ModelCatalog.Shipped.With(models) };

    /// <summary>A configuration whose only models are these, of providers of the test's own, in the order in which they first appear.</summary>
    public static GatewayOptions Alone(params CatalogModel[] models) => Settings.Read(
        "{\"providers\":{\"demo\":{\"enabled\":false}," + string.Join(',', models.Select(model => model.Provider).Distinct().Select(name => $"\"{name}\":{{\"baseUrl\":\"https://{name}.example/v1\"}}")) + "}}")
        with
    { Catalog = ModelCatalog.Shipped.With(models) };

    /// <summary>A row: dollars per million tokens in and out.</summary>
    public static CatalogModel Model(string name, decimal input = 1, decimal output = 1, long context = 100_000) => new(name[..name.IndexOf('/')], name[(name.IndexOf('/') + 1)..], ModelKind.Chat)
    {
        Context = context,
        Inputs = Modalities.Text,
        Judged = Modalities.All,
        Outputs = Modalities.Text,
        Tools = false,
        Schema = false,
        Reasoning = false,
        Quality = Quality.Standard,
        Price = new ModelPrice(new PriceRates((long)(input * 1_000_000), (long)(output * 1_000_000))),
    };
}
