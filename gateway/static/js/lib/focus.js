// The focus of who works with the keyboard: what had it may go, the focus does not.

const FOCUSABLE = ["a[href]", "button", "input", "select", "textarea", "summary", "audio[controls]", "[tabindex='0']"].join();
/** When something is gone or disabled others have a moment to take the focus where they want it (milliseconds). */
const MOMENT_MS = 30;

let isKeyboard = false;
/** What had the focus last and what it stood in, from the inside out; what came behind it when it went; and where that was. */
let path = [];
let behind = null;
let place = "";
let isDue = false;

/** Whether somebody works with the keyboard right now. */
export const isByKeyboard = () => isKeyboard;

const isVisible = (one) => one.checkVisibility?.({ checkVisibilityCSS: true, visibilityProperty: true }) ?? true;

/** What can have the focus in a part of the page, in the order of the page. */
export const focusableIn = (part) => [...part.querySelectorAll(FOCUSABLE)].filter((one) => !one.disabled && isVisible(one));

const isLost = (one) => !one.isConnected || one.disabled;
const pathOf = (one) => (one && one !== document.body ? [one, ...pathOf(one.parentElement)] : []);
const follows = (one, node) => node === one || node.contains(one) || Boolean(node.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
const beginning = () => document.querySelector("main")?.querySelector("h1[tabindex]") ?? focusableIn(document.querySelector("main") ?? document.body)[0];

/** Where the focus goes: to what came next, else to what is left nearest before it; on another page to its beginning. */
function nextPlace() {
  if (place !== location.pathname) return beginning();
  let start = path[0].isConnected ? path[0] : behind;
  for (const part of path.slice(1).filter((one) => one.isConnected)) {
    if (part.querySelector("main")) break;
    const all = focusableIn(part);
    if (all.length) return (start?.isConnected && all.find((one) => follows(one, start))) || all.at(-1);
    start = start?.isConnected ? start : part;
  }
  return beginning();
}

function restore() {
  isDue = false;
  const [had] = path;
  const isElsewhere = document.activeElement !== document.body && (document.activeElement !== had || !isLost(had));
  if (!had || isElsewhere) return;
  // What was only moved has it again.
  const next = isLost(had) ? nextPlace() : had;
  path = [];
  next?.focus();
}

function look(changes) {
  if (!isKeyboard || !path.length) return;
  const gone = changes.find(({ removedNodes }) => [...removedNodes].some((node) => node.contains(path[0])));
  if (gone) behind = gone.nextSibling;
  if (isDue || !(gone || isLost(path[0]))) return;
  isDue = true;
  setTimeout(restore, MOMENT_MS);
}

function note({ target }) {
  path = target instanceof Element ? pathOf(target) : [];
  behind = null;
  place = location.pathname;
}

/** Keep it from now on. */
export function keepFocus() {
  addEventListener("keydown", () => { isKeyboard = true; }, true);
  addEventListener("pointerdown", () => { isKeyboard = false; }, true);
  addEventListener("focusin", note, true);
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
}
