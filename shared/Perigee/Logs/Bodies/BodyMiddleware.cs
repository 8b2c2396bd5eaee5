using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Perigee.Logs.Bodies;

/// <summary>Copies question and answer of the exchanges that are in the sample, behind the caller step: of who is not let in nothing is kept.</summary>
internal sealed class BodyMiddleware(RequestDelegate next, BodyShipper bodies)
{
    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);
        LogOptions options = exchange.Options.Logs;
        return options.Enabled && BodyPolicy.PercentOf(exchange) is > 0 and var percent && BodyPolicy.IsSampled(exchange.Id, percent)
            && !BodyPolicy.IsUnwanted(http.Request.Headers)
            ? KeepAsync(exchange, http, options.BodyBytes)
            : next(http);
    }

    private async Task KeepAsync(Exchange exchange, HttpContext http, int most)
    {
        CapturedBody answer = bodies.Begin(most);
        IHttpResponseBodyFeature response = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        http.Features.Set<IHttpResponseBodyFeature>(new CapturingBody(response, answer));
        try
        {
            await next(http);
        }
        finally
        {
            http.Features.Set(response);
            exchange.AnswerBody = Keep(exchange, BodyPart.Answer, answer, TypeOf(http.Response.ContentType, http.Response.Headers.ContentEncoding.Count > 0));
            if (!exchange.Body.IsEmpty)
            {
                CapturedBody question = bodies.Begin(most);
                question.Add(exchange.Body.Span);
                exchange.QuestionBody = Keep(exchange, BodyPart.Question, question, TypeOf(http.Request.ContentType, packed: false));
            }
        }
    }

    private KeptBody? Keep(Exchange exchange, BodyPart part, CapturedBody body, string type)
    {
        if (body.Length == 0 || !BodyPolicy.IsText(type))
        {
            // Sound, pictures and archives cannot be redacted.
            body.Dispose();
            return null;
        }

        body.ContentType = type;
        KeptBody kept = body.Kept;
        bodies.Take(new BodyItem(exchange.Id, exchange.StartedAt, part, body));
        return kept;
    }

    // The bare type: its parameters are the sender's text.
    private static string TypeOf(string? contentType, bool packed) =>
        packed ? "application/octet-stream" : MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type) ? type.MediaType ?? "" : "";
}
