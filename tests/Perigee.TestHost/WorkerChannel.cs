using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using Perigee.TestHost.Wire;

namespace Perigee.TestHost;

/// <summary>The host's end of the stream to one worker.</summary>
internal sealed class WorkerChannel(string workerId) : FunctionRpc.FunctionRpcBase
{
    private readonly Channel<StreamingMessage> _outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _awaited = new();

    /// <summary>Logs that came over the stream, as text.</summary>
    public ConcurrentQueue<string> Logs { get; } = new();

    /// <summary>Waits for the worker's first message.</summary>
    public Task ConnectedAsync(CancellationToken cancel) => Await("start").WaitAsync(cancel);

    /// <summary>Sends a message that has no answer.</summary>
    public void Send(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    /// <summary>Sends the handshake's next message and waits for its answer.</summary>
    public async Task<StreamingMessage> AskAsync(StreamingMessage message, CancellationToken cancel)
    {
        Task<StreamingMessage> answer = Await(KeyOfAnswer(message));
        Send(message);
        return await answer.WaitAsync(cancel);
    }

    /// <inheritdoc/>
    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        // The first message must be the start, with the id of the command line; else the real host drops the worker without a word.
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.StartStream?.WorkerId != workerId)
            return;
        Task writing = WriteAsync(responseStream, context.CancellationToken);
        Arrived("start", requestStream.Current);
        try
        {
            while (await requestStream.MoveNext(context.CancellationToken))
                Read(requestStream.Current);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The worker is gone; whoever waits for it sees the process end.
        }

        foreach (TaskCompletionSource<StreamingMessage> open in _awaited.Values)
            open.TrySetException(new IOException("The worker closed the stream."));
        _outgoing.Writer.TryComplete();
        await writing;
    }

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> stream, CancellationToken cancel)
    {
        try
        {
            await foreach (StreamingMessage message in _outgoing.Reader.ReadAllAsync(cancel))
                await stream.WriteAsync(message, cancel);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or InvalidOperationException)
        {
            // As above.
        }
    }

    private void Read(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.RpcLog:
                Logs.Enqueue($"{message.RpcLog.Category}: {message.RpcLog.Message} {message.RpcLog.Exception?.Message}");
                break;
            case StreamingMessage.ContentOneofCase.WorkerInitResponse:
                Arrived("init", message);
                break;
            case StreamingMessage.ContentOneofCase.FunctionMetadataResponse:
                Arrived("metadata", message);
                break;
            case StreamingMessage.ContentOneofCase.FunctionLoadResponse:
                Arrived("load " + message.FunctionLoadResponse.FunctionId, message);
                break;
            case StreamingMessage.ContentOneofCase.WorkerStatusResponse:
                Arrived("status " + message.RequestId, message);
                break;
            case StreamingMessage.ContentOneofCase.InvocationResponse:
                Arrived("invocation " + message.InvocationResponse.InvocationId, message);
                break;
            default:
                // Microsoft's worker acknowledges cancel and terminate with a message without content.
                break;
        }
    }

    private Task<StreamingMessage> Await(string key) =>
        _awaited.GetOrAdd(key, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Arrived(string key, StreamingMessage message)
    {
        Await(key);
        _awaited[key].TrySetResult(message);
    }

    /// <summary>An invocation is over on both sides.</summary>
    public void Forget(string invocationId) => _awaited.TryRemove("invocation " + invocationId, out _);

    private static string KeyOfAnswer(StreamingMessage message) => message.ContentCase switch
    {
        StreamingMessage.ContentOneofCase.WorkerInitRequest => "init",
        StreamingMessage.ContentOneofCase.FunctionsMetadataRequest => "metadata",
        StreamingMessage.ContentOneofCase.FunctionLoadRequest => "load " + message.FunctionLoadRequest.FunctionId,
        StreamingMessage.ContentOneofCase.WorkerStatusRequest => "status " + message.RequestId,
        StreamingMessage.ContentOneofCase.InvocationRequest => "invocation " + message.InvocationRequest.InvocationId,
        _ => throw new ArgumentException($"{message.ContentCase} has no answer.", nameof(message)),
    };
}
