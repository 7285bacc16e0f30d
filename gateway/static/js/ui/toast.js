// Short messages at the foot of the page, above everything; read out as they come, some with a way back.

import { html, render, useLayoutEffect, useState } from "../lib/html.js";
import { t } from "../texts/common.js";

const SHOWN_MS = 5000;
/** What can be taken back is shown for longer. */
const UNDO_MS = 12_000;
let add = null;
let host = null;

/** Say something in passing. With `undo`, a function, there is a button that takes it back. */
export function toast(text, { undo } = {}) {
  if (!host) {
    host = document.createElement("div");
    document.body.append(host);
    render(html`<${Toasts} />`, host);
  }
  // Beside an open dialog nothing can be pressed: it is shown inside.
  homeToasts([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body);
  add({ text, undo });
}

/** Move what is shown into this element. */
export function homeToasts(element) {
  if (host && host.parentNode !== element) element.append(host);
}

/** Say why something failed. */
export const toastError = (error) => toast(error.message);

function Toasts() {
  const [shown, setShown] = useState([]);
  const remove = (one) => setShown((all) => all.filter((other) => other !== one));
  // Not after the paint: the first text comes at once.
  useLayoutEffect(() => {
    add = (one) => {
      setShown((all) => [...all, one]);
      setTimeout(() => remove(one), one.undo ? UNDO_MS : SHOWN_MS);
    };
  }, []);
  const takeBack = (one) => {
    remove(one);
    Promise.resolve().then(one.undo).catch(toastError);
  };
  return html`<div class="toasts" role="status" aria-live="polite">
    ${shown.map((one) => html`<div class="toast"><span>${one.text}</span>${one.undo && html`<button type="button" class="button small" onClick=${() => takeBack(one)}>${t("toast.undo")}</button>`}</div>`)}
  </div>`;
}
