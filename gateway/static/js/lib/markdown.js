// Markdown of models and people to elements that cannot do harm.
//
// marked makes HTML of it, in a worker; DOMPurify makes that harmless; code is coloured and mathematics
// set in the elements that come of it, in slices, by libraries that are fetched when first needed.

import DOMPurify from "../../vendor/purify.js";
import { inWorker } from "./in-worker.js";

const CLEAN = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "dialog", "template"],
  FORBID_ATTR: ["style", "id", "name", "class"],
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

/** Longest code that is coloured, and longest whose language is guessed (characters). */
const MOST_CODE = 100_000;
const MOST_GUESSED = 10_000;
/** Most formulas that are set in one text, and for how long without a pause (milliseconds). */
const MOST_FORMULAS = 2000;
const SLICE_MS = 12;

// Which language code is in, is all that an answer may say by a class.
DOMPurify.addHook("uponSanitizeAttribute", (_node, attribute) => {
  if (attribute.attrName === "class" && /^language-[\w+#.-]{1,40}$/.test(attribute.attrValue)) {
    attribute.forceKeepAttr = true;
  }
});

/** Return a DocumentFragment for the Markdown; of what takes too long to read, for its text. */
export async function toFragment(markdown) {
  const made = await inWorker("markdown", markdown);
  if (made === null) return asItIs(markdown);
  const fragment = DOMPurify.sanitize(made, CLEAN);
  for (const link of fragment.querySelectorAll("a")) openApart(link);
  for (const image of fragment.querySelectorAll("img")) showOrLink(image);
  return fragment;
}

function asItIs(text) {
  const fragment = document.createDocumentFragment();
  const block = document.createElement("div");
  block.className = "plain";
  block.textContent = text;
  fragment.append(block);
  return fragment;
}

/** Links lead elsewhere, beside this page; what leads to a place of ours, or to nowhere, is its text: no model knows our addresses. */
function openApart(link) {
  if (/^(?:https?|mailto|tel):/i.test(link.getAttribute("href") ?? "")) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
  else link.replaceWith(...link.childNodes);
}

/** An image from elsewhere is a link: loading it would tell its host what was talked about. */
function showOrLink(image) {
  const source = image.getAttribute("src") ?? "";
  if (/^data:image\/(png|jpeg|gif|webp);/i.test(source)) return;
  image.replaceWith(/^https?:\/\//i.test(source) ? linkTo(source, image.alt) : image.alt);
}

function linkTo(href, text) {
  const link = document.createElement("a");
  Object.assign(link, { href, target: "_blank", rel: "noopener noreferrer" });
  link.textContent = text || href;
  return link;
}

/** Set the mathematics below an element that `toFragment` made; others get their turn meanwhile. */
export async function setMath(root) {
  // Links and pictures may have such a title, too.
  const found = [...root.querySelectorAll('span[title="math"], div[title="math-block"]')].slice(0, MOST_FORMULAS);
  if (!found.length) return;
  const { default: temml } = await import("../../vendor/temml.js");
  let until = performance.now() + SLICE_MS;
  for (const element of found) {
    if (performance.now() > until) {
      await new Promise((resolve) => setTimeout(resolve));
      until = performance.now() + SLICE_MS;
    }
    const display = element.title === "math-block";
    element.removeAttribute("title");
    element.classList.add(display ? "math-block" : "math");
    setFormula(temml, element, display);
  }
}

/** Colours that somebody chose for a ground that may be another one can be read on ours. */
function soften(element) {
  const isRule = element.localName === "mspace";
  for (const [name, value] of [["color", element.style.color], [isRule ? "rule" : "ground", element.getAttribute("mathbackground")]]) {
    if (!value) continue;
    element.style.setProperty("--said", value);
    element.classList.add(`said-${name}`);
  }
  element.style.removeProperty("color");
  element.removeAttribute("mathbackground");
}

function setFormula(temml, element, displayMode) {
  const text = element.textContent;
  try {
    temml.render(text, element, { displayMode, throwOnError: true, trust: false, maxExpand: 200, maxSize: [20, 20] });
  } catch {
    // No formula, or too deep for the stack: it stays as it was written.
    element.textContent = text;
  }
  for (const one of element.querySelectorAll("[style], [mathbackground]")) soften(one);
  // What a formula calls itself (\label), and refers to, would be names of the page's own parts.
  for (const named of element.querySelectorAll("[id]")) named.removeAttribute("id");
  for (const link of element.querySelectorAll("a")) link.replaceWith(link.textContent || link.getAttribute("href").slice(1));
}

/** Colour code of a language; the language is guessed when it is not known. */
export async function colour(element, language) {
  const text = element.textContent;
  element.classList.add("hljs");
  if (text.length > (language ? MOST_CODE : MOST_GUESSED)) return;
  const made = await inWorker("code", text, language);
  if (made === null || element.textContent !== text) return;
  element.replaceChildren(DOMPurify.sanitize(made, { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], RETURN_DOM_FRAGMENT: true }));
}
