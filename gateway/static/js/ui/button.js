// Buttons that say what they do, also those that show an icon only.

import { html, useState } from "../lib/html.js";
import { useBusy } from "../lib/busy.js";
import { copy } from "../lib/clipboard.js";
import { Icon } from "./icon.js";
import { toastError } from "./toast.js";
import { t } from "../texts/common.js";

/** A button that is an icon; `label` is its name for those who hear it, and its tooltip. `focusRef`: a ref to it. */
export function IconButton({ icon, label, small, class: extra = "", focusRef, ...rest }) {
  return html`<button ref=${focusRef} type="button" class="button quiet icon ${small ? "small" : ""} ${extra}" aria-label=${label} title=${label} ...${rest}>
    <${Icon} name=${icon} />
  </button>`;
}

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, label = t("button.copy"), small = true }) {
  const [copied, setCopied] = useState(false);
  const run = async () => {
    await copy(typeof text === "function" ? text() : text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return html`<${IconButton} icon=${copied ? "check" : "copy"} label=${copied ? t("button.copied") : label} small=${small} onClick=${() => run().catch(toastError)} />`;
}

/** A button whose work is done once, however often it is pressed; why it failed is said. */
export function ActionButton({ work, busy, class: extra = "", children, ...rest }) {
  const [isBusy, run] = useBusy();
  // Not disabled: it would lose the focus.
  return html`<button type="button" class="button ${extra}" aria-busy=${isBusy} ...${rest} onClick=${() => run(work).catch(toastError)}>${(isBusy && busy) || children}</button>`;
}
