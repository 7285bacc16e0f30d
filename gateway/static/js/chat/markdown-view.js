// Shows Markdown as it grows: drawn again at most once a frame, blocks that did not change stay.

import { html, useEffect, useRef } from "../lib/html.js";
import { copy } from "../lib/clipboard.js";

let library = null;
const load = () => (library ??= import("../lib/markdown.js"));

/** `live` while the text still grows: code is coloured and mathematics set when it has ended. */
export function MarkdownView({ text, live }) {
  const ref = useRef(null);
  const frame = useRef(0);
  useEffect(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => draw(ref.current, text, live));
    return () => cancelAnimationFrame(frame.current);
  }, [text, live]);
  return html`<div class="markdown" ref=${ref} aria-busy=${live}></div>`;
}

async function draw(root, text, live) {
  const { toFragment, setMath, colour } = await load();
  if (!root) return;
  const fragment = toFragment(text);
  replaceChanged(root, fragment);
  for (const block of root.querySelectorAll("pre:not(.framed)")) frameCode(block);
  for (const table of root.querySelectorAll("table")) frameTable(table);
  if (live) return;
  await setMath(root);
  for (const code of root.querySelectorAll("pre.framed > code:not(.hljs)")) {
    await colour(code, languageOf(code));
  }
}

/** Put the new blocks in, but leave those that are the same: selections and scrolling survive. */
function replaceChanged(root, fragment) {
  const fresh = [...fragment.childNodes];
  const old = [...root.childNodes];
  let same = 0;
  while (same < old.length && same < fresh.length && old[same].source === sourceOf(fresh[same])) same += 1;
  for (const node of old.slice(same)) node.remove();
  for (const node of fresh.slice(same)) {
    node.source = sourceOf(node);
    root.append(node);
  }
}

const sourceOf = (node) => node.outerHTML ?? node.textContent;

function frameCode(block) {
  block.classList.add("framed");
  const code = block.querySelector("code");
  if (!code) return;
  const bar = document.createElement("div");
  bar.className = "code-bar";
  const name = document.createElement("span");
  name.textContent = languageOf(code) || "text";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet small";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await copy(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  bar.append(name, button);
  block.prepend(bar);
  // What scrolls must be reachable by keyboard.
  code.tabIndex = 0;
}

function frameTable(table) {
  if (table.parentElement.classList.contains("table-scroll")) return;
  const frame = document.createElement("div");
  frame.className = "table-scroll";
  frame.tabIndex = 0;
  table.replaceWith(frame);
  frame.append(table);
  frame.source = table.source;
}

const languageOf = (code) => /language-([\w+#.-]+)/.exec(code.className)?.[1] ?? "";
