// Work that is done once, however often its button is pressed.

import { useRef, useState } from "./html.js";

/** [isBusy, run]: `run(work)` does nothing while work is going on. Errors are thrown to who runs it. */
export function useBusy() {
  const [isBusy, setBusy] = useState(false);
  // A second click comes before the page is drawn again.
  const going = useRef(false);
  const run = async (work) => {
    if (going.current) return undefined;
    going.current = true;
    setBusy(true);
    try {
      return await work();
    } finally {
      going.current = false;
      setBusy(false);
    }
  };
  return [isBusy, run];
}
