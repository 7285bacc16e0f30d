// A conversation as a file or on paper.

import { html } from "../lib/html.js";
import { handOutText } from "../lib/csv.js";
import { seeAll } from "../lib/seen.js";
import { Dialog } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { asMarkdown, fileName } from "./export.js";
import { t } from "../texts/chat.js";

/** Longest wait for all messages to be drawn before they are printed (milliseconds). */
const DRAWN_WITHIN_MS = 10_000;

export function ExportDialog({ one, onClose }) {
  const name = fileName(one.title);
  const after = (work) => () => {
    onClose();
    work();
  };
  const markdown = () => handOutText(asMarkdown(one.document, one.title), `${name}.md`, "text/markdown");
  const json = () => handOutText(JSON.stringify({ id: one.id, title: one.title, model: one.model, content: one.document }, null, 2), `${name}.json`, "application/json");
  return html`<${Dialog} title=${t("words.exportThisConversation")} onClose=${onClose}><div class="stack">
    <button type="button" class="button" onClick=${after(markdown)}><${Icon} name="download" /> ${t("exportDialog.asMarkdownWhatIs")}</button>
    <button type="button" class="button" onClick=${after(json)}><${Icon} name="download" /> ${t("exportDialog.asJsonEverythingAll")}</button>
    <button type="button" class="button" onClick=${after(printAll)}><${Icon} name="print" /> ${t("exportDialog.print")}</button>
  </div></${Dialog}>`;
}

/** Print when all messages are drawn, also those nobody has scrolled to. */
async function printAll() {
  dispatchEvent(new Event("show-all"));
  await new Promise((done) => setTimeout(done, 100));
  seeAll();
  const until = performance.now() + DRAWN_WITHIN_MS;
  do await new Promise((done) => setTimeout(done, 50));
  while (document.querySelector(".unread") && performance.now() < until);
  print();
}
