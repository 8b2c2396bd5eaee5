namespace Perigee;

/// <summary>Placeholder until the first pass lands.</summary>
internal sealed class FormUpload;
