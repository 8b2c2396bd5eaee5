// What dialects.mjs runs, with npm @google/genai.
import { GoogleGenAI } from '@google/genai';
import spoil from './spoil.mjs';

const tools = (names) => [
  {
    functionDeclarations: names.map((name) => ({
      name,
      description: `Tells about ${name}.`,
      parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
    })),
  },
];

const usage = (given) =>
  given && {
    input: given.promptTokenCount ?? 0,
    output: given.candidatesTokenCount ?? 0,
    total: given.totalTokenCount ?? 0,
    cached: given.cachedContentTokenCount ?? 0,
    written: 0,
    reasoning: given.thoughtsTokenCount ?? 0,
  };

export default function ({ url, key }) {
  const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });

  /** The answer as { parts, finish, usage }: of a stream, all chunks' parts in their order. */
  async function ask({ model, contents, stream, config }) {
    if (!stream) {
      const whole = await client.models.generateContent({ model, contents, config });
      const [candidate] = whole.candidates ?? [];
      return {
        id: whole.responseId,
        parts: candidate?.content?.parts ?? [],
        finish: candidate?.finishReason ?? null,
        blocked: whole.promptFeedback?.blockReason ?? null,
        usage: whole.usageMetadata,
        headers: new Headers(whole.sdkHttpResponse?.headers),
      };
    }
    const answer = { id: null, parts: [], finish: null, blocked: null, usage: null, headers: new Headers() };
    try {
      for await (const chunk of await client.models.generateContentStream({ model, contents, config })) {
        const [candidate] = chunk.candidates ?? [];
        answer.id = chunk.responseId ?? answer.id;
        answer.parts.push(...(candidate?.content?.parts ?? []));
        answer.finish = candidate?.finishReason ?? answer.finish;
        answer.blocked = chunk.promptFeedback?.blockReason ?? answer.blocked;
        answer.usage = chunk.usageMetadata ?? answer.usage;
        answer.headers = new Headers(chunk.sdkHttpResponse?.headers);
      }
    } catch (error) {
      error.text = text(answer);
      throw error;
    }
    return answer;
  }

  const text = (answer) => answer.parts.filter((part) => part.text && !part.thought).map((part) => part.text).join('');
  const calls = (answer) => answer.parts.filter((part) => part.functionCall).map((part) => part.functionCall);

  const seen = (answer) => ({
    id: answer.id,
    text: text(answer),
    reasoning: answer.parts.filter((part) => part.thought).map((part) => part.text ?? '').join(''),
    parts: answer.parts,
    calls: calls(answer).map(({ id, name, args }) => ({ id, name, args: JSON.stringify(args ?? {}) })),
    finish: answer.finish,
    blocked: answer.blocked,
    usage: usage(answer.usage),
    dropped: answer.headers.get('x-perigee-dropped-params'),
    cache: answer.headers.get('x-perigee-cache'),
  });

  const results = (answer, of) => ({
    role: 'user',
    parts: calls(answer).map(({ id, name, args }) => ({ functionResponse: { ...(id ? { id } : {}), name, response: { output: of(args) } } })),
  });

  return {
    async say({ model, prompt, system, image, stream, extra, headers }) {
      const contents = [{ role: 'user', parts: [...(image ? [{ inlineData: { mimeType: 'image/png', data: image } }] : []), { text: prompt }] }];
      const config = { ...(system ? { systemInstruction: system } : {}), ...(headers ? { httpOptions: { headers } } : {}), ...extra };
      return seen(await ask({ model, contents, stream, config }));
    },

    async tools({ model, prompt, stream, names, results: given, extra }) {
      const contents = [{ role: 'user', parts: [{ text: prompt }] }];
      const config = { tools: tools(names), ...extra };
      const first = await ask({ model, contents, stream, config });
      contents.push({ role: 'model', parts: first.parts }, results(first, (args) => given[args.city]));
      return { first: seen(first), last: seen(await ask({ model, contents, stream, config })) };
    },

    async echo({ model, then, prompt, stream, extra, spoiled }) {
      const contents = [{ role: 'user', parts: [{ text: prompt }] }];
      const config = { tools: tools(['get_weather']), ...extra };
      const first = await ask({ model, contents, stream, config });
      const back = structuredClone(first.parts);
      if (spoiled) for (const part of back) if (part.thoughtSignature) part.thoughtSignature = spoil(part.thoughtSignature);
      contents.push({ role: 'model', parts: back }, calls(first).length ? results(first, () => '21') : { role: 'user', parts: [{ text: 'Go on.' }] });
      return { first: seen(first), last: seen(await ask({ model: then ?? model, contents, stream, config })) };
    },

    async count({ model, prompt }) {
      const counted = await client.models.countTokens({ model, contents: prompt });
      return { tokens: counted.totalTokens };
    },

    async embed({ model, texts, extra }) {
      const answer = await client.models.embedContent({ model, contents: texts, config: extra });
      return { vectors: answer.embeddings.map((one) => one.values) };
    },

    async models() {
      const ids = [];
      for await (const model of await client.models.list()) ids.push(model.name);
      return { ids };
    },
  };
}
