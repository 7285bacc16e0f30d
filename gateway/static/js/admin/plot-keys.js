// A plot by the keyboard: arrows go from point to point, with Shift they select, Enter leads to what is selected.

/** How far PageUp and PageDown go (points). */
const PAGE = 10;

/** Where a key leads, of `count` points: {at, from}, the point and that where the selection begins (null for none); null for another key. Pure. */
export function moved(key, isShifted, { at, from }, count) {
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -PAGE, PageUp: PAGE, Home: -count, End: count };
  if (!(key in steps)) return null;
  const last = count - 1;
  const next = Math.max(0, Math.min(last, (at ?? last) + (at === null && steps[key] > -count ? 0 : steps[key])));
  return { at: next, from: isShifted ? (from ?? at ?? next) : null };
}

/** The points that are meant: those that are selected, or the one with its neighbours. Pure. */
export function meant({ at, from }, count) {
  const [first, last] = from === null || from === at ? [at - 1, at + 1] : [Math.min(at, from), Math.max(at, from)];
  return [Math.max(0, first), Math.min(count - 1, last)];
}

/** Show in the plot what was moved to; `null` for nothing any more. */
export function show(plot, times, place) {
  const left = (index) => plot.valToPos(times[index], "x");
  if (!place) {
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    plot.setCursor({ left: -10, top: -10 });
    return;
  }
  const [one, other] = [left(place.at), left(place.from ?? place.at)];
  plot.setSelect({ left: Math.min(one, other), width: Math.abs(one - other), top: 0, height: plot.over.clientHeight }, false);
  plot.setCursor({ left: one, top: 1 });
}
