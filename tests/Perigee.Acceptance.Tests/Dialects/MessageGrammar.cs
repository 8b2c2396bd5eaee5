using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>
/// Reads a stream of Anthropic Messages as its strictest clients do: one message_start, blocks that neither overlap nor leave holes and
/// hold only pieces of their own kind, one message_delta, message_stop, nothing behind it.
/// </summary>
internal static class MessageGrammar
{
    /// <summary>Checks it and returns its blocks.</summary>
    public static JsonElement[] Check(string stream)
    {
        List<JsonNode> blocks = [];
        StringBuilder input = new();
        bool open = false;
        string last = "";
        foreach (string frame in stream.Replace("\r\n", "\n", StringComparison.Ordinal).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = frame.Split('\n');
            string name = Assert.Single(lines, line => line.StartsWith("event: ", StringComparison.Ordinal))[7..];
            JsonNode data = JsonNode.Parse(Assert.Single(lines, line => line.StartsWith("data: ", StringComparison.Ordinal))[6..])!;
            Assert.Equal(name, (string?)data["type"]);
            Assert.True(last.Length > 0 || name is "message_start" or "ping", $"{name} before message_start");
            Assert.NotEqual("message_stop", last);
            switch (name)
            {
                case "ping":
                    continue;
                case "message_start":
                    Assert.Equal("", last);
                    Assert.StartsWith("msg_", (string?)data["message"]!["id"], StringComparison.Ordinal);
                    Assert.Empty(data["message"]!["content"]!.AsArray());
                    Assert.Null(data["message"]!["stop_reason"]);
                    Assert.NotNull(data["message"]!["usage"]!["input_tokens"]);
                    break;
                case "content_block_start":
                    Assert.False(open, "a block within a block");
                    Assert.Equal(blocks.Count, (int)data["index"]!);
                    blocks.Add(data["content_block"]!);
                    input.Clear();
                    open = true;
                    break;
                case "content_block_delta":
                    Assert.True(open && (int)data["index"]! == blocks.Count - 1, frame);
                    Piece(blocks[^1], data["delta"]!, input);
                    break;
                case "content_block_stop":
                    Assert.True(open && (int)data["index"]! == blocks.Count - 1, frame);
                    if ((string?)blocks[^1]["type"] == "tool_use")
                        blocks[^1]["input"] = JsonNode.Parse(input.Length == 0 ? "{}" : input.ToString());
                    open = false;
                    break;
                case "message_delta":
                    Assert.False(open, "message_delta within a block");
                    Assert.NotNull(data["delta"]!["stop_reason"]);
                    Assert.NotNull(data["usage"]!["output_tokens"]);
                    break;
                case "message_stop":
                    Assert.Equal("message_delta", last);
                    break;
                default:
                    Assert.Fail(frame);
                    break;
            }

            last = name;
        }

        Assert.Equal("message_stop", last);
        return [.. blocks.Select(block => JsonDocument.Parse(block.ToJsonString()).RootElement)];
    }

    private static void Piece(JsonNode block, JsonNode delta, StringBuilder input)
    {
        string type = (string)delta["type"]!;
        string kind = (string)block["type"]!;
        Assert.Contains((type, kind), ((string, string)[])
            [("text_delta", "text"), ("citations_delta", "text"), ("input_json_delta", "tool_use"), ("thinking_delta", "thinking"), ("signature_delta", "thinking")]);
        if (type == "text_delta")
            block["text"] = (string?)block["text"] + (string?)delta["text"];
        else if (type == "thinking_delta")
            block["thinking"] = (string?)block["thinking"] + (string?)delta["thinking"];
        else if (type == "input_json_delta")
            input.Append((string?)delta["partial_json"]);
    }
}
