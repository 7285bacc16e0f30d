// The browser's storages. Where it keeps nothing for a page, as with all cookies blocked, asking for one is refused already.

/** "localStorage" or "sessionStorage"; null where it is forbidden, or not there. */
export function storage(name) {
  try {
    return globalThis[name] ?? null;
  } catch {
    return null;
  }
}

/** What was kept under a name; null when nothing was, or nothing is kept. */
export function readFrom(place, name) {
  try {
    return place.getItem(name);
  } catch {
    return null;
  }
}

/** Keep a text, if there is room; null takes away what is kept. */
export function writeTo(place, name, text) {
  try {
    if (text === null) place.removeItem(name);
    else place.setItem(name, text);
  } catch {
    // Full, or forbidden.
  }
}
