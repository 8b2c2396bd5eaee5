using System.Buffers;
using System.Buffers.Text;

namespace Perigee.Wire.Gemini;

/// <summary>
/// A <see cref="ProofSeal"/>'s envelope as a <c>thoughtSignature</c>: that member is of the proto type <c>bytes</c>, so Google's typed SDKs
/// (Go, Java, Python, .NET) decode it as base64 and fail on the dots of an envelope.
/// </summary>
internal static class GeminiEnvelope
{
    /// <summary>How the base64 of every envelope begins: <c>pgp1.</c> and a digit.</summary>
    private static ReadOnlySpan<byte> Mark => "cGdwMS4"u8;

    /// <summary>The envelope of a proof, in base64.</summary>
    public static byte[] Wrap(ProofSeal seal, in Proof proof)
    {
        byte[] envelope = seal.Wrap(proof);
        byte[] text = new byte[Base64.GetMaxEncodedToUtf8Length(envelope.Length)];
        Base64.EncodeToUtf8(envelope, text, out _, out _);
        return text;
    }

    /// <summary>Whether a signature is an envelope, genuine or not; and the proof inside, or null.</summary>
    public static bool IsEnvelope(ReadOnlySpan<byte> signature, ProofSeal seal, out KeptProof? proof)
    {
        proof = null;
        if (ProofSeal.IsEnvelope(signature))
        {
            proof = seal.Open(signature);
            return true;
        }

        if (!signature.StartsWith(Mark))
            return false;

        // Go's and Java's SDKs send what they have decoded in the standard alphabet again, Python's in that of URLs.
        byte[] plain = new byte[signature.Length];
        if (Base64.DecodeFromUtf8(signature, plain, out _, out int length) != OperationStatus.Done && Base64Url.DecodeFromUtf8(signature, plain, out _, out length) != OperationStatus.Done)
            return false;
        ReadOnlySpan<byte> envelope = plain.AsSpan(0, length);
        if (!ProofSeal.IsEnvelope(envelope))
            return false;
        proof = seal.Open(envelope);
        return true;
    }
}
