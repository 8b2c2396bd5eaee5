using System.Reflection;
using Perigee.TestHost;
using Xunit.Sdk;
using Xunit.v3;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>Runs a theory on the app as a plain process and as an isolated worker: once each, or once each for every given row.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class BothHostsAttribute(params object?[] row) : DataAttribute
{
    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([new TheoryDataRow([HostKind.Local, .. row]), new TheoryDataRow([HostKind.Isolated, .. row])]);

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => true;
}
