using System.Text.Json.Serialization;

namespace Perigee.Wire;

/// <summary>Source-generated serialisation of this folder.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class WireJson : JsonSerializerContext;
