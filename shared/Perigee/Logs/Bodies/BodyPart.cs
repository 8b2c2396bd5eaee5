namespace Perigee.Logs.Bodies;

/// <summary>Which of the two bodies of an exchange.</summary>
internal enum BodyPart
{
    /// <summary>What was asked.</summary>
    Question,

    /// <summary>What was answered.</summary>
    Answer,
}
