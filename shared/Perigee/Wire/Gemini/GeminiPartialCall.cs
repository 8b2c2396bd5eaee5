using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// A call whose arguments come in pieces (<c>streamFunctionCallArguments</c>): each piece names its place by a JSON path and goes on with a
/// string there, or sets another value. No other dialect can be told half a value at an arbitrary place, so the call is said when it is
/// complete. Source: the reference of <c>FunctionCall.partialArgs</c> (Vertex AI).
/// </summary>
internal sealed class GeminiPartialCall(int index)
{
    private readonly Node _root = new();
    private byte[] _path = [];
    private Node? _last;

    /// <summary>The call's place among the calls of its candidate.</summary>
    public int Index { get; } = index;

    /// <summary>Adds the pieces of an array at which the reader stands.</summary>
    public void Add(Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            ReadOnlySpan<byte> path = default;
            ReadOnlySpan<byte> value = default;
            bool text = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isPath = GeminiNames.Is(ref reader, "jsonPath"u8);
                bool isText = GeminiNames.Is(ref reader, "stringValue"u8);
                bool isNull = GeminiNames.Is(ref reader, "nullValue"u8);
                bool isValue = GeminiNames.Is(ref reader, "numberValue"u8) || GeminiNames.Is(ref reader, "boolValue"u8);
                reader.Read();
                if (isPath && reader.TokenType == JsonTokenType.String)
                {
                    path = reader.ValueSpan;
                }
                else if (isText && reader.TokenType == JsonTokenType.String)
                {
                    value = reader.ValueSpan;
                    text = true;
                }
                else if (isNull)
                {
                    value = "null"u8;
                }
                else if (isValue && reader.TokenType is JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False)
                {
                    value = reader.ValueSpan;
                }

                reader.Skip();
            }

            if (!text && value.IsEmpty)
                continue;

            // Most pieces go on with the string of the piece before.
            if (!path.SequenceEqual(_path))
                (_path, _last) = (path.ToArray(), Find(WireText.Decode(path)));
            _last?.Set(value, text);
        }
    }

    /// <summary>Writes the arguments as JSON.</summary>
    public void Write(IBufferWriter<byte> output) => _root.Write(new JsonPen(output), root: true);

    /// <summary>The place of a path such as <c>$.items[0].name</c> or <c>$['a b']</c>; null for the root itself or what is no path.</summary>
    private Node? Find(string path)
    {
        Node node = _root;
        int at = path.StartsWith('$') ? 1 : 0;
        while (at < path.Length)
        {
            if (path[at] == '.')
            {
                int end = path.AsSpan(at + 1).IndexOfAny('.', '[');
                end = end < 0 ? path.Length : at + 1 + end;
                node = node.Member(path[(at + 1)..end]);
                at = end;
            }
            else if (path[at] == '[')
            {
                int end = path.IndexOf(']', at);
                if (end < 0)
                    return null;
                string inside = path[(at + 1)..end].Trim('\'', '"');
                if (!int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out int item) || path[at + 1] is '\'' or '"')
                    node = node.Member(inside);
                else if (item > 65_535)
                    return null;
                else
                    node = node.Item(item);
                at = end + 1;
            }
            else
            {
                return null;
            }
        }

        return node == _root ? null : node;
    }

    private sealed class Node
    {
        private List<(string Name, Node Value)>? _members;
        private List<Node>? _items;
        private ArrayBufferWriter<byte>? _text;
        private byte[]? _value;

        public Node Member(string name)
        {
            _members ??= [];
            foreach ((string known, Node value) in _members)
            {
                if (known == name)
                    return value;
            }

            Node made = new();
            _members.Add((name, made));
            return made;
        }

        public Node Item(int at)
        {
            _items ??= [];
            while (_items.Count <= at)
                _items.Add(new Node());
            return _items[at];
        }

        public void Set(ReadOnlySpan<byte> value, bool text)
        {
            if (text)
                (_text ??= new ArrayBufferWriter<byte>(Math.Max(16, value.Length))).Write(value);
            else
                _value = value.ToArray();
        }

        public void Write(JsonPen pen, bool root)
        {
            if (_members is not null || root)
            {
                pen.Object();
                foreach ((string name, Node value) in _members ?? [])
                {
                    pen.Name(WireText.Encode(name));
                    value.Write(pen, root: false);
                }

                pen.EndObject();
            }
            else if (_items is not null)
            {
                pen.Array();
                foreach (Node item in _items)
                    item.Write(pen, root: false);
                pen.EndArray();
            }
            else if (_text is not null)
            {
                pen.Text(_text.WrittenSpan);
            }
            else
            {
                pen.Raw(_value ?? "null"u8);
            }
        }
    }
}
