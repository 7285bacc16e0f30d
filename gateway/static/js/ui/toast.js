// Short messages at the foot of the page, above everything; read out as they come, some with a way back.

import { html, render, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { isByKeyboard } from "../lib/focus.js";
import { t } from "../texts/common.js";

const SHOWN_MS = 5000;
/** What can be taken back is shown for longer. */
const UNDO_MS = 12_000;
/** When somebody is at one that has a button, all of them stay; this is looked at again after a while. */
const HELD_MS = 1000;
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
  const removeAfter = (one, ms) => setTimeout(() => (host.querySelector(".toast:has(button):is(:hover, :focus-within)") ? removeAfter(one, HELD_MS) : remove(one)), ms);
  // Not after the paint: the first text comes at once.
  useLayoutEffect(() => {
    add = (one) => {
      setShown((all) => [...all, one]);
      removeAfter(one, one.undo ? UNDO_MS : SHOWN_MS);
    };
  }, []);
  const takeBack = (one) => {
    remove(one);
    Promise.resolve().then(one.undo).catch(toastError);
  };
  const onKeyDown = (event, one) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    remove(one);
  };
  return html`<div class="toasts" role="status" aria-live="polite">
    ${shown.map((one) => html`<div class="toast" onKeyDown=${(event) => onKeyDown(event, one)}><span>${one.text}</span>${one.undo && html`<${Undo} onUndo=${() => takeBack(one)} />`}</div>`)}
  </div>`;
}

const isWriting = (one) => Boolean(one?.matches("input, select, textarea"));

/** It is far from everything by the keyboard, so it comes to whoever works with that and does not write; and gives the focus back. */
function Undo({ onUndo }) {
  const ref = useRef(null);
  useLayoutEffect(() => {
    const [button, before] = [ref.current, document.activeElement];
    if (!isByKeyboard() || isWriting(before)) return undefined;
    button.focus();
    return () => { if (document.activeElement === button) before.focus(); };
  }, []);
  return html`<button ref=${ref} type="button" class="button small" onClick=${onUndo}>${t("toast.undo")}</button>`;
}
