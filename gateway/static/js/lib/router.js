// Addresses of places within a page: links change what is shown without loading it anew.

import { useEffect, useState } from "./html.js";

/** Go to an address of this page. */
export function navigate(path, { replace = false } = {}) {
  if (path !== location.pathname + location.search) {
    history[replace ? "replaceState" : "pushState"](null, "", path);
  }
  dispatchEvent(new Event("navigate"));
}

/** The address now: {path, query}; the component is drawn again when it changes. */
export function useLocation() {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = () => setPlace(here());
    addEventListener("navigate", update);
    addEventListener("popstate", update);
    return () => {
      removeEventListener("navigate", update);
      removeEventListener("popstate", update);
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
