using System.Text.Json;
using System.Text.RegularExpressions;
using Azure.Bicep.Types.Az;
using Azure.Bicep.Types.Concrete;

namespace Perigee.Infra.Tests.Bicep;

/// <summary>
/// Holds predicted resources to Azure's published types, stricter than the compiler: a property that the type does not have, a value that is none of
/// the published ones (Azure's enums are open, so the compiler takes any text), a number out of range, a missing property are faults.
/// </summary>
internal sealed class TypeChecker
{
    private readonly AzTypeLoader _loader = new();
    private readonly Azure.Bicep.Types.Index.TypeIndex _index;
    private readonly Dictionary<string, ResourceType> _types = new(StringComparer.OrdinalIgnoreCase);

    public TypeChecker() => _index = _loader.LoadTypeIndex();

    /// <summary>Everything that is wrong with a resource, each with its path.</summary>
    public List<string> Check(JsonElement resource)
    {
        string type = $"{Snapshot.Type(resource)}@{Snapshot.Text(resource, "apiVersion")}";
        List<string> faults = [];
        if (Load(type) is { } known)
            Check(resource, known.Body.Type, Snapshot.Type(resource), faults, isResource: true);
        else
            faults.Add($"{type}: is no published type.");
        return faults;
    }

    private ResourceType? Load(string type)
    {
        if (!_types.TryGetValue(type, out ResourceType? known))
        {
            string? key = _index.Resources.Keys.FirstOrDefault(k => k.Equals(type, StringComparison.OrdinalIgnoreCase));
            if (key is null)
                return null;
            _types[type] = known = _loader.LoadResourceType(_index.Resources[key]);
        }

        return known;
    }

    private static void Check(JsonElement value, TypeBase type, string path, List<string> faults, bool isResource = false)
    {
        if (value.ValueKind == JsonValueKind.Null || IsExpression(value))
            return;
        switch (type)
        {
            case ObjectType shape:
                CheckObject(value, shape.Properties, shape.AdditionalProperties?.Type, path, faults, isResource);
                break;
            case DiscriminatedObjectType choice:
                CheckChoice(value, choice, path, faults, isResource);
                break;
            case UnionType union:
                CheckUnion(value, union, path, faults);
                break;
            case ArrayType array when Is(value, JsonValueKind.Array, path, faults):
                int i = 0;
                foreach (JsonElement item in value.EnumerateArray())
                    Check(item, array.ItemType.Type, $"{path}[{i++}]", faults);
                if (i < array.MinLength || i > array.MaxLength)
                    faults.Add($"{path}: has {i} items.");
                break;
            case StringLiteralType literal:
                if (value.ValueKind != JsonValueKind.String || !literal.Value.Equals(value.GetString(), StringComparison.OrdinalIgnoreCase))
                    faults.Add($"{path}: is {value}, and has to be {literal.Value}.");
                break;
            case StringType text when Is(value, JsonValueKind.String, path, faults):
                CheckText(value.GetString()!, text, path, faults);
                break;
            case IntegerType number when Is(value, JsonValueKind.Number, path, faults):
                if (!value.TryGetInt64(out long whole) || whole < number.MinValue || whole > number.MaxValue)
                    faults.Add($"{path}: is {value}, and has to be a whole number from {number.MinValue} to {number.MaxValue}.");
                break;
            case BooleanType when value.ValueKind is not (JsonValueKind.True or JsonValueKind.False):
                faults.Add($"{path}: is {value}, and has to be true or false.");
                break;
        }
    }

    private static void CheckObject(
        JsonElement value, IReadOnlyDictionary<string, ObjectTypeProperty> known, TypeBase? more, string path, List<string> faults, bool isResource)
    {
        if (!Is(value, JsonValueKind.Object, path, faults))
            return;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            // The snapshot says these of every resource.
            if (isResource && member.Name is "id" or "type" or "apiVersion" or "name" or "condition")
                continue;
            if (known.TryGetValue(member.Name, out ObjectTypeProperty? property))
            {
                if (property.Flags.HasFlag(ObjectTypePropertyFlags.ReadOnly))
                    faults.Add($"{path}.{member.Name}: can only be read.");
                Check(member.Value, property.Type.Type, $"{path}.{member.Name}", faults);
            }
            else if (more is not null)
            {
                Check(member.Value, more, $"{path}.{member.Name}", faults);
            }
            else
            {
                faults.Add($"{path}.{member.Name}: there is no such property.");
            }
        }

        foreach ((string name, ObjectTypeProperty property) in known)
        {
            if (property.Flags.HasFlag(ObjectTypePropertyFlags.Required) && !value.TryGetProperty(name, out _))
                faults.Add($"{path}.{name}: is missing.");
        }
    }

    private static void CheckChoice(JsonElement value, DiscriminatedObjectType choice, string path, List<string> faults, bool isResource)
    {
        if (!Is(value, JsonValueKind.Object, path, faults))
            return;
        string? chosen = value.TryGetProperty(choice.Discriminator, out JsonElement named) ? named.GetString() : null;
        // A child's name carries its parents' before it.
        chosen = isResource && choice.Discriminator == "name" ? chosen?.Split('/')[^1] : chosen;
        if (chosen is null || !choice.Elements.TryGetValue(chosen, out ITypeReference? element))
        {
            faults.Add($"{path}.{choice.Discriminator}: is {chosen ?? "missing"}, and one of {string.Join(", ", choice.Elements.Keys)} is known.");
            return;
        }

        ObjectType shape = (ObjectType)element.Type;
        Dictionary<string, ObjectTypeProperty> all = new(choice.BaseProperties);
        foreach ((string name, ObjectTypeProperty property) in shape.Properties)
            all[name] = property;
        CheckObject(value, all, shape.AdditionalProperties?.Type, path, faults, isResource);
    }

    private static void CheckUnion(JsonElement value, UnionType union, string path, List<string> faults)
    {
        TypeBase[] elements = [.. union.Elements.Select(e => e.Type)];
        string[] literals = [.. elements.OfType<StringLiteralType>().Select(l => l.Value)];
        if (literals.Length > 0 && value.ValueKind == JsonValueKind.String)
        {
            if (!literals.Contains(value.GetString(), StringComparer.OrdinalIgnoreCase))
                faults.Add($"{path}: is {value}, and one of {string.Join(", ", literals)} is known.");
            return;
        }

        List<string>[] each = [.. elements.Select(element =>
        {
            List<string> found = [];
            Check(value, element, path, found);
            return found;
        })];
        if (!each.Any(found => found.Count == 0))
            faults.AddRange(each[0]);
    }

    private static void CheckText(string text, StringType type, string path, List<string> faults)
    {
        if (text.Length < type.MinLength || text.Length > type.MaxLength)
            faults.Add($"{path}: has {text.Length} characters, and {type.MinLength} to {type.MaxLength} are allowed.");
        if (type.Pattern is { } pattern && !Regex.IsMatch(text, pattern))
            faults.Add($"{path}: '{text}' does not match {pattern}.");
    }

    private static bool Is(JsonElement value, JsonValueKind kind, string path, List<string> faults)
    {
        if (value.ValueKind == kind)
            return true;
        faults.Add($"{path}: is {value.ValueKind}, and has to be {kind}.");
        return false;
    }

    // What only the deployment can compute.
    private static bool IsExpression(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString()!.StartsWith('[');
}
