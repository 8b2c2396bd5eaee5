using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Functions.BuiltinWorker.Wire;

namespace Perigee.Functions.BuiltinWorker;

/// <summary>
/// The worker's end of the stream between the Functions host and this process. It tells the host where Kestrel listens and which functions
/// there are; the requests themselves come over HTTP. An invocation is reported as done at once: the host still awaits the HTTP half.
/// </summary>
internal sealed partial class HostChannel(
    IConfiguration configuration, IServer server, IHostApplicationLifetime lifetime, ILogger<HostChannel> log) : BackgroundService
{
    // An invocation request repeats headers and JSON body of the HTTP request: everything but its id is thrown away unread.
    private static readonly MessageParser<StreamingMessage> s_parser = StreamingMessage.Parser.WithDiscardUnknownFields(true);

    private static readonly Marshaller<StreamingMessage> s_marshaller = Marshallers.Create(
        (message, context) =>
        {
            context.SetPayloadLength(message.CalculateSize());
            message.WriteTo(context.GetBufferWriter());
            context.Complete();
        },
        context => s_parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    private static readonly Method<StreamingMessage, StreamingMessage> s_eventStream = new(
        MethodType.DuplexStreaming, "AzureFunctionsRpcMessages.FunctionRpc", "EventStream", s_marshaller, s_marshaller);

    private static readonly StatusResult s_success = new() { Status = StatusResult.Types.Status.Success };

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Kestrel has to listen before the host is told where.
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration on = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);

        try
        {
            await TalkAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (RpcException fault) when (!stoppingToken.IsCancellationRequested)
        {
            LogHostGone(log, fault.Status.Detail);
            Environment.ExitCode = 1;
        }

        // The host said stop, or is gone: without it there is nobody to serve.
        lifetime.StopApplication();
    }

    private async Task TalkAsync(CancellationToken stoppingToken)
    {
        string uri = configuration["functions-uri"] ?? throw new ConfigurationException("--functions-uri is missing.");
        using GrpcChannel channel = GrpcChannel.ForAddress(uri, new GrpcChannelOptions
        {
            MaxReceiveMessageSize = configuration["functions-grpc-max-message-length"] is { } most ? int.Parse(most, CultureInfo.InvariantCulture) : null,
            MaxSendMessageSize = null,
        });
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(s_eventStream, null, new CallOptions(cancellationToken: stoppingToken));

        await call.RequestStream.WriteAsync(
            new StreamingMessage { StartStream = new StartStream { WorkerId = configuration["functions-worker-id"] ?? "" } }, stoppingToken);
        while (await call.ResponseStream.MoveNext(stoppingToken))
        {
            StreamingMessage message = call.ResponseStream.Current;
            if (message.ContentCase == StreamingMessage.ContentOneofCase.WorkerTerminate)
                return;
            if (Answer(message) is not { } answer)
                continue;
            answer.RequestId = message.RequestId;
            await call.RequestStream.WriteAsync(answer, stoppingToken);
        }
    }

    private StreamingMessage? Answer(StreamingMessage message) => message.ContentCase switch
    {
        StreamingMessage.ContentOneofCase.WorkerInitRequest => new() { WorkerInitResponse = Introduce() },
        StreamingMessage.ContentOneofCase.FunctionsMetadataRequest => new() { FunctionMetadataResponse = Describe() },
        StreamingMessage.ContentOneofCase.FunctionLoadRequest => new()
        {
            FunctionLoadResponse = new() { FunctionId = message.FunctionLoadRequest.FunctionId, Result = s_success },
        },
        StreamingMessage.ContentOneofCase.InvocationRequest => new()
        {
            InvocationResponse = new() { InvocationId = message.InvocationRequest.InvocationId, Result = s_success },
        },
        StreamingMessage.ContentOneofCase.WorkerStatusRequest => new() { WorkerStatusResponse = new() },
        _ => null,
    };

    private WorkerInitResponse Introduce()
    {
        string address = server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        WorkerInitResponse introduction = new()
        {
            Result = s_success,
            WorkerMetadata = new()
            {
                RuntimeName = ".NET",
                RuntimeVersion = Environment.Version.ToString(),
                WorkerVersion = typeof(HostChannel).Assembly.GetName().Version?.ToString() ?? "",
                WorkerBitness = RuntimeInformation.ProcessArchitecture.ToString(),
            },
        };
        introduction.Capabilities["HttpUri"] = address.EndsWith('/') ? address : address + "/";
        foreach (string capability in (ReadOnlySpan<string>)
            ["RpcHttpBodyOnly", "RpcHttpTriggerMetadataRemoved", "UseNullableValueDictionaryForHttp", "HandlesInvocationCancelMessage",
                "HandlesWorkerTerminateMessage", "WorkerStatus"])
        {
            introduction.Capabilities[capability] = "True";
        }

        return introduction;
    }

    private static FunctionMetadataResponse Describe()
    {
        FunctionMetadataResponse response = new() { Result = s_success };
        Assembly assembly = Assembly.GetEntryAssembly()!;
        foreach (HttpFunction function in HttpFunction.In(assembly))
        {
            RpcFunctionMetadata metadata = new()
            {
                FunctionId = function.Name,
                Name = function.Name,
                Language = "dotnet-isolated",
                ScriptFile = Path.GetFileName(assembly.Location),
                EntryPoint = $"{function.Method.DeclaringType!.FullName}.{function.Method.Name}",
            };
            metadata.Bindings[function.Parameter] = new BindingInfo { Type = "httpTrigger" };
            metadata.RawBindings.Add(JsonSerializer.Serialize(new
            {
                name = function.Parameter,
                direction = "In",
                type = "httpTrigger",
                authLevel = function.AuthLevel.ToString(),
                methods = function.Methods,
                route = function.Route,
            }));
            response.FunctionMetadataResults.Add(metadata);
        }

        return response;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The Functions host is gone: {Detail}")]
    private static partial void LogHostGone(ILogger log, string detail);
}
