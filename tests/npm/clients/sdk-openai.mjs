// What dialects.mjs runs, with npm openai.
import OpenAI from 'openai';
import spoil from './spoil.mjs';

const tools = (names) =>
  names.map((name) => ({
    type: 'function',
    function: {
      name,
      description: `Tells about ${name}.`,
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
    },
  }));

const usage = (given) =>
  given && {
    input: given.prompt_tokens,
    output: given.completion_tokens,
    total: given.total_tokens,
    cached: given.prompt_tokens_details?.cached_tokens ?? 0,
    written: given.prompt_tokens_details?.cache_write_tokens ?? 0,
    reasoning: given.completion_tokens_details?.reasoning_tokens ?? 0,
  };

/** As clients of OpenRouter put the pieces together: by index and type. */
function details(pieces) {
  const whole = [];
  for (const piece of pieces) {
    const begun = whole.find((one) => one.index === piece.index && one.type === piece.type);
    if (!begun) whole.push({ ...piece });
    else for (const [name, value] of Object.entries(piece)) begun[name] = ['text', 'summary', 'data'].includes(name) ? (begun[name] ?? '') + value : (value ?? begun[name]);
  }
  return whole;
}

export default function ({ url, key }) {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });

  /** One question, whole or as a stream that the SDK's own helper puts together. */
  async function ask({ stream, headers, ...body }) {
    const options = { headers };
    if (!stream) {
      const { data, response } = await client.chat.completions.create(body, options).withResponse();
      return { completion: data, message: data.choices[0].message, headers: response.headers };
    }
    const runner = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } }, options);
    let text = '';
    let reasoning = '';
    const pieces = [];
    const annotations = [];
    runner.on('chunk', (chunk) => {
      const delta = chunk.choices[0]?.delta ?? {};
      text += delta.content ?? '';
      reasoning += delta.reasoning ?? delta.reasoning_content ?? '';
      pieces.push(...(delta.reasoning_details ?? []));
      annotations.push(...(delta.annotations ?? []));
    });
    let completion;
    try {
      completion = await runner.finalChatCompletion();
    } catch (error) {
      error.text = text;
      throw error;
    }
    const message = { role: 'assistant', content: text || null };
    const whole = completion.choices[0].message;
    if (whole.tool_calls) message.tool_calls = whole.tool_calls.map(({ id, type, function: { name, arguments: args } }) => ({ id, type, function: { name, arguments: args } }));
    if (reasoning) message.reasoning = reasoning;
    if (annotations.length) message.annotations = annotations;
    if (pieces.length) message.reasoning_details = details(pieces);
    return { completion, message, headers: new Headers() };
  }

  const seen = ({ completion, message, headers }) => ({
    id: completion.id,
    text: message.content ?? '',
    refusal: message.refusal ?? null,
    reasoning: message.reasoning ?? message.reasoning_content ?? '',
    details: message.reasoning_details ?? [],
    annotations: message.annotations ?? [],
    calls: (message.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function.name, args: call.function.arguments })),
    finish: completion.choices[0].finish_reason,
    usage: usage(completion.usage),
    dropped: headers.get('x-perigee-dropped-params'),
    cache: headers.get('x-perigee-cache'),
  });

  return {
    async say({ model, prompt, system, image, stream, extra, headers }) {
      const content = image
        ? [{ type: 'text', text: prompt }, { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } }]
        : prompt;
      const messages = [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content }];
      return seen(await ask({ model, messages, stream, headers, ...extra }));
    },

    async tools({ model, prompt, stream, names, results, extra }) {
      const messages = [{ role: 'user', content: prompt }];
      const first = await ask({ model, messages, tools: tools(names), stream, ...extra });
      messages.push(first.message);
      for (const call of first.message.tool_calls) messages.push({ role: 'tool', tool_call_id: call.id, content: results[JSON.parse(call.function.arguments).city] });
      return { first: seen(first), last: seen(await ask({ model, messages, tools: tools(names), stream, ...extra })) };
    },

    /** Two turns: what the first one said goes back as it came, with spoiled proofs if so asked, perhaps to another model. */
    async echo({ model, then, prompt, stream, extra, spoiled }) {
      const messages = [{ role: 'user', content: prompt }];
      const first = await ask({ model, messages, tools: tools(['get_weather']), stream, ...extra });
      const back = structuredClone(first.message);
      if (spoiled) for (const one of back.reasoning_details ?? []) for (const name of ['signature', 'data']) if (one[name]) one[name] = spoil(one[name]);
      messages.push(back);
      for (const call of first.message.tool_calls ?? []) messages.push({ role: 'tool', tool_call_id: call.id, content: '21' });
      if (!first.message.tool_calls) messages.push({ role: 'user', content: 'Go on.' });
      return { first: seen(first), last: seen(await ask({ model: then ?? model, messages, tools: tools(['get_weather']), stream, ...extra })) };
    },

    async models() {
      const ids = [];
      for await (const model of client.models.list()) ids.push(model.id);
      return { ids };
    },

    async embed({ model, texts }) {
      const answer = await client.embeddings.create({ model, input: texts, encoding_format: 'float' });
      return { vectors: answer.data.map((one) => one.embedding) };
    },
  };
}
