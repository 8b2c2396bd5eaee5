using Perigee.Caching.Keys;
using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>
/// The canonical question and its hash. Conversations have one form for all chat dialects and for streams and whole answers; other
/// questions have their operation's. Order of members, white space, escapes, spelling of numbers and documented defaults do not matter,
/// nor what says who asks (see <see cref="Fields"/>); every other thing does.
/// </summary>
internal static class QuestionKey
{
    /// <summary>The hash of the canonical form, in lower-case hex.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="question">Its body.</param>
    public static string Hash(Operation operation, JsonIndex question)
    {
        CanonicalWriter writer = new(question);
        try
        {
            Write(ref writer, operation);
            return writer.Hash();
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>All that the cache needs to know of a question, in one walk.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="question">Its body.</param>
    /// <param name="semantic">Whether the last user turn is wanted apart from the rest.</param>
    public static QuestionParts Read(Operation operation, JsonIndex question, bool semantic)
    {
        CanonicalWriter writer = new(question);
        try
        {
            Write(ref writer, operation);
            return writer.Parts(semantic && operation.Asks == Asks.Conversation);
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>The hash of a body of which nothing is known: whatever is not ignored counts, the shape of the answer too.</summary>
    public static string Hash(JsonIndex question)
    {
        CanonicalWriter writer = new(question);
        try
        {
            writer.Other("", OtherShapes.Body);
            return writer.Hash();
        }
        finally
        {
            writer.Dispose();
        }
    }

    private static void Write(ref CanonicalWriter writer, Operation operation)
    {
        if (operation.Asks == Asks.Conversation)
            writer.Conversation(operation.Speaks);
        else
            writer.Other(operation.Name, OtherShapes.Body);
    }
}
