using System.Diagnostics;

namespace Perigee;

/// <summary>The trace that an exchange belongs to.</summary>
/// <param name="Span">The exchange's own span, or null where nobody listens to spans.</param>
/// <param name="Parent">The caller's <c>traceparent</c> as it came, or null where it sent none that can be used.</param>
/// <param name="State">The caller's <c>tracestate</c> as it came, or null.</param>
/// <param name="TraceId">The trace's id: 32 hex digits.</param>
internal sealed record ExchangeTrace(Activity? Span, string? Parent, string? State, string TraceId);
