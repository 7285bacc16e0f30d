// What somebody types to find jobs, as filters of the API: "429 gpt-4o last 1 h". Pure.

import { serverNow } from "../lib/clock.js";
import { asMoments } from "../lib/days.js";
import { own } from "../lib/own.js";
import { ownerOf } from "./key-names.js";

export const STATES = ["Queued", "Started", "Executed", "Completed", "Failed", "Cancelled"];
const FIELDS = {
  state: "state", model: "model", provider: "provider", key: "owner", owner: "owner", tag: "tag", ref: "refId", refid: "refId",
  error: "error", status: "statusCode", from: "from", to: "to", last: "last",
};
const UNITS = { m: 60, min: 60, minute: 60, h: 3600, hour: 3600, d: 86_400, day: 86_400, w: 604_800, week: 604_800 };
const SPAN = /^(\d{1,4})?\s*(minutes?|min|m|hours?|h|days?|d|weeks?|w)$/i;

/** Seconds of "1 h", "30min", "day"; null for what is no time. */
export function spanOf(text) {
  const found = SPAN.exec(text.trim());
  if (!found) return null;
  const unit = found[2].toLowerCase();
  return Number(found[1] ?? 1) * (UNITS[unit] ?? UNITS[unit.replace(/s$/, "")]);
}

/** "last 1 h" as one word, as "last:1h" is; words between quotes as one. */
function wordsOf(text) {
  const joined = text.replace(/\blast\s+(\d{1,4})?\s*(minutes?|min|m|hours?|h|days?|d|weeks?|w)\b/gi, (_, count, unit) => `last:${count ?? 1}${unit}`);
  return [...joined.matchAll(/([a-z]+:)?"([^"]*)"|(\S+)/gi)].map(([, name, quoted, plain]) => plain ?? (name ?? "") + quoted);
}

const sameAs = (word) => (other) => other.toLowerCase() === word.toLowerCase();
const begins = (word) => (other) => other.toLowerCase().startsWith(word.toLowerCase());

/** {name: value} of one word, by what is known of the names there are. */
function filterOf(word, { models = [], providers = [], names = new Map() }) {
  const [, field, value] = /^([a-z]+):(.+)$/i.exec(word) ?? [];
  const name = own(FIELDS, field?.toLowerCase());
  if (name) return { [name]: valueIn(name, value, names) };
  const state = STATES.find(sameAs(word));
  if (state) return { state };
  if (/^[1-5]\d\d$/.test(word)) return { statusCode: word };
  const plain = word.replace(/\*$/, "");
  const model = models.find(sameAs(word));
  if (model) return { model };
  const provider = providers.find(sameAs(word));
  if (provider) return { provider };
  const owner = ownerOf(word, names);
  if (owner) return { owner };
  if (plain && models.some(begins(plain))) return { model: `${models.find(begins(plain)).slice(0, plain.length)}*` };
  return word.endsWith("*") ? { model: word } : { error: word };
}

function valueIn(name, value, names) {
  if (name === "owner") return ownerOf(value, names) ?? value;
  if (name === "state") return STATES.find(sameAs(value)) ?? value;
  return value;
}

/** The filters of a text. What is no name that is known is looked for in errors. */
export function parsed(text, known = {}) {
  const filters = {};
  for (const word of wordsOf(text)) {
    const found = filterOf(word, known);
    if (found.error && filters.error) filters.error += ` ${found.error}`;
    else Object.assign(filters, found);
  }
  return filters;
}

/** What the API is asked, of an address's query: times that are counted back from now are moments. */
export function asked(query, known = {}, now = serverNow()) {
  const { q = "", skip: _skip, last: chosen, ...fields } = query;
  const { last = chosen, ...filters } = { ...fields, ...parsed(q, known) };
  const span = last ? spanOf(last) : null;
  if (span) filters.from = new Date(now - span * 1000).toISOString();
  return asMoments(filters);
}

/** Whole texts to offer while somebody types: the last word, ended. */
export function offers(text, { models = [], providers = [], names = new Map() }, most = 12) {
  const [, before, word] = /^(.*?)(\S*)$/s.exec(text);
  const keys = [...names.values()].flat().map((name) => (/\s/.test(name) ? `key:"${name}"` : name));
  const all = [...STATES, ...models, ...providers, ...keys, "last 1 h", "last 24 h", "last 7 d", "429", "500", "tag:", "ref:"];
  return [...new Set(all.filter((one) => begins(word)(one) && !sameAs(word)(one)))].slice(0, most).map((one) => before + one);
}
