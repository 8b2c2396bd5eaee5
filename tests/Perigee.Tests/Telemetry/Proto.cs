using System.Buffers.Binary;
using System.Text;

namespace Perigee.Tests.Telemetry;

/// <summary>A protobuf message, taken apart by hand (https://protobuf.dev/programming-guides/encoding/): what the SDK writes is not read by its own code.</summary>
internal sealed class Proto
{
    private readonly List<(int Field, ulong Number, byte[] Bytes)> _fields = [];

    public Proto(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ulong tag = Varint(ref bytes);
            int field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((field, Varint(ref bytes), []));
                    break;
                case 1:
                    _fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(bytes), []));
                    bytes = bytes[8..];
                    break;
                case 2:
                    int length = (int)Varint(ref bytes);
                    _fields.Add((field, 0, bytes[..length].ToArray()));
                    bytes = bytes[length..];
                    break;
                case 5:
                    _fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(bytes), []));
                    bytes = bytes[4..];
                    break;
                default:
                    throw new InvalidDataException($"Wire type {tag & 7}.");
            }
        }
    }

    public IEnumerable<Proto> All(int field) => _fields.Where(one => one.Field == field).Select(static one => new Proto(one.Bytes));

    /// <summary>Everything below a path of fields.</summary>
    public IEnumerable<Proto> Below(params int[] path) => path.Aggregate((IEnumerable<Proto>)[this], static (at, field) => at.SelectMany(one => one.All(field)));

    public byte[] Bytes(int field) => _fields.FirstOrDefault(one => one.Field == field).Bytes ?? [];

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public ulong Number(int field) => _fields.FirstOrDefault(one => one.Field == field).Number;

    /// <summary>Attributes: pairs of key and AnyValue.</summary>
    public Dictionary<string, object> Attributes(int field) => All(field).ToDictionary(static pair => pair.Text(1), static pair => Value(pair.All(2).Single()));

    private static object Value(Proto any)
    {
        (int field, ulong number, byte[] bytes) = any._fields.Single();
        return field switch
        {
            1 => Encoding.UTF8.GetString(bytes),
            2 => number != 0,
            3 => (long)number,
            4 => BitConverter.UInt64BitsToDouble(number),
            5 => string.Join(',', new Proto(bytes).All(1).Select(static one => Value(one).ToString())),
            _ => throw new InvalidDataException($"A value of kind {field}."),
        };
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte one = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(one & 0x7F) << shift;
            if (one < 0x80)
                return value;
        }
    }
}
