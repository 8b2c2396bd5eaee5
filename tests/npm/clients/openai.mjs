// The official npm SDK against a gateway: node clients/openai.mjs SCENARIO JSON. Prints what it saw as one JSON object.
// Address and key come from OPENAI_BASE_URL and OPENAI_API_KEY, as in any program that uses the SDK.
import OpenAI, { toFile } from 'openai';

const client = new OpenAI();
const [scenario, json] = process.argv.slice(2);
const given = JSON.parse(json);

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' }, unit: { type: 'string' } }, required: ['city'] },
  },
};

const user = (content) => [{ role: 'user', content }];

/** The SDK's own error as data. */
async function failure(call) {
  try {
    await call();
  } catch (error) {
    return {
      type: error.constructor.name,
      status: error.status ?? null,
      code: error.code ?? null,
      param: error.param ?? null,
      kind: error.type ?? null,
      message: error.message,
      requestId: error.requestID ?? null,
      aborted: error instanceof OpenAI.APIUserAbortError,
    };
  }
  throw new Error('The call did not fail.');
}

const scenarios = {
  async chat() {
    const { data, response } = await client.chat.completions.create({ model: given.model, messages: user(given.prompt) }).withResponse();
    return { answer: data, requestId: data._request_id, cache: response.headers.get('x-perigee-cache') };
  },

  async stream() {
    const { data: stream, response } = await client.chat.completions
      .create({ model: given.model, messages: user(given.prompt), stream: true, ...(given.usage ? { stream_options: { include_usage: true } } : {}) })
      .withResponse();
    const pieces = [];
    let usage = null;
    let finish = null;
    for await (const chunk of stream) {
      pieces.push(chunk.choices[0]?.delta?.content ?? '');
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    return { text: pieces.join(''), chunks: pieces.length, usage, finish, cache: response.headers.get('x-perigee-cache') };
  },

  /** The SDK runs the tool itself and asks again with its result. */
  async tools() {
    const calls = [];
    const tool = { ...weather, function: { ...weather.function, parse: JSON.parse, function: (args) => (calls.push(args), { degrees: 21 }) } };
    const runner = client.chat.completions.runTools({ model: given.model, messages: user(given.prompt), tools: [tool], stream: given.stream });
    return { text: await runner.finalContent(), calls, messages: runner.messages.length };
  },

  async schema() {
    const completion = await client.chat.completions.parse({
      model: given.model,
      messages: user(given.prompt),
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'city',
          strict: true,
          schema: {
            type: 'object',
            properties: { city: { type: 'string' }, population: { type: 'integer' } },
            required: ['city', 'population'],
            additionalProperties: false,
          },
        },
      },
    });
    return { parsed: completion.choices[0].message.parsed };
  },

  async vision() {
    const completion = await client.chat.completions.create({
      model: given.model,
      messages: user([{ type: 'text', text: given.prompt }, { type: 'image_url', image_url: { url: given.image, detail: 'low' } }]),
    });
    return { text: completion.choices[0].message.content };
  },

  async embeddings() {
    const base64 = await client.embeddings.create({ model: given.model, input: given.input });
    const float = await client.embeddings.create({ model: given.model, input: given.input, encoding_format: 'float' });
    return { base64: base64.data.map((d) => [...d.embedding]), float: float.data.map((d) => d.embedding) };
  },

  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    const one = await client.models.retrieve(given.model);
    const missing = await failure(() => client.models.retrieve('openai/gpt-4o-minni'));
    return { ids, one, missing };
  },

  async fails() {
    return failure(() => client.chat.completions.create({ model: given.model, messages: user(given.prompt) }, { maxRetries: 0 }));
  },

  async failsInStream() {
    let text = '';
    const error = await failure(async () => {
      const stream = await client.chat.completions.create({ model: given.model, messages: user(given.prompt), stream: true }, { maxRetries: 0 });
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
    });
    return { text, error };
  },

  /** As many calls as the limit has, then one more that the SDK retries by itself. */
  async limited() {
    for (let i = 0; i < given.limit; i++) await client.chat.completions.create({ model: given.model, messages: user(`${given.prompt} ${i}`) });
    const refused = await failure(() => client.chat.completions.create({ model: given.model, messages: user(`${given.prompt} x`) }, { maxRetries: 0 }));
    const begin = Date.now();
    const last = await client.chat.completions.create({ model: given.model, messages: user(`${given.prompt} y`) }, { maxRetries: 2 });
    return { refused, waited: Date.now() - begin, text: last.choices[0].message.content };
  },

  async retried() {
    const begin = Date.now();
    const completion = await client.chat.completions.create({ model: given.model, messages: user(given.prompt) });
    return { text: completion.choices[0].message.content, waited: Date.now() - begin };
  },

  async abort() {
    const stream = await client.chat.completions.create({ model: given.model, messages: user(given.prompt), stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta?.content) break;
    }
    stream.controller.abort();
    return { aborted: stream.controller.signal.aborted };
  },

  async responses() {
    const created = await client.responses.create({ model: given.model, input: given.prompt });
    const read = await client.responses.retrieve(created.id);
    const items = await client.responses.inputItems.list(created.id);
    await client.responses.delete(created.id);
    const gone = await failure(() => client.responses.retrieve(created.id));
    const stream = await client.responses.create({ model: given.model, input: given.prompt, stream: true });
    const events = [];
    let streamed = '';
    for await (const event of stream) {
      events.push(event.type);
      if (event.type === 'response.output_text.delta') streamed += event.delta;
    }
    return { created, text: created.output_text, read: read.output_text, items: items.data.length, gone, events, streamed };
  },

  async audio() {
    const file = await toFile(Buffer.from(given.audio, 'base64'), 'speech.wav');
    const transcription = await client.audio.transcriptions.create({ file, model: given.model, language: 'en' });
    const translation = await client.audio.translations.create({ model: given.model, file });
    const speech = await client.audio.speech.create({ model: given.speechModel, voice: 'alloy', input: 'Hello' });
    const bytes = Buffer.from(await speech.arrayBuffer());
    return { transcription: transcription.text, translation: translation.text, speech: bytes.toString('base64'), type: speech.headers.get('content-type') };
  },

  async imageEdit() {
    const image = await toFile(Buffer.from(given.image, 'base64'), 'image.png', { type: 'image/png' });
    const edited = await client.images.edit({ model: given.model, image, prompt: given.prompt });
    return { image: edited.data[0].b64_json };
  },

  async files() {
    const content = '{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{}}\n';
    const file = await client.files.create({ file: await toFile(Buffer.from(content), 'batch.jsonl'), purpose: 'batch' });
    const listed = [];
    for await (const one of client.files.list()) listed.push(one.id);
    const read = await client.files.retrieve(file.id);
    const bytes = await (await client.files.content(file.id)).text();
    const batch = await client.batches.create({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' });
    const batchRead = await client.batches.retrieve(batch.id);
    const batches = [];
    for await (const one of client.batches.list()) batches.push(one.id);
    const removed = await client.files.delete(file.id);
    const gone = await failure(() => client.files.retrieve(file.id));
    return { id: file.id, listed, name: read.filename, same: bytes === content, batch: batch.id, batchRead: batchRead.id, batches, removed: removed.deleted, gone };
  },

  async readFile() {
    return failure(() => client.files.retrieve(given.id));
  },
};

try {
  process.stdout.write(JSON.stringify(await scenarios[scenario]()), () => process.exit(0));
} catch (error) {
  process.stderr.write(`${error.stack}\n`, () => process.exit(1));
}
