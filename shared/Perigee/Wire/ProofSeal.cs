using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Wire;

/// <summary>
/// Carries a provider's proof of reasoning through a dialect that has a place for one but is not that provider's: an envelope
/// <c>pgp1.(origin)(kind).(call id, base64url).(data, base64url).(MAC)</c> that says where it comes from and that only this gateway can have made.
/// What comes back without a valid envelope, or from another tenant, is no proof of ours. The MAC is HMAC-SHA-256, cut to 16 bytes.
/// </summary>
/// <param name="key">The gateway's own secret.</param>
/// <param name="scope">The tenant.</param>
internal sealed class ProofSeal(byte[] key, string scope)
{
    private const int MacLength = 16;

    /// <summary>How every envelope begins.</summary>
    public static ReadOnlySpan<byte> Mark => "pgp1."u8;

    /// <summary>The envelope: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, so it needs no escaping anywhere.</summary>
    public byte[] Wrap(in Proof proof)
    {
        ArrayBufferWriter<byte> output = new(proof.Data.Escaped.Length * 2 + 64);
        output.Write(Mark);
        output.Write([(byte)('0' + (int)proof.Origin), (byte)('0' + (int)proof.Kind), (byte)'.']);
        output.Write(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(proof.CallId.Escaped)));
        output.Write("."u8);
        output.Write(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(proof.Data.Escaped)));
        Span<byte> mac = stackalloc byte[MacLength];
        Mac(output.WrittenSpan, mac);
        output.Write("."u8);
        output.Write(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(mac)));
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Whether the text claims to be an envelope, genuine or not.</summary>
    public static bool IsEnvelope(ReadOnlySpan<byte> escaped) => escaped.StartsWith(Mark);

    /// <summary>The proof inside, or null where this gateway did not make the envelope for this tenant.</summary>
    public KeptProof? Open(ReadOnlySpan<byte> envelope)
    {
        if (!IsEnvelope(envelope))
            return null;
        int last = envelope.LastIndexOf((byte)'.');
        Span<byte> mac = stackalloc byte[MacLength];
        Span<byte> claimed = stackalloc byte[MacLength];
        Mac(envelope[..last], mac);
        if (envelope.Length - last - 1 != Base64Url.GetEncodedLength(MacLength)
            || Base64Url.DecodeFromUtf8(envelope[(last + 1)..], claimed, out _, out int length) != OperationStatus.Done
            || length != MacLength || !CryptographicOperations.FixedTimeEquals(mac, claimed))
        {
            return null;
        }

        ReadOnlySpan<byte> inside = envelope[Mark.Length..last];
        int dot = inside[3..].IndexOf((byte)'.') + 3;
        return new KeptProof((ProofOrigin)(inside[0] - '0'), (ProofKind)(inside[1] - '0'), new WireText(Base64Url.DecodeFromUtf8(inside[(dot + 1)..])))
        {
            CallId = new WireText(Base64Url.DecodeFromUtf8(inside[3..dot])),
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
