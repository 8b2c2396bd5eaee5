using System.Buffers;
using System.Diagnostics.CodeAnalysis;
#pragma warning disable
namespace Perigee.Wire.Gemini
{
internal static class GeminiCount {
 public static void Write(IBufferWriter<byte> o, long n) {}
 public static GatewayError? Write(ChatQuestion q, Translation t, IBufferWriter<byte> o) => null;
 public static bool TryRead(ReadOnlySpan<byte> b, out long n) { n=0; return true; }
 public static bool TryRead(JsonIndex b, in QuestionContext c, [NotNullWhen(true)] out ChatQuestion? q, [NotNullWhen(false)] out GatewayError? e) => throw new NotSupportedException();
}
internal static class GeminiEmbeddings { public static GatewayError? Write(JsonIndex b, bool many, Translation t, IBufferWriter<byte> o) => null; public static bool TryReadAnswer(ReadOnlySpan<byte> b, bool many, IBufferWriter<byte> o) => true; }
internal static class GeminiError { public static void WriteArrayError(IBufferWriter<byte> o, GatewayError e, bool first) {} }
}
namespace Perigee.Wire.Anthropic
{
internal static class AnthropicWriter { public static ReadOnlySpan<byte> Ping => "x"u8; }
internal static class AnthropicCount { public static void Write(IBufferWriter<byte> o, long n) {}
 public static GatewayError? Write(ChatQuestion q, Translation t, IBufferWriter<byte> o) => null;
 public static bool TryRead(ReadOnlySpan<byte> b, out long n) { n=0; return true; } }
}
