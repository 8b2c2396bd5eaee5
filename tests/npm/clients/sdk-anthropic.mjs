// What dialects.mjs runs, with npm @anthropic-ai/sdk.
import Anthropic from '@anthropic-ai/sdk';
import spoil from './spoil.mjs';

const tools = (names) =>
  names.map((name) => ({
    name,
    description: `Tells about ${name}.`,
    input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
  }));

const usage = (given) => ({
  input: given.input_tokens,
  output: given.output_tokens,
  total: given.input_tokens + (given.cache_read_input_tokens ?? 0) + (given.cache_creation_input_tokens ?? 0) + given.output_tokens,
  cached: given.cache_read_input_tokens ?? 0,
  written: given.cache_creation_input_tokens ?? 0,
  reasoning: given.output_tokens_details?.thinking_tokens ?? 0,
});

export default function ({ url, key }) {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });

  async function ask({ stream, headers, ...body }) {
    const asked = { max_tokens: 1024, ...body };
    if (!stream) {
      const { data, response } = await client.messages.create(asked, { headers }).withResponse();
      return { message: data, headers: response.headers };
    }
    const running = client.messages.stream(asked, { headers });
    let text = '';
    running.on('text', (piece) => (text += piece));
    try {
      return { message: await running.finalMessage(), headers: running.response?.headers ?? new Headers() };
    } catch (error) {
      error.text = text;
      throw error;
    }
  }

  const seen = ({ message, headers }) => ({
    id: message.id,
    text: message.content.filter((block) => block.type === 'text').map((block) => block.text).join(''),
    reasoning: message.content.filter((block) => block.type === 'thinking').map((block) => block.thinking).join(''),
    blocks: message.content,
    calls: message.content.filter((block) => block.type === 'tool_use').map(({ id, name, input }) => ({ id, name, args: JSON.stringify(input) })),
    finish: message.stop_reason,
    stopSequence: message.stop_sequence,
    usage: usage(message.usage),
    dropped: headers.get('x-perigee-dropped-params'),
    cache: headers.get('x-perigee-cache'),
  });

  const results = (message, of) => ({
    role: 'user',
    content: message.content.filter((block) => block.type === 'tool_use').map(({ id, input }) => ({ type: 'tool_result', tool_use_id: id, content: of(input) })),
  });

  return {
    async say({ model, prompt, system, image, stream, extra, headers }) {
      const content = image
        ? [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } }, { type: 'text', text: prompt }]
        : prompt;
      return seen(await ask({ model, messages: [{ role: 'user', content }], ...(system ? { system } : {}), stream, headers, ...extra }));
    },

    async tools({ model, prompt, stream, names, results: given, extra }) {
      const messages = [{ role: 'user', content: prompt }];
      const first = await ask({ model, messages, tools: tools(names), stream, ...extra });
      messages.push({ role: 'assistant', content: first.message.content }, results(first.message, (input) => given[input.city]));
      return { first: seen(first), last: seen(await ask({ model, messages, tools: tools(names), stream, ...extra })) };
    },

    async echo({ model, then, prompt, stream, extra, spoiled }) {
      const messages = [{ role: 'user', content: prompt }];
      const first = await ask({ model, messages, tools: tools(['get_weather']), stream, ...extra });
      const back = structuredClone(first.message.content);
      if (spoiled) for (const block of back) for (const name of ['signature', 'data']) if (block[name]) block[name] = spoil(block[name]);
      const calls = first.message.content.some((block) => block.type === 'tool_use');
      messages.push({ role: 'assistant', content: back }, calls ? results(first.message, () => '21') : { role: 'user', content: 'Go on.' });
      return { first: seen(first), last: seen(await ask({ model: then ?? model, messages, tools: tools(['get_weather']), stream, ...extra })) };
    },

    async count({ model, prompt, system }) {
      const counted = await client.messages.countTokens({ model, messages: [{ role: 'user', content: prompt }], ...(system ? { system } : {}) });
      return { tokens: counted.input_tokens };
    },

    async models() {
      const ids = [];
      for await (const model of client.models.list()) ids.push(model.id);
      return { ids };
    },
  };
}
