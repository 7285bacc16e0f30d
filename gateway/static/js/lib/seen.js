// Whether somebody has scrolled to an element: what is far away need not be read or drawn yet.

import { useEffect, useState } from "./html.js";

/** How near it must be (pixels): it is there before it is seen. */
const NEAR = "1200px";
const callbacks = new Map();
let observer = null;

function watch(element, onSeen) {
  observer ??= new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) callbacks.get(target)?.();
  }, { rootMargin: NEAR, scrollMargin: NEAR });
  callbacks.set(element, onSeen);
  observer.observe(element);
  return () => {
    callbacks.delete(element);
    observer.unobserve(element);
  };
}

/** Count everything as seen: a page is printed whole. */
export function seeAll() {
  for (const onSeen of [...callbacks.values()]) onSeen();
}

/** True from the moment that the element of `ref` is near what is shown. */
export function useSeen(ref) {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (isSeen || !ref.current) return undefined;
    return watch(ref.current, () => setSeen(true));
  }, [isSeen]);
  return isSeen;
}
