// A labelled field with its hint and its problem, wired up for those who hear it.

import { html } from "../lib/html.js";

/** `children` is a function that takes the attributes its control must have. */
export function Field({ id, label, hint, problem, children }) {
  const told = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  const attributes = { id, "aria-describedby": told || undefined, "aria-invalid": problem ? "true" : undefined };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children(attributes)}
    ${hint && html`<span class="hint" id="${id}-hint">${hint}</span>`}
    ${problem && html`<span class="problem" id="${id}-problem" role="alert">${problem}</span>`}
  </div>`;
}
