// A plot of some lines over time; the library is fetched with the first one.

import { html, useEffect, useRef } from "../lib/html.js";

let library = null;
const load = () => (library ??= import("../../vendor/uplot.js").then((module) => module.default));

const HEIGHT_PX = 180;
const HALF_DAY_S = 43_200;
const times = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const days = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const timeOf = (seconds) => times.format(seconds * 1000);
const dayOf = (seconds) => days.format(seconds * 1000);

/**
 * `times` are unix seconds, `lines` is [{label, values, color}] with a color's name of the theme.
 * `whole`: its values have no fractions, nor has its axis.
 * Those who cannot see it get `summary`.
 */
export function Plot({ title, summary, times, lines, format = String, kind = "line", whole = false }) {
  const host = useRef(null);
  const plot = useRef(null);
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
      plot.current = new UPlot(options(UPlot, host.current.clientWidth, lines, format, kind, whole), latest.current, host.current);
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
    plot.current?.setData(data);
  });
  return html`<section class="card plot">
    <h2 class="row between">${title}<span class="legend row small">${lines.map(({ label, color }) => html`<span key=${label} class="row"><i class="dot ${color}"></i>${label}</span>`)}</span></h2>
    <div ref=${host} role="img" aria-label="${title}: ${summary}"></div>
  </section>`;
}

/** A single moment has a minute on either side, and the bars of days are not cut. */
function withRoom(min, max, kind) {
  const room = kind === "bars" ? HALF_DAY_S : max > min ? 0 : 60;
  return [min - room, max + room];
}

/** Steps of an axis whose values have no fractions. */
const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

function options(UPlot, width, lines, format, kind, whole) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: color("text-2"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: {
      x: { time: true, range: (_, min, max) => withRoom(min, max, kind) },
      y: { range: (_, _min, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [{ ...axis, space: 84, size: 28, values: (_, times) => times.map(kind === "bars" ? dayOf : timeOf) }, { ...axis, size: 56, ...(whole ? { incrs: WHOLE } : {}), values: (_, values) => values.map(format) }],
    series: [
      {},
      ...lines.map(({ label, color: name }) => ({
        label,
        stroke: color(name),
        width: 2,
        points: { show: false },
        ...(kind === "bars" ? { paths: UPlot.paths.bars({ size: [0.7, 40] }), fill: `${color(name)}cc` } : {}),
      })),
    ],
  };
}
