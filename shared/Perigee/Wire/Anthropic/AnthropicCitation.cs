using System.Buffers;

namespace Perigee.Wire.Anthropic;

/// <summary>Where text comes from, in Anthropic's words.</summary>
internal static class AnthropicCitation
{
    /// <summary>A citation as Anthropic says it of its own web search: the only form that has an address.</summary>
    public static byte[] Location(in Citation citation)
    {
        ArrayBufferWriter<byte> bytes = new(128);
        AnthropicJson json = new(bytes);
        json.Open('{');
        json.Text("type"u8, "web_search_result_location"u8);
        json.Text("url"u8, citation.Url.Escaped);
        json.Text("title"u8, citation.Title.Escaped);
        json.Text("cited_text"u8, citation.Quoted.Escaped);
        json.Text("encrypted_index"u8, default);
        json.Close('}');
        return bytes.WrittenSpan.ToArray();
    }
}
