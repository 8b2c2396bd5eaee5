using System.Buffers.Binary;
using System.Text;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>
/// A row as bytes: a format byte, when it was written (in UTC ticks; rows of format 1 do not say), then for each value its type, its name and its data (numbers little endian; names, texts and
/// byte arrays after a 32-bit length).
/// </summary>
internal static class RowCodec
{
    private const byte Timeless = 1;
    private const byte Format = 2;

    private enum Kind : byte
    {
        Text = 1,
        False = 2,
        True = 3,
        Int32 = 4,
        Int64 = 5,
        Double = 6,
        Guid = 7,
        Moment = 8,
        Bytes = 9,
    }

    public static byte[] Write(TableRow row, DateTimeOffset now)
    {
        int size = 1 + 8;
        foreach ((string name, object value) in row.Values)
            size += 1 + 4 + name.Length + SizeOf(value);
        byte[] data = new byte[size];
        data[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(1), now.UtcTicks);
        Span<byte> rest = data.AsSpan(1 + 8);
        foreach ((string name, object value) in row.Values)
        {
            rest[0] = (byte)KindOf(value);
            rest = rest[1..];
            Put(ref rest, name);
            switch (value)
            {
                case string text:
                    Put(ref rest, text);
                    break;
                case byte[] bytes:
                    BinaryPrimitives.WriteInt32LittleEndian(rest, bytes.Length);
                    bytes.CopyTo(rest[4..]);
                    rest = rest[(4 + bytes.Length)..];
                    break;
                case bool:
                    break;
                case int number:
                    BinaryPrimitives.WriteInt32LittleEndian(rest, number);
                    rest = rest[4..];
                    break;
                case Guid guid:
                    guid.TryWriteBytes(rest);
                    rest = rest[16..];
                    break;
                default:
                    BinaryPrimitives.WriteInt64LittleEndian(rest, value switch
                    {
                        long number => number,
                        double number => BitConverter.DoubleToInt64Bits(number),
                        _ => ((DateTimeOffset)value).UtcTicks,
                    });
                    rest = rest[8..];
                    break;
            }
        }

        return data;
    }

    /// <exception cref="InvalidDataException">The bytes are no row.</exception>
    public static void Read(ReadOnlySpan<byte> data, TableRow row)
    {
        if (data.IsEmpty || data[0] is not (Timeless or Format))
            throw new InvalidDataException("A row has a format that this version does not know.");
        try
        {
            byte format = data[0];
            data = data[1..];
            if (format == Format)
                row.WrittenAt = new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(Take(ref data, 8)), TimeSpan.Zero);
            while (!data.IsEmpty)
            {
                Kind kind = (Kind)data[0];
                data = data[1..];
                string name = Encoding.UTF8.GetString(Take(ref data));
                row.Values[name] = Value(kind, ref data);
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new InvalidDataException("A row ends too early.");
        }
    }

    private static object Value(Kind kind, ref ReadOnlySpan<byte> data)
    {
        switch (kind)
        {
            case Kind.Text:
                return Encoding.UTF8.GetString(Take(ref data));
            case Kind.Bytes:
                return Take(ref data).ToArray();
            case Kind.False:
                return false;
            case Kind.True:
                return true;
            case Kind.Int32:
                return BinaryPrimitives.ReadInt32LittleEndian(Take(ref data, 4));
            case Kind.Guid:
                return new Guid(Take(ref data, 16));
            case Kind.Int64:
                return BinaryPrimitives.ReadInt64LittleEndian(Take(ref data, 8));
            case Kind.Double:
                return BinaryPrimitives.ReadDoubleLittleEndian(Take(ref data, 8));
            case Kind.Moment:
                return new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(Take(ref data, 8)), TimeSpan.Zero);
            default:
                throw new InvalidDataException("A row holds a value of a type that this version does not know.");
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> data) => Take(ref data, BinaryPrimitives.ReadInt32LittleEndian(Take(ref data, 4)));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> data, int length)
    {
        ReadOnlySpan<byte> taken = data[..length];
        data = data[length..];
        return taken;
    }

    private static void Put(ref Span<byte> rest, string text)
    {
        int length = Encoding.UTF8.GetBytes(text, rest[4..]);
        BinaryPrimitives.WriteInt32LittleEndian(rest, length);
        rest = rest[(4 + length)..];
    }

    private static int SizeOf(object value) => value switch
    {
        string text => 4 + Encoding.UTF8.GetByteCount(text),
        byte[] bytes => 4 + bytes.Length,
        bool => 0,
        int => 4,
        Guid => 16,
        _ => 8,
    };

    private static Kind KindOf(object value) => value switch
    {
        string => Kind.Text,
        byte[] => Kind.Bytes,
        bool truth => truth ? Kind.True : Kind.False,
        int => Kind.Int32,
        long => Kind.Int64,
        double => Kind.Double,
        Guid => Kind.Guid,
        DateTimeOffset => Kind.Moment,
        _ => throw new InvalidDataException($"A {value.GetType().Name} cannot be stored."),
    };
}
