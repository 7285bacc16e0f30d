// Small choices that outlive the page, in this browser; where nothing is kept they last as long as the page.

/** What was chosen; null when nothing was, or nothing is kept. */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keep a choice, if there is room. */
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Full, or forbidden.
  }
}
