// The official SDKs as parsers: node clients/parse.mjs MANIFEST. The manifest is a JSON array of {name, dialect, stream, file}; each file is
// the body that the SDK's fetch gets. Prints a JSON line an entry with what the SDK made of it.
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';

let body = '';
let type = '';
const answer = async () => new Response(body, { status: 200, headers: { 'content-type': type } });
globalThis.fetch = answer;

const openai = new OpenAI({ apiKey: 'x', baseURL: 'http://127.0.0.1:1/v1', fetch: answer, maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: 'x', baseURL: 'http://127.0.0.1:1', fetch: answer, maxRetries: 0 });
const google = new GoogleGenAI({ apiKey: 'x', httpOptions: { baseUrl: 'http://127.0.0.1:1' } });

const parsers = {
  async 'openai-chat'(stream) {
    const ask = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
    const answer = stream
      ? await openai.chat.completions.stream({ ...ask, stream_options: { include_usage: true } }).finalChatCompletion()
      : await openai.chat.completions.create(ask);
    const { message, finish_reason } = answer.choices[0];
    return {
      text: message.content ?? '',
      refusal: message.refusal ?? '',
      // Not in the SDK's types: its stream helper keeps the last piece only, so this is looked at in whole answers.
      reasoning: stream ? null : (message.reasoning_content ?? message.reasoning ?? ''),
      calls: (message.tool_calls ?? []).map((c) => ({ id: c.id, name: c.function.name, args: c.function.arguments })),
      finish: finish_reason,
      input: answer.usage?.prompt_tokens ?? 0,
      output: answer.usage?.completion_tokens ?? 0,
    };
  },

  async anthropic(stream) {
    const ask = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };
    const answer = stream ? await anthropic.messages.stream(ask).finalMessage() : await anthropic.messages.create(ask);
    const of = (kind) => answer.content.filter((b) => b.type === kind);
    return {
      text: of('text').map((b) => b.text).join(''),
      refusal: '',
      reasoning: of('thinking').map((b) => b.thinking).join(''),
      calls: of('tool_use').map((b) => ({ id: b.id, name: b.name, args: JSON.stringify(b.input) })),
      finish: answer.stop_reason,
      input: (answer.usage.input_tokens ?? 0) + (answer.usage.cache_read_input_tokens ?? 0) + (answer.usage.cache_creation_input_tokens ?? 0),
      output: answer.usage.output_tokens,
    };
  },

  async gemini(stream) {
    const ask = { model: 'm', contents: 'Hi' };
    const chunks = [];
    if (stream) {
      for await (const chunk of await google.models.generateContentStream(ask)) chunks.push(chunk);
    } else {
      chunks.push(await google.models.generateContent(ask));
    }
    const parts = chunks.flatMap((c) => c.candidates?.find((k) => (k.index ?? 0) === 0)?.content?.parts ?? []);
    const last = chunks.at(-1);
    const usage = last.usageMetadata ?? {};
    return {
      text: parts.filter((p) => p.text && !p.thought).map((p) => p.text).join(''),
      refusal: '',
      reasoning: parts.filter((p) => p.text && p.thought).map((p) => p.text).join(''),
      calls: parts.filter((p) => p.functionCall).map((p) => ({ id: p.functionCall.id ?? '', name: p.functionCall.name, args: JSON.stringify(p.functionCall.args ?? {}) })),
      finish: chunks.map((c) => c.candidates?.find((k) => (k.index ?? 0) === 0)?.finishReason).find(Boolean) ?? last.promptFeedback?.blockReason ?? null,
      input: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
      output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
    };
  },
};

// The SDKs warn of old models and the like on the standard output: only our lines belong there.
console.log = console.warn = console.info = console.debug = () => {};
for (const { name, dialect, stream, file } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  body = readFileSync(file);
  type = stream ? 'text/event-stream' : 'application/json';
  let line;
  try {
    line = { name, ...(await parsers[dialect](stream)) };
  } catch (error) {
    line = { name, error: `${error.constructor.name}: ${error.message}` };
  }
  process.stdout.write(JSON.stringify(line) + '\n');
}
process.stdout.write('', () => process.exit(0));
