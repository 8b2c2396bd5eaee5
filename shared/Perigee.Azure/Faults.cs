using Azure;
using Azure.Identity;
using Perigee.Storage;

namespace Perigee.Azure;

/// <summary>What counts as "the storage cannot answer", and what may be said of it.</summary>
internal static class Faults
{
    public static bool IsStorage(Exception fault, CancellationToken cancel) => fault switch
    {
        RequestFailedException or AuthenticationFailedException or AggregateException or IOException => true,

        // The SDK's own time-out comes as a cancellation that nobody asked for.
        OperationCanceledException => !cancel.IsCancellationRequested,
        _ => false,
    };

    /// <summary>
    /// Status, code and the service's request id, and neither the text nor the exception itself: those can quote headers and addresses, and a SAS
    /// is part of an address.
    /// </summary>
    public static StorageException Translate(string service, Exception fault)
    {
        Exception last = fault is AggregateException all ? all.Flatten().InnerExceptions[^1] : fault;
        return new StorageException(last switch
        {
            RequestFailedException { Status: > 0 } refused =>
                $"{service} answered {refused.Status} {refused.ErrorCode} (request {RequestId(refused)}).",
            RequestFailedException unreachable => $"{service} cannot be reached: {Reason(unreachable)}.",
            AuthenticationFailedException => $"{service}: no token could be had ({last.GetType().Name}): check the identity and its role on the account.",
            OperationCanceledException => $"{service} did not answer in time.",
            _ => $"{service} cannot be reached: {Reason(last)}.",
        });
    }

    private static string RequestId(RequestFailedException refused) =>
        refused.GetRawResponse()?.Headers.TryGetValue("x-ms-request-id", out string? id) == true ? id : "unknown";

    private static string Reason(Exception fault)
    {
        for (Exception? inner = fault; inner is not null; inner = inner.InnerException)
        {
            if (inner is System.Net.Sockets.SocketException socket)
                return socket.SocketErrorCode.ToString();
            if (inner is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown and not HttpRequestError.ConnectionError } http)
                return http.HttpRequestError.ToString();
        }

        return fault.GetType().Name;
    }
}
