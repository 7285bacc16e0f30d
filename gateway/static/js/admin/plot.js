// A plot of some lines over time; the library is fetched with the first one.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { meant, moved, show } from "./plot-keys.js";

let library = null;
const load = () => (library ??= import("../../vendor/uplot.js").then((module) => module.default));

const exact = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const HEIGHT_PX = 180;
const HALF_DAY_S = 43_200;
const times = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const days = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const minutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/** What was dragged over this little was a click (pixels). */
const LEAST_DRAG_PX = 6;
const timeOf = (seconds) => times.format(seconds * 1000);
const minuteOf = (seconds) => minutes.format(seconds * 1000);
const dayOf = (seconds) => days.format(seconds * 1000);

/**
 * `times` are unix seconds, `lines` is [{label, values, color}] with a color's name of the theme.
 * `whole`: its values have no fractions, nor has its axis.
 * Those who cannot see it get `summary`. `onRange(from, to)`, unix seconds: somebody has dragged over a part of it.
 */
export function Plot({ title, summary, times, lines, format = String, kind = "line", whole = false, onRange }) {
  const [at, setAt] = useState(null);
  const hooked = useRef({});
  hooked.current = { setAt, onRange };
  const host = useRef(null);
  const plot = useRef(null);
  const from = useRef(null);
  const data = [times, ...lines.map(({ values }) => values)];
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    let gone = false;
    let observer;
    const build = async () => {
      const UPlot = await load();
      if (gone || !host.current) return;
      plot.current?.destroy();
      plot.current = new UPlot(options(UPlot, host.current.clientWidth, lines, format, kind, whole, hooked), latest.current, host.current);
      observer ??= new ResizeObserver(() => host.current && plot.current?.setSize({ width: host.current.clientWidth, height: HEIGHT_PX }));
      observer.observe(host.current);
    };
    build();
    addEventListener("theme", build);
    return () => {
      gone = true;
      removeEventListener("theme", build);
      observer?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [lines.map(({ label }) => label).join("|")]);
  useEffect(() => {
    // Not while somebody drags: what is selected would be gone.
    if (!plot.current?.select.width) plot.current?.setData(data);
  }, [times, lines]);
  const pointed = at !== null && at < times.length ? at : null;
  const momentOf = kind === "bars" ? dayOf : timeOf;
  const moment = pointed === null ? null : momentOf(times[pointed]);
  const value = (one) => (one == null ? "–" : format(one));
  const onKeyDown = (event) => {
    const now = { at: pointed, from: from.current };
    const next = moved(event.key, event.shiftKey, now, times.length);
    if (next && plot.current) {
      from.current = next.from;
      show(plot.current, times, next);
    } else if (event.key === "Enter" && pointed !== null && onRange) {
      const [first, last] = meant(now, times.length);
      onRange(times[first], times[last]);
    } else return;
    event.preventDefault();
  };
  const leave = () => {
    from.current = null;
    if (plot.current) show(plot.current, times, null);
  };
  const shown = pointed ?? times.length - 1;
  const told = [momentOf(times[shown]), ...lines.map(({ label, values }) => `${label} ${value(values[shown])}`)].join(", ");
  return html`<section class="card plot">
    <h2 class="row between"><span>${title}${moment && html` <span class="muted small number">${moment}</span>`}</span><span class="legend row small">${lines.map(({ label, color, values }) => html`<span key=${label} class="row"><i class="dot ${color}"></i>${label}${pointed !== null && html` <strong class="number">${value(values[pointed])}</strong>`}</span>`)}</span></h2>
    <div ref=${host} role="slider" tabindex="0" aria-label="${title}: ${summary}" aria-valuemin="0" aria-valuemax=${times.length - 1} aria-valuenow=${shown} aria-valuetext=${told}
      onKeyDown=${onKeyDown} onBlur=${leave}></div>
  </section>`;
}

/** A colour that lets the grid through; the system's own colours, by their names, do not. */
const faint = (color) => (color.startsWith("#") ? `${color}cc` : color);

/** A single moment has a minute on either side, and the bars of days are not cut. */
function withRoom(min, max, kind) {
  const room = kind === "bars" ? HALF_DAY_S : max > min ? 0 : 60;
  return [min - room, max + room];
}

/** Labels of an axis: those of small steps have the digits that tell them apart. */
function distinct(values, format) {
  const told = values.map((value) => (value == null ? "" : format(value)));
  return new Set(told).size === told.length ? told : values.map((value) => (value == null ? "" : exact.format(value)));
}

/** Steps of an axis whose values have no fractions. */
const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** What the pointer is at, and what it was dragged over. */
function hooks(told) {
  return {
    setCursor: [({ cursor }) => told.current.setAt(cursor.left >= 0 ? (cursor.idx ?? null) : null)],
    setSelect: [(plot) => {
      const { left, width } = plot.select;
      if (!told.current.onRange || width < LEAST_DRAG_PX) return;
      const range = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
      plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      told.current.onRange(...range);
    }],
  };
}

function options(UPlot, width, lines, format, kind, whole, told) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: color("text-2"), grid: { stroke: color("grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: Boolean(told.current.onRange), y: false, setScale: false } },
    hooks: hooks(told),
    scales: {
      x: { time: true, range: (_, min, max) => withRoom(min, max, kind) },
      y: { range: (_, _min, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [{ ...axis, space: 84, size: 28, values: (_, ticks) => ticks.map(kind === "bars" ? dayOf : ticks.every((one) => one % 60 === 0) ? minuteOf : timeOf) }, { ...axis, size: 56, ...(whole ? { incrs: WHOLE } : {}), values: (_, values) => distinct(values, format) }],
    series: [
      {},
      ...lines.map(({ label, color: name }) => ({
        label,
        stroke: color(name),
        width: 2,
        points: { show: false },
        ...(kind === "bars" ? { paths: UPlot.paths.bars({ size: [0.7, 40] }), fill: faint(color(name)) } : {}),
      })),
    ],
  };
}
