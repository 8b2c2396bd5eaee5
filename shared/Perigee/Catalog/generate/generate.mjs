// Makes ../models.json. What it takes from where, and why, stands in README.md. The same input gives the same bytes.
import { readFileSync, writeFileSync } from "node:fs";
import { findProvider } from "@pydantic/genai-prices";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const versions = read("package.json").dependencies;
const roster = read("node_modules/@oh-my-pi/pi-catalog/src/models.json");
const rows = read("../../Providers/providers.json");
const extra = read("extra.json");
const facts = read("facts.json");
const providers = read("sources.json");

const usable = (id) => /^[A-Za-z0-9._\-:/@+~]{1,256}$/.test(id);
const dated = /[-@](20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?=$|-v\d)/;

// ---- prices -------------------------------------------------------------------------------------------------------------------------

// Dollars per million tokens; six decimals are a micro-dollar, the unit of the gateway. Only the noise of binary fractions is lost.
const money = (value) => Math.round(value * 1e6) / 1e6;

// Order: input, output, cache read, cache write, cache write for an hour, input audio, output audio, a request.
const members = ["input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "input_audio_mtok", "output_audio_mtok"];

const trimmed = (list) => {
  while (list.length > 0 && list.at(-1) === null) list.pop();
  return list;
};

function card(prices, kind) {
  const at = (member, tokens) => {
    const price = prices[member];
    if (price === undefined) return null;
    if (typeof price === "number") return money(price);
    let now = price.base;
    for (const tier of [...price.tiers].sort((a, b) => a.start - b.start)) if (tokens > tier.start) now = tier.price;
    return money(now);
  };
  const line = (tokens) => {
    const list = members.map((member) => at(member, tokens));

    // Of what draws, the dearer of its two kinds of output: text alone is seldom what it is asked for.
    const drawn = at("output_image_mtok", tokens);
    if (drawn !== null && list[1] !== null) list[1] = Math.max(list[1], drawn);
    if (list[1] === null && kind !== "chat") list[1] = 0;
    list.push(typeof prices.requests_kcount === "number" ? money(prices.requests_kcount / 1000) : null);
    return trimmed(list);
  };
  const price = line(0);
  if (price[0] === null || price[0] === undefined || price[1] === null || price[1] === undefined) return null;
  const starts = [...new Set(members.flatMap((member) => prices[member]?.tiers?.map((tier) => tier.start) ?? []))].sort((a, b) => a - b);
  return { p: price, t: starts.map((start) => [start, ...line(start + 1)]) };
}

// A day has no hours here: where a price depends on the hour, the dearest of the day is taken, so that a budget is never overspent.
function book(prices, kind) {
  if (!Array.isArray(prices)) return { cards: [{ from: null, ...card(prices, kind) }] };
  const cards = [];
  for (const one of prices) {
    const made = card(one.prices, kind);
    if (made === null) return null;
    const type = one.constraint?.type;
    if (type === "time_of_date") {
      const last = cards.at(-1);
      if (made.p[0] > last.p[0]) cards[cards.length - 1] = { from: last.from, ...made };
    } else {
      cards.push({ from: type === "start_date" ? one.constraint.start_date : null, ...made });
    }
  }

  return { cards };
}

function rosterBook(cost, kind) {
  const line = (one) => {
    const list = [one.input, one.output, one.cacheRead || null, one.cacheWrite || null].map((price) => (price === null ? null : money(price)));
    return trimmed(list);
  };
  if (!cost || cost.input < 0 || cost.output < 0 || (cost.input === 0 && cost.output === 0)) return null;
  if (kind === "chat" && (cost.input === 0 || cost.output === 0)) return null;
  const tiers = (one) => (one ? [[one.inputThreshold - (one.inputThresholdInclusive ? 1 : 0), ...line(one)]] : []);
  const cards = [{ from: null, p: line(cost), t: tiers(cost.longContext) }];
  for (const rate of cost.timeBased?.effectiveRates ?? []) {
    cards.push({ from: new Date(rate.effectiveFrom).toISOString().slice(0, 10), p: line(rate), t: tiers(rate.longContext) });
  }

  return { cards };
}

// The match logic of the price package, on plain data.
function matches(logic, name) {
  const has = (member) => logic[member] !== undefined;
  const lower = name.toLowerCase();
  if (has("or")) return logic.or.some((one) => matches(one, name));
  if (has("and")) return logic.and.every((one) => matches(one, name));
  if (has("equals")) return lower === logic.equals.toLowerCase();
  if (has("starts_with")) return lower.startsWith(logic.starts_with.toLowerCase());
  if (has("ends_with")) return lower.endsWith(logic.ends_with.toLowerCase());
  if (has("contains")) return lower.includes(logic.contains.toLowerCase());
  if (has("regex")) return new RegExp(logic.regex).test(name);
  throw new Error(`unknown match logic: ${JSON.stringify(logic)}`);
}

const names = (logic) => (logic.equals !== undefined ? [logic.equals] : (logic.or ?? []).flatMap(names));

function priced(sources, id) {
  for (const source of sources) {
    const known = findProvider({ providerId: source });
    if (!known) throw new Error(`no prices of ${source}`);
    const name = id.replace(/@default$/, "");
    const exact = known.models.find((model) => model.id === name) ?? known.models.find((model) => names(model.match).includes(name));

    // Variants such as :free have prices of their own: only their exact name says which.
    const found = exact ?? (name.includes(":") && source === "openrouter" ? undefined : known.models.find((model) => matches(model.match, name)));
    if (found) return found;
  }

  return undefined;
}

// Where a kept alias has a price of its own, that is the model behind a moving name such as -latest.
function named(sources, aliases) {
  for (const source of sources) {
    const found = findProvider({ providerId: source }).models.find((model) => aliases.includes(model.id));
    if (found) return found;
  }

  return undefined;
}

// ---- capabilities -------------------------------------------------------------------------------------------------------------------

// The name alone: without the maker, in whatever way the provider writes that, and without a cloud's region.
const base = (id) =>
  id.split("/").at(-1).toLowerCase()
    .replace(/^(?:us-gov|global|apac|us|eu|au|jp|ca|sa|ap)\./, "")
    .replace(/^(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|nvidia|google|moonshotai|moonshot|minimax|zai|xai|writer)\./, "")
    .replace(/^(?:openai|anthropic|google|zai-org|z-ai|x-ai)-(?=[a-z])/, "")
    .replaceAll(".", "-");
const rule = (list, provider, id) => list.find((one) => (!one.provider || new RegExp(`^(?:${one.provider})$`).test(provider)) && new RegExp(one.name).test(base(id)));

function kindOf(id, given, provider) {
  const word = { image: "image", tts: "audio", stt: "audio", embedding: "embedding", rerank: "rerank" }[given];
  const known = rule(facts.kinds, provider, id);
  return known ? known.kind : word ?? "chat";
}

// The two ladders that the roster gives to every model of which it knows no better: no fact of the provider.
const presumed = new Set(["minimal low medium high xhigh", "minimal low medium high"]);

function efforts(thinking) {
  if (!thinking) return undefined;
  const ladder = thinking.efforts.join(" ");
  if (thinking.mode === "google-level" || thinking.mode === "anthropic-adaptive") return ladder;
  return thinking.mode === "effort" && !presumed.has(ladder) ? ladder : undefined;
}

function quality(provider, id, row) {
  const named = rule(facts.quality, provider, id);
  if (named) return named.tier;
  const size = [...base(id).matchAll(/(?:^|[-_x])(\d+(?:-\d)?)b(?=$|[-_:@])/g)].map((found) => Number(found[1].replace("-", "."))).sort((a, b) => b - a)[0];
  if (size !== undefined) return size < 20 ? "basic" : size < 200 ? "standard" : "strong";
  const price = row.p && row.p.cards.at(-1).p;
  if (!price || (price[0] === 0 && price[1] === 0)) return undefined;
  const blended = (3 * price[0] + price[1]) / 4;
  return blended < 0.2 ? "basic" : blended < 1 ? "standard" : "strong";
}

// ---- rows ---------------------------------------------------------------------------------------------------------------------------

const owns = new Map(rows.map((row) => [row.name, row.owns ?? []]));

function collect(provider, { roster: from = [], prices = [], pricesElsewhere = [], only, idForm, suffix = "" }) {
  const found = new Map();
  const formed = (id) => (idForm === "fireworks" ? fireworks(id) : id) + suffix;
  const put = (id, row) => {
    const dropped = facts.drop.some((one) => one.provider === provider && new RegExp(one.name).test(id));
    if (usable(id) && !dropped && (!only || new RegExp(only).test(id)) && !found.has(id)) found.set(id, row);
  };
  for (const source of from) {
    for (const model of Object.values(roster[source] ?? missing(source))) {
      if (["search", "tiny", "judge", "video"].includes(model.kind)) continue;
      put(formed(model.id), { given: model });
    }
  }

  const undated = new Set([...found.keys()].map((id) => id.replace(dated, "")).filter((id) => !found.has(id)));
  for (const source of prices) {
    for (const model of (findProvider({ providerId: source }) ?? missing(source)).models) {
      // Some of the package's ids are labels of a group: a name that its own rule does not match is none that a provider knows.
      if (!model.deprecated && !undated.has(model.id) && (idForm === "fireworks" || matches(model.match, model.id)) && (suffix || !facts.rosterOnly.includes(provider))) put(formed(model.id), {});
    }
  }

  for (const id of facts.names[provider] ?? []) put(id, {});
  for (const one of extra.filter((row) => row.provider === provider)) found.set(one.id, { ...found.get(one.id), kept: one });

  // What is kept by hand as another name of a model is no model of its own.
  for (const { kept } of [...found.values()]) for (const alias of kept?.aliases ?? []) found.delete(alias);
  return [...found].map(([id, { given, kept }]) => rowOf(provider, id, given, kept, [...prices, ...pricesElsewhere], suffix));
}

const missing = (source) => {
  throw new Error(`no provider ${source} in the package`);
};

const fireworks = (id) => (id.startsWith("accounts/") ? id : `accounts/fireworks/models/${id.replace(/(?<=\d)\.(?=\d)/g, "p")}`);

function rowOf(provider, id, given, kept, prices, suffix) {
  const bare = suffix && id.endsWith(suffix) ? id.slice(0, -suffix.length) : id;
  const kind = kept?.kind ?? kindOf(bare, given?.kind, provider);
  const price = named(prices, kept?.aliases ?? []) ?? priced(prices, bare);
  const row = { id, kind };
  row.c = kept?.context ?? given?.contextWindow ?? price?.context_window ?? undefined;
  row.m = given?.maxTokens > 0 && given.maxTokens < (row.c ?? Infinity) ? given.maxTokens : undefined;

  const own = facts.pricesUnsure.includes(provider) ? null : rosterBook(given?.cost, kind);
  const free = id.endsWith(":free") || facts.free.includes(`${provider}/${id}`);
  row.p = free ? { cards: [{ from: null, p: [0, 0], t: [] }] } : (facts.pricesOfRosterFirst.includes(provider) && own) || (price && book(price.prices, kind)) || own || undefined;
  if (row.p && row.p.cards.some((one) => !one.p)) row.p = own || undefined;

  if (process.argv.includes("--differences") && price && own && row.p !== own && !free) {
    const [one, other] = [row.p.cards.at(-1).p, own.cards.at(-1).p];
    if (one[0] !== other[0] || one[1] !== other[1]) console.log(`${provider}/${id}: ${one} in the price package, ${other} in the roster`);
  }

  const input = kind === "chat" ? rule(facts.inputs, provider, bare) : undefined;
  row.i = input ? input.inputs + "!" : given && kind === "chat" ? given.input.map((one) => one[0]).join("") : kind === "embedding" || kind === "rerank" || kind === "moderation" ? "t" : undefined;
  const output = rule(facts.outputs, provider, bare);
  row.o = output ? output.outputs : kind === "chat" && (given || kept) ? "t" : kind === "image" ? "i" : undefined;
  if (kind === "chat") {
    const schema = rule(facts.schema, provider, bare);
    const tools = given?.supportsTools ?? rule(facts.tools, provider, bare)?.tools ?? (given && !facts.toolsUnsure.includes(provider) ? true : undefined);
    const reasons = given?.reasoning;
    row.f = [tools === undefined ? "" : tools ? "T" : "t", schema === undefined ? "" : schema.schema ? "S" : "s", reasons === undefined ? "" : reasons ? "R" : "r"].join("") || undefined;
    row.e = efforts(given?.thinking);
    row.q = given || kept ? quality(provider, bare, row) : undefined;
  }

  row.a = [...(kept?.aliases ?? [])];
  for (const name of price && !suffix ? names(price.match) : []) {
    const short = name.replace(dated, "").replace(/-\d{4}$/, "");
    if (short === id && name !== id && usable(name) && !row.a.includes(name)) row.a.push(name);
  }

  const dates = [id, ...row.a].map((name) => dated.exec(name)).filter((date) => date).map(([, year, month, day]) => `${year}-${month}-${day}`);
  row.d = dated.test(id) ? dates[0] : dates.length === 1 ? dates[0] : undefined;
  row.n = facts.titled.includes(provider) && given?.name && given.name !== id ? given.name : undefined;
  row.b = kept !== undefined || (owns.get(provider) ?? []).some((prefix) => id.startsWith(prefix));
  row.kept = kept;
  return row;
}

// ---- the file -----------------------------------------------------------------------------------------------------------------------

const rate = ({ p, t }) => (t?.length ? [p, t] : [p]);

function written(row) {
  const out = { id: row.id };
  if (row.kind !== "chat") out.k = row.kind;
  if (row.c > 0) out.c = row.c;
  if (row.m > 0) out.m = row.m;
  for (const member of ["i", "o", "f", "e", "q"]) if (row[member]) out[member] = row[member];
  if (row.p) {
    const [first, ...later] = row.p.cards;
    out.p = first.p;
    if (first.t?.length) out.t = first.t;
    if (later.length) out.l = later.map((one) => [one.from, ...rate(one)]);
  }

  if (row.d) out.d = row.d;
  if (row.n) out.n = row.n;
  if (row.a?.length) out.a = row.a;
  if (row.b) out.b = 1;
  return JSON.stringify(out);
}

const order = [...rows.map((row) => row.name), ...Object.keys(providers).filter((name) => !owns.has(name)).sort()];
const lines = [];
let count = 0;
for (const provider of order) {
  const spec = providers[provider] ?? {};
  const parts = [spec, ...(spec.also ?? [])].map((one) => collect(provider, one));
  const byId = new Map();
  for (const row of parts.flat()) if (!byId.has(row.id)) byId.set(row.id, row);
  const listed = [...byId.values()];
  const taken = new Set(listed.map((row) => row.id));
  for (const row of listed) {
    row.a = row.a.filter((alias) => !taken.has(alias));
    for (const alias of row.a) taken.add(alias);
  }

  const handed = extra.filter((one) => one.provider === provider).map((one) => one.id);
  listed.sort((a, b) => {
    const [x, y] = [handed.indexOf(a.id), handed.indexOf(b.id)];
    return x >= 0 || y >= 0 ? (x < 0 ? Infinity : x) - (y < 0 ? Infinity : y) : a.id < b.id ? -1 : 1;
  });
  if (listed.length === 0) continue;
  lines.push(`  ${JSON.stringify(provider)}: [\n${listed.map((row) => `    ${written(row)}`).join(",\n")}\n  ]`);
  count += listed.length;
}

const sources = Object.entries(versions).map(([name, version]) => `    ${JSON.stringify(name)}: ${JSON.stringify(version)}`);
const text = `{\n  "format": 1,\n  "sources": {\n${sources.join(",\n")}\n  },\n  "models": {\n${lines.map((line) => line.replace(/^/gm, "  ")).join(",\n").replace(/^ {6}/gm, "      ")}\n  }\n}\n`;
writeFileSync(new URL("../models.json", import.meta.url), text);
console.log(`${count} models of ${lines.length} providers, ${text.length} bytes.`);
