// Shows Markdown as it grows: drawn again at most once a frame, blocks that did not change stay.

import { html, useEffect, useLayoutEffect, useRef } from "../lib/html.js";
import { copy } from "../lib/clipboard.js";
import { useSeen } from "../lib/seen.js";
import { showUnseen } from "../ui/code.js";
import { toastError } from "../ui/toast.js";
import { t } from "../texts/chat.js";

const BLOCKS = "p:not([dir]), li:not([dir]), blockquote:not([dir]), :is(h1, h2, h3, h4, h5, h6, td, th):not([dir])";
let library = null;
/** What could not be fetched, as while the server restarts, is fetched again with the next text. */
const load = () => (library ??= import("../lib/markdown.js").catch(() => { library = null; }));

/**
 * `live` while the text still grows: code is coloured and mathematics set when it has ended. What is far from what
 * is shown stands there as it was written: so a conversation of thousands of messages is there at once.
 */
export function MarkdownView({ text, live }) {
  const ref = useRef(null);
  const drawing = useRef({ frame: 0, wanted: null, busy: false });
  const isWanted = useSeen(ref) || live;
  useLayoutEffect(() => {
    if (!isWanted) asWritten(ref.current, text);
  }, [text, isWanted]);
  useEffect(() => {
    if (!isWanted) return undefined;
    const state = drawing.current;
    state.wanted = { text, live };
    cancelAnimationFrame(state.frame);
    state.frame = requestAnimationFrame(() => drawLatest(ref, state));
    return () => cancelAnimationFrame(state.frame);
  }, [text, live, isWanted]);
  return html`<div class="markdown" ref=${ref} aria-busy=${live}></div>`;
}

function asWritten(root, text) {
  const block = document.createElement("div");
  block.className = "plain unread";
  block.textContent = text;
  root.replaceChildren(block);
}

/** Draw what is wanted; what has come meanwhile is drawn next, and what was in between is not. */
async function drawLatest(ref, state) {
  if (state.busy) return;
  state.busy = true;
  try {
    while (state.wanted && ref.current) {
      const { text, live } = state.wanted;
      state.wanted = null;
      await draw(ref.current, text, live, () => state.wanted === null);
    }
  } finally {
    state.busy = false;
  }
}

async function draw(root, text, live, isLatest) {
  const tools = await load();
  if (!tools) return asWritten(root, text);
  const { toFragment, setMath, colour } = tools;
  replaceChanged(root, await toFragment(text));
  for (const block of root.querySelectorAll("pre:not(.framed)")) frameCode(block);
  for (const table of root.querySelectorAll("table")) frameTable(table);
  // Hebrew and Arabic begin at the right, paragraph by paragraph.
  for (const block of root.querySelectorAll(BLOCKS)) block.dir = "auto";
  if (live || !isLatest()) return undefined;
  await setMath(root);
  for (const code of root.querySelectorAll("pre.framed > code:not(.hljs)")) {
    await colour(code, languageOf(code));
    showUnseen(code);
  }
  return undefined;
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
  button.textContent = t("markdownView.copy");
  const run = async () => {
    await copy(code.textContent);
    button.textContent = t("markdownView.copied");
    setTimeout(() => (button.textContent = t("markdownView.copy")), 1500);
  };
  button.addEventListener("click", () => run().catch(toastError));
  bar.append(name, button);
  block.prepend(bar);
  // What scrolls must be reachable by keyboard.
  code.tabIndex = 0;
  showUnseen(code);
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
