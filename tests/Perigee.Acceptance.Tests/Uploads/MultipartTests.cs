using System.ClientModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Files;
using OpenAI.Images;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Uploads;

/// <summary>Forms and binary bodies: streamed through, whatever the order of their parts.</summary>
public sealed class MultipartTests(Rig rig)
{
    private static readonly byte[] s_sound = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, BothHosts]
    public async Task Npm_sdk_transcribes_translates_and_speaks(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement seen = await NodeClient.RunAsync("audio", gateway, await gateway.NewKeyAsync(),
            new { model = "openai/whisper-1", speechModel = "openai/tts-1", audio = Convert.ToBase64String(s_sound) });
        Assert.Equal("These words were spoken.", seen.GetProperty("transcription").GetString());
        Assert.Equal("These words were translated.", seen.GetProperty("translation").GetString());
        Assert.Equal("SUQzBAAAAAAAI1RTU0UAAAAP", seen.GetProperty("speech").GetString());
        Assert.Equal("audio/mpeg", seen.GetProperty("type").GetString());
    }

    [Theory, BothHosts]
    public async Task NuGet_sdk_transcribes_and_speaks(HostKind kind)
    {
        OpenAIClient client = await ClientAsync(kind);
        AudioTranscription heard = await client.GetAudioClient("openai/whisper-1")
            .TranscribeAudioAsync(new MemoryStream(s_sound), "speech.wav", new AudioTranscriptionOptions { ResponseFormat = AudioTranscriptionFormat.Simple }, Cancel);
        Assert.Equal("These words were spoken.", heard.Text);
        BinaryData spoken = await client.GetAudioClient("openai/tts-1").GenerateSpeechAsync("Hello", GeneratedSpeechVoice.Alloy, cancellationToken: Cancel);
        Assert.Equal("SUQzBAAAAAAAI1RTU0UAAAAP", Convert.ToBase64String(spoken));
    }

    [Theory, BothHosts]
    public async Task Both_sdks_edit_an_image(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string png = Sdk.Prompts.RedPixel.Split(',')[1];
        JsonElement seen = await NodeClient.RunAsync(
            "imageEdit", gateway, await gateway.NewKeyAsync(), new { model = "openai/gpt-image-1", image = png, prompt = "Bluer" });
        Assert.Equal("iVBORw0KGgo=", seen.GetProperty("image").GetString());

        // aimock does not read the unquoted names of parts that this SDK writes.
        ImageClient client = (await ClientAsync(kind)).GetImageClient("own/painter");
        byte[] image = Convert.FromBase64String(png);
        GeneratedImage edited = await client.GenerateImageEditAsync(new MemoryStream(image), "image.png", "Bluer", cancellationToken: Cancel);
        Assert.Equal("iVBORw0KGgo=", Convert.ToBase64String(edited.ImageBytes));
        Assert.Contains(UploadDigest.Of("image", image), edited.RevisedPrompt, StringComparison.Ordinal);
        Assert.Contains("model=painter prompt=Bluer", edited.RevisedPrompt, StringComparison.Ordinal);
    }

    [Theory, BothHosts(true), BothHosts(false)]
    public async Task The_model_is_found_wherever_it_stands_and_all_parts_arrive_whole(HostKind kind, bool modelFirst)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        using MultipartFormDataContent form = [];
        if (modelFirst)
            form.Add(new StringContent("own/whisper"), "model");
        form.Add(new ByteArrayContent(s_sound), "file", "speech.wav");
        form.Add(new StringContent("en"), "language");
        if (!modelFirst)
            form.Add(new StringContent("own/whisper"), "model");
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/audio/transcriptions") { Content = form };
        Answer answer = await Answer.SendAsync(client, request);
        Assert.True(answer.Status == System.Net.HttpStatusCode.OK, answer.Body);
        string text = JsonDocument.Parse(answer.Body).RootElement.GetProperty("text").GetString()!;
        Assert.Equal($"{UploadDigest.Of("file", s_sound)} language=en model=whisper", text);
    }

    [Theory, BothHosts]
    public Task Twenty_megabytes_go_through_without_being_held(HostKind kind) => Measuring.HoldsAsync(async () =>
    {
        // A process of its own, so that nothing else fills its memory.
        await using Gateway gateway = await rig.StartAsync(kind);
        using HttpClient client = await gateway.NewClientAsync();

        // Twice, so that what grows with the first ones (compiled code, pools) is there.
        for (int first = 0; first < 2; first++)
            Assert.Contains("file=", await UploadAsync(new byte[2_000_000]), StringComparison.Ordinal);
        long before = WorkingSet();

        byte[] large = new byte[20 * 1024 * 1024];
        new Random(7).NextBytes(large);
        Assert.Contains(UploadDigest.Of("file", large), await UploadAsync(large), StringComparison.Ordinal);
        long grown = WorkingSet() - before;
        TestContext.Current.SendDiagnosticMessage($"{kind}: 20 MiB of upload, {grown / 1048576.0:0.0} MiB more of working set");
        return grown < large.Length ? null : $"The process grew by {grown} bytes for an upload of {large.Length}.";

        async Task<string> UploadAsync(byte[] content)
        {
            using MultipartFormDataContent form = new() { { new StringContent("own/whisper"), "model" }, { new ByteArrayContent(content), "file", "speech.wav" } };
            using HttpRequestMessage request = new(HttpMethod.Post, "/v1/audio/transcriptions") { Content = form };
            Answer answer = await Answer.SendAsync(client, request);
            Assert.True(answer.Status == System.Net.HttpStatusCode.OK, answer.Body);
            return answer.Body;
        }

        long WorkingSet() => Process.GetProcessById(gateway.App.Process.Pid).PeakWorkingSet64;
    });

    [Theory, BothHosts]
    public async Task Npm_sdk_keeps_files_and_batches_where_they_were_made(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement seen = await NodeClient.RunAsync("files", gateway, await gateway.NewKeyAsync());
        string id = seen.GetProperty("id").GetString()!;
        // aimock has files of every test; a caller sees its own only.
        Assert.Equal([id], seen.GetProperty("listed").EnumerateArray().Select(f => f.GetString()));
        Assert.Equal("batch.jsonl", seen.GetProperty("name").GetString());
        Assert.True(seen.GetProperty("same").GetBoolean());
        Assert.Equal(seen.GetProperty("batch").GetString(), seen.GetProperty("batchRead").GetString());
        Assert.Equal([seen.GetProperty("batch").GetString()], seen.GetProperty("batches").EnumerateArray().Select(b => b.GetString()));
        Assert.True(seen.GetProperty("removed").GetBoolean());
        Assert.Equal(404, seen.GetProperty("gone").GetProperty("status").GetInt32());
    }

    [Theory, BothHosts]
    public async Task NuGet_sdk_uploads_reads_and_deletes_a_file_that_no_other_tenant_sees(HostKind kind)
    {
        OpenAIFileClient files = (await ClientAsync(kind)).GetOpenAIFileClient();
        string content = string.Create(CultureInfo.InvariantCulture, $"{{\"custom_id\":\"{Guid.NewGuid():N}\"}}");
        OpenAIFile made = await files.UploadFileAsync(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), "batch.jsonl", FileUploadPurpose.Batch, Cancel);
        Assert.Equal(content, (await files.DownloadFileAsync(made.Id, Cancel)).Value.ToString());
        Assert.Equal(made.Id, Assert.Single((await files.GetFilesAsync(Cancel)).Value).Id);

        OpenAIFileClient stranger = (await ClientAsync(kind)).GetOpenAIFileClient();
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => stranger.GetFileAsync(made.Id, Cancel));
        Assert.Equal(404, refused.Status);
        Assert.Empty((await stranger.GetFilesAsync(Cancel)).Value);
        Assert.True((await files.DeleteFileAsync(made.Id, Cancel)).Value.Deleted);
    }

    private async Task<OpenAIClient> ClientAsync(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        return new OpenAIClient(new ApiKeyCredential(await gateway.NewKeyAsync()), new OpenAIClientOptions { Endpoint = new Uri(gateway.Url + "/v1") });
    }
}
