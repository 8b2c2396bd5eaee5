using Perigee.Catalog;
using Perigee.Providers;
using Perigee.Wire;

namespace Perigee;

/// <summary>Where a request can be served: a provider and the model's name there.</summary>
/// <param name="Provider">The provider's row.</param>
/// <param name="Model">The model's name as that provider spells it; empty where the operation names none.</param>
internal sealed record Target(Provider Provider, string Model)
{
    /// <summary>How this model there wants to be asked.</summary>
    public ModelTraits Traits { get; } = Provider.TraitsOf(Model);

    /// <summary>What the catalogue knows of the model, or null.</summary>
    public CatalogModel? Known { get; init; }

    /// <summary><c>provider/model</c>, as logs and headers show it.</summary>
    public override string ToString() => Name;

    /// <summary>The same, made once: headers, logs and the state of its health go by it.</summary>
    public string Name { get; } = Model.Length == 0 ? Provider.Name : $"{Provider.Name}/{Model}";
}
