using System.Text.Json;

namespace Perigee.Logs;

/// <summary>Redacts what clients are told of failures, by the rules of the logs (<c>logs.redaction</c>).</summary>
/// <param name="redactor">Those rules.</param>
/// <param name="options">Tells whether more than secrets is taken out (<c>logs.redaction.errors</c>).</param>
internal sealed class ErrorRedactor(Redactor redactor, IGatewayOptions options) : IErrorRedactor
{
    private Redactor Texts => options.Current.Logs.Redaction.Errors ? redactor : redactor.SecretsOnly;

    /// <inheritdoc/>
    public GatewayError Clean(GatewayError error) => Clean(error, Texts);

    /// <inheritdoc/>
    public GatewayError CleanSecrets(GatewayError error) => Clean(error, redactor.SecretsOnly);

    /// <inheritdoc/>
    public string Clean(string text) => Texts.Redact(text);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Clean(ReadOnlyMemory<byte> body)
    {
        Redactor texts = Texts;
        ReadOnlyMemory<byte> clean = texts.Redact(body);

        // A number or a flag that had to go leaves a bare mark: then the text is made anew, value by value.
        return clean.Equals(body) || IsJson(clean.Span) || !IsJson(body.Span) ? clean : RedactedJson.Of(body, texts);
    }

    private static GatewayError Clean(GatewayError error, Redactor texts)
    {
        if (error.QuotesNobody)
            return error;
        string message = texts.Redact(error.Message);
        string? param = error.Param is { } named ? texts.Redact(named) : null;
        string? code = error.Code is { } word ? texts.Redact(word) : null;
        return ReferenceEquals(message, error.Message) && ReferenceEquals(param, error.Param) && ReferenceEquals(code, error.Code)
            ? error
            : error with { Message = message, Param = param, Code = code };
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            Utf8JsonReader reader = new(text);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
