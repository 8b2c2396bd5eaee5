using System.Buffers;
using System.IO.Pipelines;

namespace Perigee.Caching.Replay;

/// <summary>
/// Replays a stream at about the pace at which it was made (<see cref="ReplayPace.Paced"/>): for clients that show the words as they come and
/// look broken when all come at once.
/// </summary>
internal static class ReplayPacer
{
    /// <summary>The longest silence between two events: a first answer that took minutes to begin is no reason to wait again.</summary>
    private static readonly TimeSpan MostGap = TimeSpan.FromSeconds(1);

    /// <summary>The longest that a replay takes.</summary>
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Writes a stream event by event, spread evenly over the time that the first answer took; a whole answer at once. Each event is due at a
    /// fixed moment after the first: timers that strike late do not add up.
    /// </summary>
    /// <param name="client">The client's side.</param>
    /// <param name="body">What to write.</param>
    /// <param name="form">What it is.</param>
    /// <param name="took">How long the first answer took.</param>
    /// <param name="time">The clock.</param>
    /// <param name="gone">Cancelled when the client is gone.</param>
    /// <returns>Whether the client got all of it.</returns>
    public static async ValueTask<bool> PlayAsync(PipeWriter client, ReadOnlyMemory<byte> body, AnswerForm form, TimeSpan took, TimeProvider time, CancellationToken gone)
    {
        bool asArray = form.AsArray;
        int count = form.Stream ? KeptEvents.Count(body.Span, asArray) : 1;
        TimeSpan gap = Gap(took, count);
        long start = time.GetTimestamp();
        for (int i = 0; !body.IsEmpty; i++)
        {
            TimeSpan wait = (gap * i) - time.GetElapsedTime(start);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (gone.IsCancellationRequested)
                return false;
            int length = form.Stream ? KeptEvents.FirstLength(body.Span, asArray) : body.Length;
            client.Write(body.Span[..length]);
            body = body[length..];
            if (!await FlushAsync(client, gone))
                return false;
        }

        return true;
    }

    private static TimeSpan Gap(TimeSpan took, int count)
    {
        if (count < 2 || took <= TimeSpan.Zero)
            return TimeSpan.Zero;
        TimeSpan gap = (took < MostTime ? took : MostTime) / (count - 1);
        return gap < MostGap ? gap : MostGap;
    }

    private static async ValueTask<bool> FlushAsync(PipeWriter client, CancellationToken gone)
    {
        try
        {
            FlushResult flushed = await client.FlushAsync(gone);
            return !flushed.IsCompleted && !flushed.IsCanceled;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
