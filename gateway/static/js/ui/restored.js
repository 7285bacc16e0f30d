// Says that a form has words from before, and how to be rid of them.

import { html } from "../lib/html.js";
import { t } from "../texts/common.js";

/** `form` as `useForm` has it; `hasSecrets`: it has fields that are never kept. */
export function Restored({ form, hasSecrets = false }) {
  if (!form.isFound) return null;
  return html`<div class="notice small offer" role="status"><span class="grow">${hasSecrets ? t("form.hereAgainNoSecrets") : t("form.hereAgain")}</span>
    <button type="button" class="button small" onClick=${form.discard}>${t("form.startOver")}</button></div>`;
}
