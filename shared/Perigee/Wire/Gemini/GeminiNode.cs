using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>One value of a question's body, with what is below it.</summary>
internal readonly struct GeminiNode(JsonIndex index, int at)
{
    /// <summary>What it is.</summary>
    public JsonTokenType Type => index.Tokens[at].Type;

    /// <summary>Its bytes.</summary>
    public ReadOnlyMemory<byte> Json => index.Json.Slice(index.Tokens[at].Start, index.Tokens[at].Length);

    /// <summary>The inside of a string or name.</summary>
    public WireText Text => new(index.Json.Slice(index.Tokens[at].Start + 1, index.Tokens[at].Length - 2));

    /// <summary>Whether it is an object.</summary>
    public bool IsObject => Type == JsonTokenType.StartObject;

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => Type == JsonTokenType.StartArray;

    /// <summary>Whether it is a string.</summary>
    public bool IsText => Type == JsonTokenType.String;

    /// <summary>Whether it is a number.</summary>
    public bool IsNumber => Type == JsonTokenType.Number;

    /// <summary>Whether it is <c>true</c> or <c>false</c>.</summary>
    public bool IsBool => Type is JsonTokenType.True or JsonTokenType.False;

    /// <summary>Where it stands, as the client wrote it: <c>contents[0].parts[1].functionCall</c>.</summary>
    public string Path
    {
        get
        {
            StringBuilder path = new();
            ReadOnlySpan<JsonIndex.Token> tokens = index.Tokens;
            int here = 0;
            while (here != at)
            {
                bool isObject = tokens[here].Type == JsonTokenType.StartObject;
                int child = here + 1;
                int position = 0;
                int value = isObject ? child + 1 : child;
                while (tokens[value].Next <= at)
                {
                    child = tokens[value].Next;
                    value = isObject ? child + 1 : child;
                    position++;
                }

                if (isObject)
                    path.Append(path.Length > 0 ? "." : "").Append(index.Text(tokens[child]));
                else
                    path.Append(CultureInfo.InvariantCulture, $"[{position}]");
                here = value;
            }

            return path.ToString();
        }
    }

    /// <summary>Whether an object or array holds anything.</summary>
    public bool HasInside => index.Tokens[at].Next > at + 1;

    /// <summary>The members of an object that say something: <c>null</c> is as good as absent.</summary>
    public IEnumerable<GeminiMember> Members => AllMembers.Where(static member => member.Value.Type != JsonTokenType.Null);

    /// <summary>The members of an object, also those that are <c>null</c>.</summary>
    public IEnumerable<GeminiMember> AllMembers
    {
        get
        {
            if (!IsObject)
                yield break;
            int end = index.Tokens[at].Next;
            for (int name = at + 1; name < end; name = index.Tokens[name + 1].Next)
                yield return new GeminiMember(new GeminiNode(index, name).Text, new GeminiNode(index, name + 1));
        }
    }

    /// <summary>The items of an array.</summary>
    public IEnumerable<GeminiNode> Items
    {
        get
        {
            if (!IsArray)
                yield break;
            int end = index.Tokens[at].Next;
            for (int item = at + 1; item < end; item = index.Tokens[item].Next)
                yield return new GeminiNode(index, item);
        }
    }

    /// <summary>The items of an array, or the value itself where a single object stands for a list of one.</summary>
    public IEnumerable<GeminiNode> List => IsArray ? Items : [this];

    /// <summary>A member by its name in camelCase, or null.</summary>
    public GeminiNode? Find(ReadOnlySpan<byte> camel)
    {
        ReadOnlySpan<JsonIndex.Token> tokens = index.Tokens;
        if (tokens[at].Type != JsonTokenType.StartObject)
            return null;
        for (int name = at + 1; name < tokens[at].Next; name = tokens[name + 1].Next)
        {
            if (tokens[name + 1].Type != JsonTokenType.Null && GeminiNames.Is(new GeminiNode(index, name).Text.Escaped.Span, camel))
                return new GeminiNode(index, name + 1);
        }

        return null;
    }

    /// <summary>A whole number, as such or in a string, as protocol buffers allow; false for anything else.</summary>
    public bool TryLong(out long value)
    {
        value = 0;
        ReadOnlySpan<byte> digits = IsNumber ? Json.Span : IsText ? Text.Escaped.Span : default;
        if (System.Buffers.Text.Utf8Parser.TryParse(digits, out value, out int used) && used == digits.Length)
            return true;
        if (!System.Buffers.Text.Utf8Parser.TryParse(digits, out double real, out used) || used != digits.Length || Math.Abs(real) > 1e15 || real != Math.Floor(real))
            return false;
        value = (long)real;
        return true;
    }

    /// <summary>The refusal of this value.</summary>
    /// <param name="why">What it must be, as the rest of a sentence: "must be a string."</param>
    public GatewayError Wrong(string why) => new(ErrorKind.BadRequest, $"'{Path}' {why}", Path);
}

/// <summary>A member of an object.</summary>
/// <param name="Name">Its name, escaped.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct GeminiMember(WireText Name, GeminiNode Value)
{
    /// <summary>Whether it has this name, in camelCase as given here or in snake_case.</summary>
    public bool Is(ReadOnlySpan<byte> camel) => GeminiNames.Is(Name.Escaped.Span, camel);
}
