// A list at the side that slides in on narrow screens: the focus goes into it and comes back, Escape and Back close it.

import { useEffect, useState } from "./html.js";
import { focusableIn } from "./focus.js";
import { isComposing } from "./keys.js";
import { holdPlace } from "./router.js";

/** Of what is open beside it the drawer thinks nothing. */
const APART = "dialog, .toasts";
/** How many frames it may take to be there. */
const FRAMES = 20;

/** [isOpen, setOpen] of the drawer that this selector finds. Whoever goes elsewhere with the focus closes it. */
export function useDrawer(selector) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (!isOpen) return undefined;
    const side = document.querySelector(selector);
    const opener = document.activeElement;
    let frames = FRAMES;
    const enter = () => {
      (side.querySelector("[aria-current]") ?? focusableIn(side)[0])?.focus();
      if (!side.contains(document.activeElement) && frames-- > 0) requestAnimationFrame(enter);
    };
    // A search is emptied by it first.
    const onKeyDown = (event) => event.key === "Escape" && !isComposing(event) && !event.defaultPrevented && !event.target.value && setOpen(false);
    const onFocus = ({ target }) => side.contains(target) || target.closest?.(APART) || setOpen(false);
    enter();
    const letGo = holdPlace(() => setOpen(false));
    addEventListener("keydown", onKeyDown);
    addEventListener("focusin", onFocus);
    return () => {
      frames = 0;
      letGo();
      removeEventListener("keydown", onKeyDown);
      removeEventListener("focusin", onFocus);
      // What is out of sight cannot keep it.
      if (side.contains(document.activeElement) || document.activeElement === document.body) opener?.focus();
    };
  }, [isOpen]);
  return [isOpen, setOpen];
}
