using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;
using Perigee.Wire.OpenAiResponses;

namespace Perigee.Front;

/// <summary>The first step: makes the exchange, names it, takes the body in and looks at what the other steps need of it.</summary>
internal sealed class ExchangeMiddleware(RequestDelegate next, IGatewayOptions options, TimeProvider time, IErrorRedactor errors)
{
    public async Task InvokeAsync(HttpContext http)
    {
        Operation operation = http.GetEndpoint()!.Metadata.GetMetadata<Operation>()!;
        string? model = null;
        GatewayError? fault = null;
        if (operation == Operations.Gemini)
        {
            string call = http.Request.RouteValues["call"] as string ?? "";
            if (Operations.OfGemini(call, out model) is { } verb)
                operation = verb;
            else
                fault = UnknownVerb(call);
        }

        DateTimeOffset now = time.GetUtcNow();
        Exchange exchange = new()
        {
            Http = http,
            Id = http.TraceIdentifier,
            Operation = operation,
            Options = options.Current,
            Dialect = DialectOf(operation),
            Errors = errors,
            StartedAt = now,
            Started = time.GetTimestamp(),
            Model = model,
            Stream = operation.Name == "gemini.stream",
            AsArray = operation.Name == "gemini.stream" && http.Request.Query["alt"] != "sse",
            Fault = fault,
        };
        if (operation.Speaks == DialectFamily.Anthropic)
            http.Response.Headers["request-id"] = exchange.Id;
        exchange.Fault ??= ReadStrict(exchange);
        http.Features[typeof(Exchange)] = exchange;

        // The host's own bound would answer in its own words: ours is checked below.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        BodyBuffer? body = null;
        try
        {
            if (operation.Body != BodyShape.None && exchange.Fault is null)
            {
                // A refusal goes through the steps too: it has to be logged, and a caller without a key learns nothing of bodies.
                try
                {
                    (body, exchange.Fault) = await TakeInAsync(exchange);
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    exchange.Fault = new GatewayError(ErrorKind.ClientGone, "The client went away before its body was complete.");
                }
            }

            await next(http);
        }
        finally
        {
            exchange.Question?.Dispose();
            exchange.Rest?.Dispose();
            body?.Dispose();
            if (exchange.Upload is { } upload)
                await upload.DisposeAsync();
            exchange.Copy?.Dispose();
        }
    }

    private static async ValueTask<(BodyBuffer? Body, GatewayError? Error)> TakeInAsync(Exchange exchange)
    {
        HttpRequest request = exchange.Http.Request;
        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
        {
            return (null, new GatewayError(ErrorKind.UnsupportedMediaType,
                "Bodies with a Content-Encoding are not taken: send the body uncompressed."));
        }

        bool json = IsJson(request.ContentType);
        if (exchange.Operation.Body == BodyShape.Multipart && !json)
            return (null, await TakeFormAsync(exchange));
        if (!json && !string.IsNullOrEmpty(request.ContentType))
        {
            return (null, new GatewayError(ErrorKind.UnsupportedMediaType,
                $"Content-Type '{Shown(request.ContentType)}' is not taken here: send 'Content-Type: application/json'."));
        }

        (BodyBuffer? body, GatewayError? error) = await BodyBuffer.ReadAsync(request, exchange.Options.Limits.BodyBytes);
        if (error is not null)
            return (body, error);
        exchange.Body = body!.Bytes;
        if (body.Bytes.IsEmpty)
            return (body, new GatewayError(ErrorKind.BadRequest, "The body is empty: send one JSON object."));
        if (!JsonIndex.TryParse(body.Bytes, out JsonIndex? question, out string? fault))
            return (body, new GatewayError(ErrorKind.BadRequest, fault));
        exchange.Question = question;
        return (body, Peek(exchange, question));
    }

    private static GatewayError? Peek(Exchange exchange, JsonIndex question)
    {
        // Gemini says both in the path.
        if (exchange.Operation.Speaks == DialectFamily.Gemini)
            return null;
        if (question.TryGetTopLevelString("model"u8, out string? model))
            exchange.Model = model;
        else if (question.TopLevelType("model"u8) is not (JsonTokenType.None or JsonTokenType.Null))
            return new GatewayError(ErrorKind.BadRequest, "'model' must be a string, such as \"openai/gpt-5-mini\".", "model");
        exchange.Model ??= exchange.Operation.DefaultModel;

        switch (question.TopLevelType("stream"u8))
        {
            case JsonTokenType.True:
                exchange.Stream = true;
                return null;
            case JsonTokenType.None or JsonTokenType.Null or JsonTokenType.False:
                return null;
            default:
                return new GatewayError(ErrorKind.BadRequest, "'stream' must be true or false.", "stream");
        }
    }

    private static async ValueTask<GatewayError?> TakeFormAsync(Exchange exchange)
    {
        HttpRequest request = exchange.Http.Request;
        long limit = exchange.Options.Limits.UploadBytes;
        if (request.ContentLength > limit)
            return BodyBuffer.TooLarge(limit, "limits.uploadBytes");
        if (!Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || Microsoft.Net.Http.Headers.HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 200 } boundary)
        {
            return new GatewayError(ErrorKind.UnsupportedMediaType,
                $"Content-Type '{Shown(request.ContentType)}' is not taken here: send 'multipart/form-data' with a boundary.");
        }

        FormUpload upload = new(request.BodyReader, request.ContentType!, request.ContentLength, limit);
        exchange.Upload = upload;
        if (exchange.Operation.TargetBy == TargetBy.Model)
        {
            try
            {
                await upload.FindModelAsync(boundary, exchange.Http.RequestAborted);
            }
            catch (BadHttpRequestException) when (upload.Fault is not null)
            {
                return upload.Fault;
            }

            exchange.Model = upload.Model;
        }

        return upload.TooLarge ? BodyBuffer.TooLarge(limit, "limits.uploadBytes") : null;
    }

    private static GatewayError? ReadStrict(Exchange exchange)
    {
        string word = exchange.Http.Request.Headers[HeaderNames.Strict].ToString().Trim();
        exchange.Strict = word.Length == 0 ? exchange.Options.Translation.Strict : word.Equals("true", StringComparison.OrdinalIgnoreCase);
        return word.Length == 0 || exchange.Strict || word.Equals("false", StringComparison.OrdinalIgnoreCase)
            ? null
            : new GatewayError(ErrorKind.BadRequest, $"'{HeaderNames.Strict}' must be 'true' or 'false'.", HeaderNames.Strict);
    }

    // A word is repeated; what else stands there may be the half of something whose name is before the colon.
    private static GatewayError UnknownVerb(string call) => new(ErrorKind.NotFound,
        $"There is no {(call[(call.LastIndexOf(':') + 1)..] is { Length: > 0 and < 40 } verb && verb.All(char.IsAsciiLetter) ? $"method '{verb}'" : "such method")} of models here: "
        + "there are generateContent, streamGenerateContent, countTokens, embedContent and batchEmbedContents.");

    private static IDialect DialectOf(Operation operation) => operation.Speaks switch
    {
        DialectFamily.Anthropic => AnthropicDialect.Instance,
        DialectFamily.Gemini => GeminiDialect.Instance,
        _ => operation.Name switch
        {
            "chat" or "completions" => OpenAiChatDialect.Chat,
            "responses" or "responses.get" => OpenAiResponsesDialect.Instance,
            _ => OpenAiChatDialect.Plain,
        },
    };

    private static bool IsJson(string? type) => type is not null
        && (type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) || type.Contains("+json", StringComparison.OrdinalIgnoreCase));

    private static string Shown(string? type) => type is null ? "" : ForeignText.Quoted(type, 100);
}
