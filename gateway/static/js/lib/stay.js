// The page is not closed or reloaded by chance while something would be lost with it: the browser asks first.

import { useEffect } from "./html.js";

export function useStay(isWanted) {
  useEffect(() => {
    if (!isWanted) return undefined;
    const stay = (event) => event.preventDefault();
    addEventListener("beforeunload", stay);
    return () => removeEventListener("beforeunload", stay);
  }, [Boolean(isWanted)]);
}
