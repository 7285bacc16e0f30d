// Markdown and code to HTML that nobody has cleaned yet. Pure: it runs in a worker and in tests.

import { marked } from "../../vendor/marked.js";

/** Longest formula (characters): what would close a longer one is not looked for. */
const MOST_MATH = 4000;

/** Mathematics as LaTeX writes it: $…$, $$…$$, \(…\), \[…\]. Kept as text until it is set. */
const math = { extensions: [rule("math", "block", blockMath, nextBlock), rule("inlineMath", "inline", inlineMath, nextInline)] };

/** How many lines of a paragraph are looked at for one that begins a formula. */
const MOST_LINES = 200;

const CLOSING = { "$$": "$$", "\\[": "\\]", "\\(": "\\)" };

/** What begins like a formula and is none, so often at most: then no more are looked for in a text. */
const MOST_MISSES = 300;
let misses = 0;

/** The formula between two-letter delimiters at the start of the source; each letter is read once. */
function delimited(source) {
  const close = CLOSING[source.slice(0, 2)];
  if (!close || misses > MOST_MISSES) return null;
  const end = source.slice(0, MOST_MATH).indexOf(close, 3);
  if (end < 0) misses += 1;
  return end < 0 ? null : { raw: source.slice(0, end + 2), text: source.slice(2, end), open: source.slice(0, 2) };
}

function blockMath(source) {
  const found = delimited(source);
  if (!found || found.open === "\\(" || !/^(?:\n|$)/.test(source.slice(found.raw.length, found.raw.length + 1))) return null;
  return { raw: found.raw + source.slice(found.raw.length, found.raw.length + 1), text: found.text, display: true };
}

/** Where a formula with lines of its own may end the paragraph that the source begins with. */
function nextBlock(source) {
  const end = source.indexOf("\n\n");
  let at = source.indexOf("\n");
  for (let line = 0; at >= 0 && line < MOST_LINES && (end < 0 || at < end); line += 1) {
    if (/^\n(?:\$\$|\\\[)/.test(source.slice(at, at + 3)) && blockMath(source.slice(at + 1, at + 2 + MOST_MATH))) return at + 1;
    at = source.indexOf("\n", at + 1);
  }
  return undefined;
}

function nextInline(source) {
  const at = source.search(/\$|\\\(|\\\[/);
  return at < 0 ? undefined : at;
}

function inlineMath(source) {
  const found = delimited(source);
  if (found) {
    const display = found.open !== "\\(";
    return !display && found.text.includes("\n") ? null : { ...found, display };
  }
  // A dollar that is money has a blank behind it, or a digit behind the second one.
  const match = /^\$(?!\s)([^\n$]{0,999}[^\s\\$])\$(?!\d)/.exec(source.slice(0, 1100));
  return match && { raw: match[0], text: match[1], display: false };
}

function rule(name, level, find, start) {
  return {
    name,
    level,
    start,
    tokenizer(source) {
      const found = find(source);
      return found ? { type: name, raw: found.raw, text: found.text.trim(), display: found.display } : undefined;
    },
    renderer: (token) => `<${token.display ? "div" : "span"} title="${token.display ? "math-block" : "math"}">${escaped(token.text)}</${token.display ? "div" : "span"}>`,
  };
}

const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Tags that people write in Markdown for want of a better way; all other HTML is shown as text. */
const HARMLESS = /^<\/?(?:br|sub|sup|kbd|mark|u|b|i|em|strong|details(?: open)?|summary)\s*\/?>$/i;
/** Letters of Chinese, Japanese and Korean, and their full-width signs. */
const CJK = /[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/;
const EMPHASIS = /^(\*\*|\*)(?![\s*])((?:[^*\n\\`]|\\.){0,999}[^*\s\\`])\1(?!\*)/;
/** What is struck through stands between two tildes: one is "about", as in ~5 and ~10. */
const tokenizer = {
  del(source) {
    return source.startsWith("~~") ? false : undefined;
  },
  // CommonMark wants blanks around some emphasis, and these languages have none: それは**「本」**です.
  emStrong(source, _masked, before = "") {
    const found = EMPHASIS.exec(source.slice(0, 1100));
    if (!found) return false;
    const [raw, mark, text] = found;
    if (!CJK.test(before + text[0] + text.at(-1) + (source[raw.length] ?? ""))) return false;
    return { type: mark.length === 2 ? "strong" : "em", raw, text, tokens: this.lexer.inlineTokens(text) };
  },
};
const renderer = {
  // A box that nobody can tick, as a sign: no form is let through.
  checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  html: ({ text }) => (text.match(/<[^>]*>?/g) ?? []).every((tag) => HARMLESS.test(tag)) ? text : escaped(text),
};

marked.use({ gfm: true, breaks: true, renderer, tokenizer }, math);

/** Return the HTML of the Markdown. Throws for what is nested too deep. */
export function toHtml(markdown) {
  misses = 0;
  return marked.parse(markdown);
}
