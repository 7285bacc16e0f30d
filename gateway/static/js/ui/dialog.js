// Dialogs: the browser's own, so that focus, Escape and the backdrop work as people know them.

import { html, render, useEffect, useRef } from "../lib/html.js";
import { IconButton } from "./button.js";

/** A modal dialog, shown while it is drawn. `onClose` is told when somebody closes it. */
export function Dialog({ title, onClose, children, footer, wide = false }) {
  const ref = useRef(null);
  useEffect(() => {
    ref.current.showModal();
  }, []);
  const onBackdrop = (event) => {
    if (event.target === ref.current) onClose();
  };
  return html`<dialog ref=${ref} class="dialog ${wide ? "wide" : ""}" aria-label=${title}
      onCancel=${(event) => { event.preventDefault(); onClose(); }} onMouseDown=${onBackdrop}>
    <header><h2>${title}</h2><${IconButton} icon="close" label="Close" onClick=${onClose} /></header>
    <div class="content">${children}</div>
    ${footer && html`<footer>${footer}</footer>`}
  </dialog>`;
}

/** Ask before something that cannot be undone; true when the answer is yes. */
export function confirm({ title, text, action, danger = true }) {
  return new Promise((resolve) => {
    const host = document.createElement("div");
    document.body.append(host);
    const close = (answer) => {
      render(null, host);
      host.remove();
      resolve(answer);
    };
    const footer = html`
      <button type="button" class="button" onClick=${() => close(false)}>Cancel</button>
      <button type="button" class="button ${danger ? "danger" : "primary"}" onClick=${() => close(true)}>${action}</button>`;
    render(html`<${Dialog} title=${title} onClose=${() => close(false)} footer=${footer}><p>${text}</p></${Dialog}>`, host);
  });
}
