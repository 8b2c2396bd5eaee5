using Perigee.Logs;

namespace Perigee.Telemetry.Content;

/// <summary>Redacts texts and hands out so many characters of them in all.</summary>
internal sealed class ContentBudget(Redactor redactor)
{
    /// <summary>Characters of one attribute's texts: backends cut at 32 KiB and more.</summary>
    private const int Most = 16 * 1024;

    private int _left = Most;

    /// <summary>Whether something was left out.</summary>
    public bool Cut { get; private set; }

    /// <summary>Whether nothing more is handed out.</summary>
    public bool IsSpent => _left <= 0;

    /// <summary>For the next attribute.</summary>
    public void Renew() => _left = Most;

    /// <summary>Something is left out for want of room.</summary>
    public void Leave() => Cut = true;

    /// <summary>The text without secrets, as far as there is room. Redacted before it is cut: half a key is no longer known for one.</summary>
    public string Take(string text)
    {
        string clean = redactor.Redact(text);
        if (clean.Length > _left)
        {
            Cut = true;
            clean = clean[..Math.Max(0, _left)];
        }

        _left -= clean.Length;
        return clean;
    }
}
