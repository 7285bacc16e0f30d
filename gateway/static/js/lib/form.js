// What somebody has written into a form and not sent yet: kept in this tab through a reload, through Back and through the
// end of a session, each person's own, and there again when the form is opened. Secrets are not kept.

import { changesOf } from "./changes.js";
import { Drafts } from "./drafts.js";
import { useRef, useState } from "./html.js";
import { storage } from "./storage.js";

const PASSWORD_IN_URL = /^[a-z][a-z\d+.-]*:\/\/[^/\s]*@/i;

let writer = "";

/** Say whose forms these are. */
export function setWriter(owner) {
  writer = owner;
}

/** Whose forms these are. */
export const whose = () => writer;

/** Whether a URL has somebody's name or password in it. Pure. */
export const hasPassword = (url) => PASSWORD_IN_URL.test(url);

/** Files and the like cannot be kept. */
const kindOf = (value) => (Array.isArray(value) ? "list" : ["string", "number"].includes(typeof value) ? "text" : typeof value);
const KEPT = ["list", "text", "boolean"];

/** The draft of a form's changes, as a text; empty when there is nothing to keep. Pure. */
export function draftOf(changes, isSecret) {
  const kept = Object.entries(changes).filter(([name, value]) => KEPT.includes(kindOf(value)) && !isSecret(name, value));
  return kept.length ? JSON.stringify(Object.fromEntries(kept)) : "";
}

/** The changes of a draft, as far as the form has such fields: `before` is what it begins with. Pure. */
export function changesIn(draft, before) {
  let found = {};
  try {
    found = JSON.parse(draft || "{}");
  } catch {
    // Another version of these pages wrote it.
  }
  const isOf = ([name, value]) => Object.hasOwn(before, name) && KEPT.includes(kindOf(value)) && kindOf(value) === kindOf(before[name]);
  return changesOf(before, Object.fromEntries(Object.entries(found ?? {}).filter(isOf)));
}

/**
 * A form that begins with `before`, kept under `name`: {before, values, set, isChanged, isFound, discard, sent}.
 * `isFound`: there are words from before in it. `isSecret(name, value)` says what is never kept. `sent()`: it is saved
 * now, and no draft any more; `discard()` goes back to the beginning.
 */
export function useForm(name, before, isSecret = () => false) {
  const [{ drafts, beginning, found }] = useState(() => {
    const kept = new Drafts(writer, storage("sessionStorage"));
    return { drafts: kept, beginning: before, found: changesIn(kept.read(`form:${name}`), before) };
  });
  const [values, setValues] = useState({ ...beginning, ...found });
  const [isFound, setFound] = useState(Object.keys(found).length > 0);
  const latest = useRef(values);
  const put = (next) => {
    latest.current = next;
    // Now, not with the next frame: by then the page may be gone.
    drafts.write(`form:${name}`, draftOf(changesOf(beginning, next), isSecret));
    setValues(next);
  };
  return {
    before: beginning, values, isFound,
    isChanged: Object.keys(changesOf(beginning, values)).length > 0,
    set: (fields) => put({ ...latest.current, ...fields }),
    discard: () => {
      setFound(false);
      put(beginning);
    },
    sent: () => drafts.write(`form:${name}`, ""),
  };
}
