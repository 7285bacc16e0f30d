// Copies text, also where the page is not served securely.

import { t } from "../texts/common.js";

/** Copy a text. Throws an Error with words for people where the browser does not allow it. */
export async function copy(text) {
  try {
    if (navigator.clipboard) return await navigator.clipboard.writeText(text);
  } catch {
    // Some browsers refuse that and allow the old way.
  }
  return copySelected(text);
}

function copySelected(text) {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  Object.assign(area.style, { position: "fixed", top: "0", opacity: "0" });
  // Beside an open dialog nothing can be selected.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  before?.focus();
  if (!isCopied) throw new Error(t("clipboard.copyingIsRefused"));
}
