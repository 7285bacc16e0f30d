// Dialogs: the browser's own, so that focus, Escape and the backdrop work as people know them.
//
// A form somebody has written in is not closed without a question, a secret that is shown once not by
// chance; and neither is the page under them. Back does what Escape does.

import { html, render, useEffect, useRef } from "../lib/html.js";
import { isComposing } from "../lib/keys.js";
import { holdPlace } from "../lib/router.js";
import { useStay } from "../lib/stay.js";
import { IconButton } from "./button.js";
import { homeToasts } from "./toast.js";
import { t } from "../texts/common.js";

let lastOpener = null;

/**
 * A modal dialog, shown while it is drawn. `onClose` is told when somebody closes it.
 * `form`, as `useForm` has it: what was written in it is asked for first. `isLocked`: only its own buttons close it.
 */
export function Dialog({ title, onClose, children, footer, wide = false, form = null, isLocked = false }) {
  const ref = useRef(null);
  const isAsking = useRef(false);
  const latest = useRef(null);
  useStay(isLocked || form?.isChanged);
  useEffect(() => {
    const dialog = ref.current;
    // One that follows another one at once gives the focus back to where the first was opened.
    if (document.activeElement !== document.body) lastOpener = document.activeElement;
    const opener = lastOpener;
    dialog.showModal();
    const letGo = holdPlace(() => latest.current());
    return () => {
      letGo();
      homeToasts(document.body);
      // It is taken away, not closed, so nobody else gives the focus back to where it came from.
      setTimeout(() => opener?.focus());
    };
  }, []);
  const close = async () => {
    if (isLocked || isAsking.current) return;
    if (form?.isChanged) {
      isAsking.current = true;
      const isSure = await confirm({ title: t("dialog.discardWhatYouWrote"), text: t("dialog.itIsNotSaved"), action: t("dialog.discard"), cancel: t("dialog.keepWriting") });
      isAsking.current = false;
      if (!isSure) return;
      form.discard();
    }
    onClose();
  };
  latest.current = close;
  const onCancel = (event) => {
    if (event.target !== ref.current) return;
    event.preventDefault();
    close();
  };
  // Pressed twice, Escape would close it whatever is said to the event that follows.
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || isComposing(event)) return;
    event.preventDefault();
    close();
  };
  return html`<dialog ref=${ref} class="dialog ${wide ? "wide" : ""}" aria-label=${title} onCancel=${onCancel} onKeyDown=${onKeyDown}
      onMouseDown=${(event) => event.target === ref.current && close()}>
    <header><h2>${title}</h2>${!isLocked && html`<${IconButton} icon="close" label=${t("dialog.close")} onClick=${close} />`}</header>
    <div class="content">${children}</div>
    ${footer && html`<footer>${footer}</footer>`}
  </dialog>`;
}

/** Gives a dialog up, as Escape does. */
export const DialogCancel = () => html`<button type="button" class="button"
    onClick=${(event) => event.currentTarget.closest("dialog").dispatchEvent(new Event("cancel", { cancelable: true }))}>${t("dialog.cancel")}</button>`;

/** Show a dialog of its own, which stays whatever becomes of the page: `draw(close)` draws it. Returns what it is closed with. */
export function apart(draw) {
  return new Promise((resolve) => {
    const host = document.createElement("div");
    document.body.append(host);
    const close = (answer) => {
      render(null, host);
      host.remove();
      resolve(answer);
    };
    render(draw(close), host);
  });
}

/** Ask before something that cannot be undone; true when the answer is yes. */
export function confirm({ title, text, action, cancel = t("dialog.cancel"), danger = true }) {
  return apart((close) => {
    const footer = html`
      <button type="button" class="button" onClick=${() => close(false)}>${cancel}</button>
      <button type="button" class="button ${danger ? "danger" : "primary"}" onClick=${() => close(true)}>${action}</button>`;
    return html`<${Dialog} title=${title} onClose=${() => close(false)} footer=${footer}><p>${text}</p></${Dialog}>`;
  });
}
