// Short messages at the foot of the page; read out as they come.

import { html, render, useEffect, useState } from "../lib/html.js";

const SHOWN_MS = 5000;
let add = null;

/** Say something in passing. */
export function toast(text) {
  if (!add) {
    const host = document.createElement("div");
    document.body.append(host);
    render(html`<${Toasts} />`, host);
  }
  // The host draws before it can be told.
  setTimeout(() => add?.(text));
}

/** Say why something failed. */
export const toastError = (error) => toast(error.message);

function Toasts() {
  const [shown, setShown] = useState([]);
  useEffect(() => {
    add = (text) => {
      const one = { text };
      setShown((all) => [...all, one]);
      setTimeout(() => setShown((all) => all.filter((other) => other !== one)), SHOWN_MS);
    };
  }, []);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${shown.map((one) => html`<div class="toast">${one.text}</div>`)}
  </div>`;
}
