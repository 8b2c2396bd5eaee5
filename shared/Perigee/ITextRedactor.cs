namespace Perigee;

/// <summary>Takes secrets and what is personal out of texts that others wrote, before anything keeps them.</summary>
internal interface ITextRedactor
{
    /// <summary>The text without what must go: the same string where there is nothing.</summary>
    string Redact(string text);
}
