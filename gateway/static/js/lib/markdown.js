// Markdown of models and people to elements that cannot do harm.
//
// marked makes HTML of it, DOMPurify makes that harmless; code is coloured and mathematics set in
// the elements that come of it, by libraries that are fetched when first needed.

import { marked } from "../../vendor/marked.js";
import DOMPurify from "../../vendor/purify.js";

const CLEAN = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "dialog", "template"],
  FORBID_ATTR: ["style", "id", "name", "class"],
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

// Which language code is in, is all that an answer may say by a class.
DOMPurify.addHook("uponSanitizeAttribute", (_node, attribute) => {
  if (attribute.attrName === "class" && /^language-[\w+#.-]{1,40}$/.test(attribute.attrValue)) {
    attribute.forceKeepAttr = true;
  }
});

/** Mathematics as LaTeX writes it: $…$, $$…$$, \(…\), \[…\]. Kept as text until it is set. */
const math = {
  extensions: [
    rule("math", "block", /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])(?:\n|$)/, /\$\$|\\\[/),
    rule("inlineMath", "inline", /^(?:\$\$([^\n]+?)\$\$|\$(?!\s)([^\n$]*?[^\s\\$])\$(?!\d)|\\\((.+?)\\\)|\\\[(.+?)\\\])/, /\$|\\\(|\\\[/),
  ],
};

function rule(name, level, pattern, start) {
  return {
    name,
    level,
    start: (source) => source.match(start)?.index,
    tokenizer(source) {
      const match = pattern.exec(source);
      if (!match) return undefined;
      const display = level === "block" || match[0].startsWith("$$") || match[0].startsWith("\\[");
      const text = match.slice(1).find((part) => part !== undefined).trim();
      return { type: name, raw: match[0], text, display };
    },
    renderer: (token) => `<${token.display ? "div" : "span"} title="${token.display ? "math-block" : "math"}">${escape(token.text)}</${token.display ? "div" : "span"}>`,
  };
}

const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Tags that people write in Markdown for want of a better way; all other HTML is shown as text. */
const HARMLESS = /^<\/?(?:br|sub|sup|kbd|mark|u|b|i|em|strong|details|summary)\s*\/?>$/i;
const renderer = {
  html: ({ text }) => text.trim().split(/(?<=>)(?=<)/).every((tag) => HARMLESS.test(tag)) ? text : escape(text),
};

marked.use({ gfm: true, breaks: true, renderer }, math);

/** Return a DocumentFragment for the Markdown. */
export function toFragment(markdown) {
  const fragment = DOMPurify.sanitize(marked.parse(markdown), CLEAN);
  for (const link of fragment.querySelectorAll("a[href]")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  for (const image of fragment.querySelectorAll("img")) showOrLink(image);
  return fragment;
}

/** An image from elsewhere is a link: loading it would tell its host what was talked about. */
function showOrLink(image) {
  if (/^data:image\/(png|jpeg|gif|webp);/i.test(image.src)) return;
  const link = document.createElement("a");
  Object.assign(link, { href: image.src, target: "_blank", rel: "noopener noreferrer" });
  link.textContent = image.alt || image.src;
  image.replaceWith(link);
}

/** Set the mathematics below an element that `toFragment` made. */
export async function setMath(root) {
  const found = [...root.querySelectorAll('[title="math"], [title="math-block"]')];
  if (!found.length) return;
  const { default: temml } = await import("../../vendor/temml.js");
  for (const element of found) {
    const display = element.title === "math-block";
    element.removeAttribute("title");
    element.classList.add(display ? "math-block" : "math");
    temml.render(element.textContent, element, { displayMode: display, throwOnError: false, trust: false });
  }
}

/** Colour code of a language; the language is guessed when it is not known. */
export async function colour(element, language) {
  const { default: hljs } = await import("../../vendor/highlight.js");
  const text = element.textContent;
  const known = language && hljs.getLanguage(language);
  const { value } = known ? hljs.highlight(text, { language }) : hljs.highlightAuto(text);
  element.replaceChildren(DOMPurify.sanitize(value, { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], RETURN_DOM_FRAGMENT: true }));
  element.classList.add("hljs");
}
