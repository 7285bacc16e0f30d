// Plots of how things went: the last minutes as they come, the last hour or day from the first moment on.

import { html, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { duration, number } from "../lib/format.js";
import { navigate } from "../lib/router.js";
import { Plot } from "./plot.js";
import { callbacksCount, ended, joined, pastOf, percentile, rate, waitingCount } from "./rates.js";
import { useData } from "./use-data.js";

/** How far apart points are (milliseconds), and over how many of them latencies are taken: single ones are few jobs. */
const SPANS = {
  hour: { label: "1 h", everyMs: 14_000, over: 4 },
  day: { label: "24 h", everyMs: 290_000, over: 1 },
};
const TITLES = ["Jobs a second", "Jobs", "Time to the answer", "Callbacks pending"];

export function Plots({ now, live }) {
  const [span, setSpan] = useState("hour");
  const { data } = useData(() => get("GetTrend", { span }).then(({ results }) => ({ span, results })), `trend-${span}`, 300_000);
  return html`<section class="stack" aria-label="Plots">
    <div class="row" role="group" aria-label="Time of the plots">${Object.entries(SPANS).map(([name, { label }]) => html`<button type="button" key=${name} class="button small" aria-pressed=${name === span} onClick=${() => setSpan(name)}>${label}</button>`)}
      <span class="muted small">Drag over a plot to see the jobs of that time.</span></div>
    <${Drawn} now=${now} points=${joined((data?.span === span ? data.results : []).map((row) => pastOf(row, now)), live, SPANS[span].everyMs)} over=${SPANS[span].over} />
  </section>`;
}

function Drawn({ now, points, over }) {
  if (points.length < 3) return html`<div class="plots" role="status" aria-label="The plots begin with the next readings">${TITLES.map((title) => html`<section class="card plot" key=${title}><h2>${title}</h2></section>`)}</div>`;
  const rows = points.slice(1).map((one, index) => ({ one, before: points[index], span: points[Math.max(0, index + 1 - over)] }));
  const times = rows.map(({ one }) => new Date(one.date).getTime() / 1000);
  const of = (value) => rows.map(value);
  const perSecond = of(({ before, one }) => rate(before, one, ended));
  const onRange = (from, to) => navigate(`/admin/jobs?${new URLSearchParams({ from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() })}`);
  const common = { times, onRange };
  return html`<div class="plots">
    <${Plot} ...${common} title=${TITLES[0]} summary="${number(perSecond.at(-1))} now" format=${number}
      lines=${[{ label: "ended", color: "plot-1", values: perSecond }, { label: "accepted", color: "plot-3", values: of(({ before, one }) => rate(before, one, (o) => o.accepted)) }]} />
    <${Plot} ...${common} title=${TITLES[1]} whole summary="${number(now.inFlight)} in flight" format=${number}
      lines=${[{ label: "in flight", color: "plot-1", values: of(({ one }) => one.inFlight) }, { label: "waiting", color: "plot-2", values: of(({ one }) => waitingCount(one)) }]} />
    <${Plot} ...${common} title=${TITLES[2]} whole summary="median and 95th percentile" format=${duration}
      lines=${[{ label: "median", color: "plot-1", values: of(({ span, one }) => percentile(span, one, 0.5)) }, { label: "95 %", color: "plot-2", values: of(({ span, one }) => percentile(span, one, 0.95)) }]} />
    <${Plot} ...${common} title=${TITLES[3]} whole summary="${number(now.callbacksDelayed)} to be tried again" format=${number}
      lines=${[{ label: "pending", color: "plot-4", values: of(({ one }) => callbacksCount(one)) }]} />
  </div>`;
}
