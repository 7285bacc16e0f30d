// What a section shows, read from the API and read again while it is looked at.

import { useCallback, useEffect, useRef, useState } from "../lib/html.js";

/**
 * Read `load()` when `key` changes and every `everyMs`; nothing is read while the page is hidden.
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
    } catch (error) {
      if (mine === round.current) setState((before) => ({ key, data: before.key === key ? before.data : undefined, error }));
    }
  }, [key]);
  useEffect(() => {
    let timer;
    const again = async () => {
      if (!document.hidden) await reload();
      if (everyMs) timer = setTimeout(again, everyMs);
    };
    again();
    return () => {
      clearTimeout(timer);
      round.current += 1;
    };
  }, [reload, everyMs]);
  return { data: state.data, error: state.error, isStale: state.key !== key, reload };
}
