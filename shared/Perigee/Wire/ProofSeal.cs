using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Wire;

/// <summary>
/// Carries a provider's proof of reasoning through a dialect that has a place for one but is not that provider's: an envelope that says where
/// it comes from and that only this gateway can have made. What comes back without a valid envelope, or from another tenant, is no proof of ours.
/// The envelope is Base64, because typed clients decode such fields: the six bytes <c>perig1</c>, origin, kind, the length of the call's id
/// (two bytes), the call's id, the proof, and the first 16 bytes of HMAC-SHA-256 over tenant and all of it.
/// </summary>
/// <param name="key">The gateway's own secret.</param>
/// <param name="scope">The tenant.</param>
internal sealed class ProofSeal(byte[] key, string scope)
{
    private const int MacLength = 16;
    private const int HeadLength = 10;

    /// <summary>How every envelope begins: Base64 of <c>perig1</c>.</summary>
    public static ReadOnlySpan<byte> Mark => "cGVyaWcx"u8;

    /// <summary>The envelope: Base64, so it needs no escaping anywhere.</summary>
    public byte[] Wrap(in Proof proof)
    {
        ReadOnlySpan<byte> call = proof.CallId.Escaped.Length <= ushort.MaxValue ? proof.CallId.Escaped : default;
        ReadOnlySpan<byte> data = proof.Data.Escaped;
        byte[] inside = new byte[HeadLength + call.Length + data.Length + MacLength];
        "perig1"u8.CopyTo(inside);
        inside[6] = (byte)proof.Origin;
        inside[7] = (byte)proof.Kind;
        BinaryPrimitives.WriteUInt16BigEndian(inside.AsSpan(8), (ushort)call.Length);
        call.CopyTo(inside.AsSpan(HeadLength));
        data.CopyTo(inside.AsSpan(HeadLength + call.Length));
        Mac(inside.AsSpan(0, inside.Length - MacLength), inside.AsSpan(inside.Length - MacLength));
        byte[] envelope = new byte[Base64.GetMaxEncodedToUtf8Length(inside.Length)];
        Base64.EncodeToUtf8(inside, envelope, out _, out _);
        return envelope;
    }

    /// <summary>Whether the text claims to be an envelope, genuine or not.</summary>
    public static bool IsEnvelope(ReadOnlySpan<byte> escaped) => escaped.StartsWith(Mark);

    /// <summary>The proof inside, or null where this gateway did not make the envelope for this tenant.</summary>
    public KeptProof? Open(ReadOnlySpan<byte> envelope)
    {
        if (!IsEnvelope(envelope))
            return null;

        // Some clients escape the slashes of what they send back; some decode it and encode it again in the alphabet of URLs (Google's for Python).
        envelope = WireText.Unescape(envelope);
        byte[] inside = new byte[envelope.Length];
        if ((Base64.DecodeFromUtf8(envelope, inside, out _, out int length) != OperationStatus.Done
            && Base64Url.DecodeFromUtf8(envelope, inside, out _, out length) != OperationStatus.Done) || length < HeadLength + MacLength)
        {
            return null;
        }

        Span<byte> mac = stackalloc byte[MacLength];
        Mac(inside.AsSpan(0, length - MacLength), mac);
        int call = BinaryPrimitives.ReadUInt16BigEndian(inside.AsSpan(8));
        if (!CryptographicOperations.FixedTimeEquals(mac, inside.AsSpan(length - MacLength, MacLength)) || HeadLength + call + MacLength > length)
            return null;
        return new KeptProof((ProofOrigin)inside[6], (ProofKind)inside[7], new WireText(inside.AsMemory(HeadLength + call, length - HeadLength - call - MacLength)))
        {
            CallId = new WireText(inside.AsMemory(HeadLength, call)),
        };
    }

    private void Mac(ReadOnlySpan<byte> text, Span<byte> mac)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Encoding.UTF8.GetBytes(scope));
        hash.AppendData([0]);
        hash.AppendData(text);
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hash.GetHashAndReset(whole);
        whole[..MacLength].CopyTo(mac);
    }
}
