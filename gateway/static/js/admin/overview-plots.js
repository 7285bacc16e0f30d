// Plots of how things went: the last minutes as they come, the last hour or day from the first moment on.

import { html, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { duration, number } from "../lib/format.js";
import { navigate } from "../lib/router.js";
import { Plot } from "./plot.js";
import { callbacksCount, ended, joined, pastOf, percentile, rate, waitingCount } from "./rates.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

/** How far apart points are (milliseconds), and over how many of them latencies are taken: single ones are few jobs. */
const SPANS = {
  hour: { label: t("words.lastHour"), everyMs: 14_000, over: 4 },
  day: { label: t("words.lastDay"), everyMs: 290_000, over: 1 },
};
const TITLES = [t("words.jobsPerSecond"), t("words.jobs"), t("overviewPlots.latency"), t("words.callbacksPending")];

export function Plots({ now, live }) {
  const [span, setSpan] = useState("hour");
  const { data } = useData(() => get("GetTrend", { span }).then(({ results }) => ({ span, results })), `trend-${span}`, 300_000);
  return html`<section class="stack" aria-label=${t("overviewPlots.plots")}>
    <div class="row" role="group" aria-label=${t("overviewPlots.timeOfThePlots")}>${Object.entries(SPANS).map(([name, { label }]) => html`<button type="button" key=${name} class="button small" aria-pressed=${name === span} onClick=${() => setSpan(name)}>${label}</button>`)}
      <span class="muted small">${t("overviewPlots.dragOverAPlot")}</span></div>
    <${Drawn} now=${now} points=${joined((data?.span === span ? data.results : []).map((row) => pastOf(row, now)), live, SPANS[span].everyMs)} over=${SPANS[span].over} />
  </section>`;
}

function Drawn({ now, points, over }) {
  if (points.length < 3) return html`<div class="plots" role="status">${TITLES.map((title, index) => html`<section class="card plot" key=${title}><h2>${title}</h2>${!index && html`<p class="muted small">${t("overviewPlots.thePlotsBeginWith")}</p>`}</section>`)}</div>`;
  const rows = points.slice(1).map((one, index) => ({ one, before: points[index], span: points[Math.max(0, index + 1 - over)] }));
  const times = rows.map(({ one }) => new Date(one.date).getTime() / 1000);
  const of = (value) => rows.map(value);
  const perSecond = of(({ before, one }) => rate(before, one, ended));
  const onRange = (from, to) => navigate(`/admin/jobs?${new URLSearchParams({ from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString() })}`);
  const common = { times, onRange };
  return html`<div class="plots">
    <${Plot} ...${common} title=${TITLES[0]} summary=${t("overviewPlots.now", { rate: number(perSecond.at(-1)) })} format=${number}
      lines=${[{ label: t("words.endedLine"), color: "plot-1", values: perSecond }, { label: t("overviewPlots.accepted"), color: "plot-3", values: of(({ before, one }) => rate(before, one, (o) => o.accepted)) }]} />
    <${Plot} ...${common} title=${TITLES[1]} whole summary=${t("overviewPlots.inFlight", { count: number(now.inFlight) })} format=${number}
      lines=${[{ label: t("overviewPlots.inFlightLine"), color: "plot-1", values: of(({ one }) => one.inFlight) }, { label: t("overviewPlots.waiting"), color: "plot-2", values: of(({ one }) => waitingCount(one)) }]} />
    <${Plot} ...${common} title=${TITLES[2]} whole summary=${t("overviewPlots.medianAnd95thPercentile")} format=${duration}
      lines=${[{ label: t("overviewPlots.median"), color: "plot-1", values: of(({ span, one }) => percentile(span, one, 0.5)) }, { label: t("words.p95"), color: "plot-2", values: of(({ span, one }) => percentile(span, one, 0.95)) }]} />
    <${Plot} ...${common} title=${TITLES[3]} whole summary=${t("words.toBeTriedAgain", { count: number(now.callbacksDelayed) })} format=${number}
      lines=${[{ label: t("overviewPlots.pending"), color: "plot-4", values: of(({ one }) => callbacksCount(one)) }]} />
  </div>`;
}
