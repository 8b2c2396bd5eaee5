using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Forwarding;
using Polly;
using Polly.Retry;

namespace Perigee.Webhooks;

/// <summary>
/// Sends messages to whoever wants them, over the connections of providers: every address is checked when it is dialled, and nothing is
/// redirected. Nothing waits for it; what does not fit is dropped and said so. A receiver that fails is tried again for some minutes.
/// </summary>
internal sealed partial class WebhookSender : BackgroundService
{
    private const int MostWaiting = 256;
    private const int Beside = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Upstreams _upstreams;
    private readonly IGatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<WebhookSender> _log;
    private readonly Channel<WebhookMessage> _messages;
    private readonly ResiliencePipeline _retries;
    private readonly SemaphoreSlim _places = new(Beside);

    public WebhookSender(Upstreams upstreams, IGatewayOptions options, TimeProvider time, ILogger<WebhookSender> log)
    {
        (_upstreams, _options, _time, _log) = (upstreams, options, time, log);
        _messages = Channel.CreateBounded<WebhookMessage>(
            new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest }, message => LogDropped(message.Type));
        _retries = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<IOException>().Handle<TimeoutException>(),
                MaxRetryAttempts = 6,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromSeconds(2),
                MaxDelay = TimeSpan.FromMinutes(2),
            })
            .Build();
    }

    /// <summary>Hands a message over. Never waits.</summary>
    public void Send(WebhookMessage message)
    {
        if (_options.Current.Webhooks.Count > 0)
            _messages.Writer.TryWrite(message);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _places.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (WebhookMessage message in _messages.Reader.ReadAllAsync(stoppingToken))
        {
            foreach (WebhookOptions hook in _options.Current.Webhooks.Where(hook => hook.Events.Contains(message.Type) && (message.Days is not { } days || hook.ExpiringDays.Contains(days))))
            {
                await _places.WaitAsync(stoppingToken);
                _ = DeliverAsync(hook, message, stoppingToken);
            }
        }
    }

    private async Task DeliverAsync(WebhookOptions hook, WebhookMessage message, CancellationToken stop)
    {
        try
        {
            await _retries.ExecuteAsync(async cancel => await PostAsync(hook, message, cancel), stop);
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            // The address may hold a token, and the fault's own text the address: host and kind are enough.
            LogGivenUp(message.Type, hook.Url.Host, fault.GetType().Name);
        }
        catch (OperationCanceledException)
        {
            // The gateway stops; the event is in the log and in the metrics.
        }
        finally
        {
            if (!stop.IsCancellationRequested)
                _places.Release();
        }
    }

    private async ValueTask PostAsync(WebhookOptions hook, WebhookMessage message, CancellationToken cancel)
    {
        using CancellationTokenSource patience = new(Patience, _time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        long now = _time.GetUtcNow().ToUnixTimeSeconds();
        using HttpRequestMessage request = new(HttpMethod.Post, hook.Url) { Content = new ByteArrayContent(message.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", message.Id);
        request.Headers.Add("webhook-timestamp", now.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", message.Sign(hook.Secret, now));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Perigee", Welcome.Version));
        try
        {
            using HttpResponseMessage answer = await _upstreams.Within(hook.Network).SendAsync(request, both.Token);

            // Gone is gone; everything else that is no success may pass.
            if (!answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.Gone)
                throw new HttpRequestException("Not taken.", null, answer.StatusCode);
        }
        catch (OperationCanceledException late) when (patience.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new TimeoutException("No answer in time.", late);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The webhook message {Type} to {Host} was given up: {Fault}.")]
    private partial void LogGivenUp(string type, string host, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A webhook message {Type} was dropped: too many wait.")]
    private partial void LogDropped(string type);
}
