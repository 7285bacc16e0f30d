// Finds what people would read in the source of a page's module: words between tags, in attributes that
// are read, and in literals that look like sentences. It knows as much of JavaScript as our modules have.

/** Attributes of elements and components whose values people read. */
const READ = new Set(["label", "title", "hint", "placeholder", "aria-label", "alt", "busy", "empty", "detail", "summary", "data-label", "text", "action", "what"]);
const LETTERS = /\p{L}{2,}/u;
/** A literal that is a sentence or a label: two words, or one that begins with a capital letter. */
const LOOKS_READ = /\p{L}[,.:]? \p{L}|…|“|^\p{Lu}\p{Ll}+\.?$/u;
const BEFORE_REGEX = /(?:[(,=:[!&|?{};+\n]|=>|\breturn)\s*$/;

/** {strings, texts}: literals, and what is read of html templates; each with its `at`, an index. */
export function literalsOf(source) {
  const found = { strings: [], texts: [] };
  code(source, 0, "", found);
  return found;
}

/** What of them people would read, as texts. */
export function readIn(source) {
  const { strings, texts } = literalsOf(source);
  return [...texts, ...strings.filter(({ text }) => LOOKS_READ.test(text))].map(({ text }) => text.trim());
}

/** Read code from `at` until `end`, "}" or the end of the source; returns the index behind it. */
function code(source, at, end, found) {
  let depth = 0;
  for (let i = at; i < source.length; i += 1) {
    const c = source[i];
    const two = source.slice(i, i + 2);
    if (two === "//") i = lineEnd(source, i) - 1;
    else if (two === "/*") i = source.indexOf("*/", i) + 1;
    else if (c === "/" && BEFORE_REGEX.test(source.slice(Math.max(0, i - 12), i))) i = regexEnd(source, i);
    else if (c === '"' || c === "'") i = quoted(source, i, found);
    else if (c === "`") i = template(source, i, found);
    else if (c === "{") depth += 1;
    else if (c === "}" && depth-- === 0 && end) return i + 1;
  }
  return source.length;
}

function lineEnd(source, i) {
  const end = source.indexOf("\n", i);
  return end < 0 ? source.length : end;
}

function regexEnd(source, at) {
  let isClass = false;
  for (let i = at + 1; i < source.length; i += 1) {
    if (source[i] === "\\") i += 1;
    else if (source[i] === "[") isClass = true;
    else if (source[i] === "]") isClass = false;
    else if (source[i] === "/" && !isClass) return i;
  }
  return source.length;
}

function quoted(source, at, found) {
  let i = at + 1;
  while (source[i] !== source[at]) i += source[i] === "\\" ? 2 : 1;
  const line = source.slice(source.lastIndexOf("\n", at) + 1, at);
  if (!/^(?:import|export)\b.*from |^import /.test(line) && source[i + 1] !== ":" && !/\bt\($/.test(line)) found.strings.push({ at, text: source.slice(at + 1, i) });
  return i;
}

/** A template literal: of html its texts and attributes are found, of others what is written in them. */
function template(source, at, found) {
  const isHtml = source.slice(at - 4, at) === "html";
  let written = "";
  let i = at + 1;
  for (; source[i] !== "`"; i += 1) {
    if (source[i] === "\\") i += 1;
    else if (source.slice(i, i + 2) === "${") {
      i = code(source, i + 2, "}", found) - 1;
      written += "\u0001";
      continue;
    }
    written += source[i];
  }
  if (isHtml) found.texts.push(...readOfHtml(written, at));
  else found.strings.push({ at, text: written.replaceAll("\u0001", "") });
  return i;
}

function readOfHtml(written, at) {
  const isTag = /<[^>]*>/g;
  const texts = written.replace(isTag, "\n").split("\n").filter((text) => LETTERS.test(text));
  const attributes = (written.match(isTag) ?? []).flatMap((tag) => [...tag.matchAll(/([\w-]+)="([^"]*)"/g)]);
  const isRead = (name, value) => READ.has(name) || (name === "name" && LOOKS_READ.test(value.replaceAll("\u0001", "…")));
  const read = attributes.filter(([, name, value]) => isRead(name, value) && LETTERS.test(value)).map(([, , value]) => value);
  return [...texts, ...read].map((text) => ({ at, text: text.replaceAll("\u0001", "…") }));
}
