// A file that somebody has chosen and not sent yet: kept in this browser through a reload and Back, as the words beside it are.

import { whose } from "./form.js";
import { useEffect, useState } from "./html.js";
import { drop, keep, kept } from "./keep.js";
import { newId } from "./new-id.js";
import { useStay } from "./stay.js";

/** How many of them are kept; the ones chosen first go first. */
const MOST = 20;

/** Those that were chosen on this page, by their ids. */
const known = new Map();

const keyOf = (id) => `chosen:${whose()}:${id}`;

async function keepFile(id, file) {
  const before = await kept(keyOf(""));
  await Promise.all(before.slice(0, 1 - MOST).map(([key]) => drop(key)));
  return keep(keyOf(id), file);
}

async function read(id) {
  const found = (await kept(keyOf(id)))[0]?.[1] ?? null;
  if (found) known.set(id, found);
  return found;
}

/**
 * {file, isKept, choose}: the file of a field of a form, which has its id. `choose(null)` takes it away.
 * `isKept` is false where this browser has no room for it: it lasts as long as the page, which is not left by chance.
 */
export function useChosen(form, field) {
  const id = form.values[field] ?? "";
  const [file, setFile] = useState(known.get(id) ?? null);
  const [isKept, setKept] = useState(true);
  useStay(file && !isKept);
  useEffect(() => {
    let isOther = false;
    setFile(known.get(id) ?? null);
    if (id && !known.has(id)) read(id).then((found) => isOther || (found ? setFile(found) : form.set({ [field]: "" })));
    return () => { isOther = true; };
  }, [id]);
  const choose = (chosen) => {
    setKept(true);
    if (!chosen) return form.set({ [field]: "" });
    // In the order in which they were chosen.
    const next = `${Date.now()}-${newId()}`;
    known.set(next, chosen);
    keepFile(next, chosen).then(setKept);
    return form.set({ [field]: next });
  };
  return { file, isKept, choose };
}
