using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Readme;

/// <summary>
/// One fenced block of README.md. The comment right above it says how it is tested: <c>run command</c>: it starts a gateway, which has to
/// answer. <c>test command</c>: .ci/run takes it from there. <c>test: NAME</c>: it runs against a gateway, has to end well and to print
/// something; one that mentions PERIGEE_ADMIN_KEY or $PERIGEE_KEY gets a gateway that asks for keys and both variables, any other an open
/// one. <c>test: NAME, alone</c>: as that, but against a gateway of its own, which it may change. <c>not tested: REASON</c>: it is not run. In bash, js (with the packages of tests/npm) and csharp (a file-based program);
/// <c>http://localhost:7071</c> is replaced by the address of the gateway under test. A jsonc block is a perigee.json.
/// </summary>
/// <param name="Line">Where it begins.</param>
/// <param name="Language">bash, js, csharp, or something that nobody runs.</param>
/// <param name="Comment">The text of the comment, or empty where there is none.</param>
/// <param name="Code">The text of the block.</param>
public sealed partial record ReadmeBlock(int Line, string Language, string Comment, string Code)
{
    private static readonly string[] s_languages = ["bash", "sh", "shell", "js", "javascript", "mjs", "ts", "csharp", "cs", "python", "powershell"];

    /// <summary>README.md.</summary>
    public static string Readme { get; } = Path.Combine(Repository.Root, "README.md");

    /// <summary>Whether the block is something to run.</summary>
    public bool IsCode => s_languages.Contains(Language);

    /// <summary>All blocks of a text.</summary>
    public static IReadOnlyList<ReadmeBlock> Parse(string text) =>
    [
        .. Fence().Matches(text.ReplaceLineEndings("\n")).Select(match => new ReadmeBlock(
            text[..match.Groups["fence"].Index].Count(c => c == '\n') + 1, match.Groups["language"].Value, match.Groups["comment"].Value.Trim(),
            match.Groups["code"].Value)),
    ];

    /// <summary>Whether it runs against a gateway.</summary>
    public bool IsTest => Comment.StartsWith("test: ", StringComparison.Ordinal);

    /// <summary>Whether that gateway has to ask for keys.</summary>
    public bool WantsKeys => Code.Contains("PERIGEE_ADMIN_KEY", StringComparison.Ordinal) || Code.Contains("$PERIGEE_KEY", StringComparison.Ordinal);

    /// <summary>Whether it changes the gateway that it runs against, and so needs one of its own.</summary>
    public bool IsAlone => Comment.EndsWith(", alone", StringComparison.Ordinal);

    /// <summary>The code with the address under test in it.</summary>
    public string For(string url) =>
        Code.Replace("http://localhost:7071", url, StringComparison.Ordinal).Replace("http://127.0.0.1:7071", url, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"line {Line} ({Language}, {(Comment.Length == 0 ? "no comment" : Comment)})";

    [GeneratedRegex(@"(?:<!--(?<comment>[^>]*?)-->[ \t]*\n\s*)?(?<fence>^[ \t]*```(?<language>[a-z]*)[^\n]*\n)(?<code>.*?)^[ \t]*```[ \t]*$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();
}
