using System.Buffers;

namespace Perigee.Wire.Anthropic;

internal static class AnthropicQuestionWriter
{
    public static GatewayError? Write(ChatQuestion question, Translation translation, bool counting, IBufferWriter<byte> output) => throw new NotSupportedException();
}
