// What time it is where the server is: clocks of phones and laptops may be wrong by days, and what the server tells is told by its own.

/** Below this (milliseconds) a clock is not wrong: answers take their time, and their dates are whole seconds. */
const RIGHT_MS = 60_000;
let ahead = 0;

/** Take note of the `date` of an answer that was made just now. */
export function noteDate(date) {
  const by = Date.parse(date ?? "") - Date.now();
  if (!Number.isNaN(by)) ahead = Math.abs(by) < RIGHT_MS ? 0 : by;
}

/** Unix milliseconds. */
export const serverNow = () => Date.now() + ahead;
