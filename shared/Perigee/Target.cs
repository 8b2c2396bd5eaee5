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

    /// <summary><c>provider/model</c>, as logs and headers show it.</summary>
    public override string ToString() => Model.Length == 0 ? Provider.Name : $"{Provider.Name}/{Model}";
}
