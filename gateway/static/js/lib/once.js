// What is made is made once: a request whose answer was lost goes again under the name that it had.

import { mayPass } from "./api.js";
import { newId } from "./new-id.js";

/** What may have been made though nobody was told: names by what was asked. */
const lost = new Map();

/**
 * `make(name, isAgain)`, under a new name; under the one that it had before, when the answer to the same was lost then.
 * `asked` is all that makes it the same. Throws what `make` throws.
 */
export async function madeOnce(asked, make) {
  const key = JSON.stringify(asked);
  const before = lost.get(key);
  const name = before ?? newId();
  // Asked twice at once it is two.
  lost.delete(key);
  try {
    return await make(name, before !== undefined);
  } catch (error) {
    if (mayPass(error)) lost.set(key, name);
    throw error;
  }
}
