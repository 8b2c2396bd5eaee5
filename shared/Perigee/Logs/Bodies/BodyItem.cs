namespace Perigee.Logs.Bodies;

/// <summary>A body on its way to the storage.</summary>
/// <param name="Id">The exchange's id.</param>
/// <param name="Time">When the exchange began.</param>
/// <param name="Part">Which body it is.</param>
/// <param name="Body">Its bytes.</param>
internal sealed record BodyItem(string Id, DateTimeOffset Time, BodyPart Part, CapturedBody Body);
