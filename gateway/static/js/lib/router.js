// Addresses of places within a page: links change what is shown without loading it anew.

import { useEffect, useState } from "./html.js";

/** Which place of this page it is, counted as they were gone to: so it is known which way somebody goes. */
const placeNow = () => history.state?.at ?? 0;

/** What is in the way of going Back, the topmost last: functions that are called instead. */
const holds = [];
let heldAt = 0;

/** Go to an address of this page. */
export function navigate(path, { replace = false } = {}) {
  if (path !== location.pathname + location.search) {
    heldAt = placeNow() + (replace ? 0 : 1);
    history[replace ? "replaceState" : "pushState"]({ at: heldAt }, "", path);
  }
  dispatchEvent(new Event("navigate"));
}

/** Stay here: whoever goes Back or forward stays, and `onLeave()` is called instead. Returns what lets them go. */
export function holdPlace(onLeave) {
  if (!holds.length) {
    heldAt = placeNow();
    addEventListener("popstate", stay);
  }
  holds.push(onLeave);
  return () => {
    holds.splice(holds.indexOf(onLeave), 1);
    if (!holds.length) removeEventListener("popstate", stay);
  };
}

function stay() {
  const by = heldAt - placeNow();
  // It is here again.
  if (!by) return;
  history.go(by);
  holds.at(-1)();
}

/** The address now: {path, query}; the component is drawn again when it changes. */
export function useLocation() {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = () => setPlace(here());
    // While the place is held it is another one for a moment only.
    const follow = () => holds.length || update();
    addEventListener("navigate", update);
    addEventListener("popstate", follow);
    return () => {
      removeEventListener("navigate", update);
      removeEventListener("popstate", follow);
    };
  }, []);
  return place;
}

function here() {
  return { path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)) };
}

/** Follow links below `prefix` without leaving the page. */
export function followLinks(prefix) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin) return;
    if (link.pathname !== prefix && !link.pathname.startsWith(`${prefix}/`)) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
