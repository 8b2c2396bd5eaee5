using System.Text;

namespace Perigee.Tests.Embedding;

/// <summary>
/// Writes tiny ONNX models: a table of vectors in which tokens are looked up. The format is protobuf (onnx.proto of the ONNX project: field
/// numbers below are from there); four kinds of fields are enough.
/// </summary>
internal static class OnnxFile
{
    /// <summary>A model that gives a vector a token, or the mean of all.</summary>
    public static byte[] Write(float[][] vectors, bool pooled, string firstInput = "input_ids", bool types = true)
    {
        int dimensions = vectors[0].Length;
        MemoryStream graph = new();
        Bytes(graph, 1, Node("Gather", ["table", firstInput], pooled ? "tokens" : "last_hidden_state"));
        if (pooled)
            Bytes(graph, 1, Node("ReduceMean", ["tokens"], "sentence_embedding", ("axes", [1]), ("keepdims", [0])));
        Text(graph, 2, "lookup");
        Bytes(graph, 5, Table(vectors));
        foreach (string name in (string[])[firstInput, "attention_mask", .. types ? (string[])["token_type_ids"] : []])
            Bytes(graph, 11, Value(name, 7, "batch", "length"));
        Bytes(graph, 12, pooled ? Value("sentence_embedding", 1, "batch", dimensions) : Value("last_hidden_state", 1, "batch", "length", dimensions));

        MemoryStream set = new();
        Number(set, 2, 13);
        MemoryStream model = new();
        Number(model, 1, 8);
        Bytes(model, 7, graph.ToArray());
        Bytes(model, 8, set.ToArray());
        return model.ToArray();
    }

    private static byte[] Node(string type, string[] inputs, string output, params (string Name, long[] Values)[] attributes)
    {
        MemoryStream node = new();
        foreach (string input in inputs)
            Text(node, 1, input);
        Text(node, 2, output);
        Text(node, 4, type);
        foreach ((string name, long[] values) in attributes)
        {
            // Kind 2 is one number, kind 7 a list.
            MemoryStream attribute = new();
            Text(attribute, 1, name);
            if (name == "axes")
                Array.ForEach(values, value => Number(attribute, 8, value));
            else
                Number(attribute, 3, values[0]);
            Number(attribute, 20, name == "axes" ? 7 : 2);
            Bytes(node, 5, attribute.ToArray());
        }

        return node.ToArray();
    }

    private static byte[] Table(float[][] vectors)
    {
        MemoryStream tensor = new();
        Number(tensor, 1, vectors.Length);
        Number(tensor, 1, vectors[0].Length);
        Number(tensor, 2, 1);
        Text(tensor, 8, "table");
        Bytes(tensor, 9, [.. vectors.SelectMany(static vector => vector).SelectMany(BitConverter.GetBytes)]);
        return tensor.ToArray();
    }

    private static byte[] Value(string name, int type, params object[] sizes)
    {
        MemoryStream shape = new();
        foreach (object size in sizes)
        {
            MemoryStream dimension = new();
            if (size is string symbol)
                Text(dimension, 2, symbol);
            else
                Number(dimension, 1, (int)size);
            Bytes(shape, 1, dimension.ToArray());
        }

        MemoryStream tensor = new();
        Number(tensor, 1, type);
        Bytes(tensor, 2, shape.ToArray());
        MemoryStream kind = new();
        Bytes(kind, 1, tensor.ToArray());
        MemoryStream value = new();
        Text(value, 1, name);
        Bytes(value, 2, kind.ToArray());
        return value.ToArray();
    }

    private static void Number(MemoryStream output, int field, long value)
    {
        Variable(output, (ulong)field << 3);
        Variable(output, (ulong)value);
    }

    private static void Text(MemoryStream output, int field, string text) => Bytes(output, field, Encoding.UTF8.GetBytes(text));

    private static void Bytes(MemoryStream output, int field, byte[] bytes)
    {
        Variable(output, ((ulong)field << 3) | 2);
        Variable(output, (ulong)bytes.Length);
        output.Write(bytes);
    }

    private static void Variable(MemoryStream output, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            output.WriteByte((byte)(value | 0x80));
        output.WriteByte((byte)value);
    }
}
