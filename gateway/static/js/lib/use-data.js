// What a page shows, read from the API and read again while it is looked at.

import { useCallback, useEffect, useRef, useState } from "./html.js";
import { AGAIN_AFTER_MS, mayPass } from "./api.js";

/**
 * `everyMs` may be a function of what was read: what does not change any more is read once.
 * Read `load()` when `key` changes and every `everyMs`; nothing is read while the page is hidden.
 * What failed and may pass is read again in any case; at once when the line is back, and what was left out when it is looked at.
 * Returns {data, error, isStale, reload}: with an error, data is what was read last.
 */
export function useData(load, key, everyMs = 0) {
  const [state, setState] = useState({ key, data: undefined, error: null });
  const loader = useRef(load);
  loader.current = load;
  const round = useRef(0);
  const latest = useRef(undefined);
  const every = useRef(everyMs);
  every.current = everyMs;
  const [again, setAgain] = useState(0);
  const reload = useCallback(() => setAgain((count) => count + 1), []);
  const read = useCallback(async () => {
    const mine = ++round.current;
    try {
      const data = await loader.current();
      latest.current = data;
      if (mine === round.current) setState({ key, data, error: null });
      return null;
    } catch (error) {
      if (mine === round.current) setState((before) => ({ key, data: before.key === key ? before.data : undefined, error }));
      return error;
    }
  }, [key]);
  useEffect(() => {
    let timer;
    let isOver = false;
    let turn = 0;
    let isMissed = false;
    const readOn = async () => {
      const mine = ++turn;
      const isLeftOut = document.hidden;
      isMissed = isLeftOut;
      const error = isLeftOut ? null : await read();
      // Another reading was begun meanwhile, and goes on.
      if (mine !== turn) return;
      isMissed = isLeftOut || Boolean(error);
      const pause = typeof every.current === "function" ? every.current(latest.current) : every.current;
      const pauseMs = pause || (isLeftOut || mayPass(error) ? AGAIN_AFTER_MS : 0);
      if (pauseMs && !isOver) timer = setTimeout(readOn, pauseMs);
    };
    const catchUp = () => {
      if (!isMissed || document.hidden) return;
      clearTimeout(timer);
      readOn();
    };
    addEventListener("online", catchUp);
    document.addEventListener("visibilitychange", catchUp);
    readOn();
    return () => {
      isOver = true;
      removeEventListener("online", catchUp);
      document.removeEventListener("visibilitychange", catchUp);
      clearTimeout(timer);
      round.current += 1;
    };
  }, [read, again, typeof everyMs === "function" ? 0 : everyMs]);
  return { data: state.data, error: state.error, isStale: state.key !== key, reload };
}
