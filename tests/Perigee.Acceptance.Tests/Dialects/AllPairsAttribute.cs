using System.Reflection;
using Perigee.TestHost;
using Xunit.Sdk;
using Xunit.v3;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>Runs a theory in both hosts for every pair of a client's SDK and a provider's dialect: nine times two.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AllPairsAttribute : DataAttribute
{
    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        List<ITheoryDataRow> rows = [];
        foreach (HostKind kind in (HostKind[])[HostKind.Local, HostKind.Isolated])
        {
            foreach (string sdk in Vendors.All)
            {
                foreach (string provider in Vendors.All)
                    rows.Add(new TheoryDataRow(kind, sdk, provider));
            }
        }

        return new(rows);
    }

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => true;
}
