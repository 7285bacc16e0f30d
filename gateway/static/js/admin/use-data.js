// What a section shows, read from the API and read again while it is looked at.

import { useCallback, useEffect, useRef, useState } from "../lib/html.js";
import { AGAIN_AFTER_MS, mayPass } from "../lib/api.js";

/**
 * Read `load()` when `key` changes and every `everyMs`; nothing is read while the page is hidden.
 * What failed and may pass is read again in any case.
 * Returns {data, error, isStale, reload}: with an error, data is what was read last.
 */
export function useData(load, key, everyMs = 0) {
  const [state, setState] = useState({ key, data: undefined, error: null });
  const loader = useRef(load);
  loader.current = load;
  const round = useRef(0);
  const reload = useCallback(async () => {
    const mine = ++round.current;
    try {
      const data = await loader.current();
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
    const again = async () => {
      const isLeftOut = document.hidden;
      const error = isLeftOut ? null : await reload();
      const pauseMs = everyMs || (isLeftOut || mayPass(error) ? AGAIN_AFTER_MS : 0);
      if (pauseMs && !isOver) timer = setTimeout(again, pauseMs);
    };
    again();
    return () => {
      isOver = true;
      clearTimeout(timer);
      round.current += 1;
    };
  }, [reload, everyMs]);
  return { data: state.data, error: state.error, isStale: state.key !== key, reload };
}
