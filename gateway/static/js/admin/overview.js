// How things stand now, and how they went in the last minutes.

import { html, useEffect, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { duration, number } from "../lib/format.js";
import { Boundary, Empty, Loaded, Loading } from "../ui/states.js";
import { Attention, useSurroundings } from "./attention.js";
import { isServed } from "./attention-rules.js";
import { Tile, may } from "./parts.js";
import { Plots } from "./overview-plots.js";
import { ended, pendingCallbacks, percentile, rate, reached } from "./rates.js";
import { Notices } from "./notices.js";
import { furthestBehind, stageName } from "./stages.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const EVERY_MS = 2000;
/** Readings that are kept: ten minutes. */
const KEPT = 300;
/** Over how many readings latencies are taken: single ones are few jobs. */
const SPAN = 15;

let readings = [];

export function OverviewSection({ who }) {
  const [, redraw] = useState(0);
  const from = useData(() => get("GetOverview"), "overview", EVERY_MS);
  useEffect(() => {
    if (!from.data || from.data === readings.at(-1)) return;
    // After an outage of Redis's data counts begin anew.
    const isRestart = readings.length && from.data.accepted < readings.at(-1).accepted;
    readings = [...(isRestart ? [] : readings), from.data].slice(-KEPT);
    redraw((count) => count + 1);
  }, [from.data]);
  const surroundings = useSurroundings();
  const { data: past } = useData(() => get("GetTrend", { span: "hour" }).then(({ results }) => results), "overview-past");
  // It stands above all else, which would jump if it came later.
  if (!surroundings.data && !surroundings.error) return html`<${Loading} />`;
  return html`<${Loaded} from=${from}>${(now) => html`<${Shown} now=${now} past=${past ?? []} surroundings=${surroundings} mayMend=${may(who, "admin:providers")} />`}</${Loaded}>`;
}

function Shown({ now, past, surroundings, mayMend }) {
  // What was before this page was opened is known from the samples.
  const sample = reached(past, now, SPAN * EVERY_MS);
  const before = readings.at(-2) ?? sample ?? now;
  const span = readings.at(-1 - SPAN) ?? sample ?? readings[0] ?? now;
  const waiting = now.waiting.reduce((sum, row) => sum + row.interactive + row.queued + row.bulk, 0);
  const failed = (now.counts.ended_failed ?? 0) - (span.counts.ended_failed ?? 0);
  const callbacks = pendingCallbacks(now);
  const late = furthestBehind(now.stages);
  const p95 = percentile(span, now, 0.95);
  return html`<div class="stack">
    <${Notices} rows=${now.notices} />
    <${Boundary} place=${now}><${Attention} now=${now} surroundings=${surroundings} mayMend=${mayMend} /></${Boundary}>
    <div class="tiles">
      <${Tile} label=${t("words.jobsPerSecond")} value=${number(rate(before, now, ended))} detail=${t("overview.accepted", { rate: number(rate(before, now, (one) => one.accepted)) })} />
      <${Tile} label=${t("words.waiting")} value=${number(waiting)} detail=${now.delayed ? t("overview.forAnotherAttempt", { count: number(now.delayed) }) : t("overview.inAllQueues")} href="/admin/queues" />
      <${Tile} label=${t("overview.longestLag")} value=${late ? duration(late.lagSecs * 1000) : "–"} detail=${late ? stageName(late) : t("overview.nothingWaits")} href="/admin/queues" />
      <${Tile} label=${t("words.inFlight")} value=${number(now.inFlight)} detail=${t("overview.callsOfLlms")} href="/admin/jobs?state=Started" />
      <${Tile} label=${t("words.workers")} value=${number(now.workers.length)} tone=${now.workers.length ? "" : "bad"} detail=${now.lostWorkers.length ? t("overview.lost", { count: number(now.lostWorkers.length) }) : t("overview.processes")} href="/admin/queues" />
      <${Tile} label=${t("overview.latency")} value=${duration(percentile(span, now, 0.5))} detail=${p95 === null ? t("overviewPlots.median") : t("overview.medianAndP95", { p95: duration(p95) })} />
      <${Tile} label=${t("words.callbacksPending")} value=${number(callbacks)} detail=${t("words.toBeTriedAgain", { count: number(now.callbacksDelayed) })} href="/admin/callbacks?state=Pending" />
      <${Tile} label=${t("overview.failedRecently")} value=${number(failed)} tone=${failed ? "bad" : ""} detail=${t("overview.inTheLast30s")} href="/admin/jobs?state=Failed" />
    </div>
    <${Boundary} place=${now}><${Plots} now=${now} live=${readings} /></${Boundary}>
    <section class="stack"><h2>${t("overview.waitingByModel")}</h2><${Boundary} place=${now}><${Waiting} rows=${now.waiting.filter((row) => isOfUse(row, surroundings.data?.providers))} workers=${now.workers} /></${Boundary}></section>
    <${Counts} counts=${now.counts} />
  </div>`;
}

/** A model that no provider has any more is named as long as somebody waits for it. */
const isOfUse = (row, providers) => row.interactive + row.queued + row.bulk > 0 || isServed(providers ?? null, row.model) !== false;

/** What waits for each model, by how much of a hurry it is in, and how many workers serve it. */
function Waiting({ rows, workers }) {
  if (!rows.length) return html`<${Empty} icon="layers" title=${t("overview.noQueueYet")}><p>${t("overview.aModelsQueueComes")}</p></${Empty}>`;
  const servers = (model) => workers.filter(({ queues }) => queues.includes(`chat.${model}`)).length;
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${t("overview.waitingByModel")}><table class="table cards">
    <thead><tr><th>${t("words.model")}</th><th class="number">${t("overview.interactive")}</th><th class="number">${t("words.queued")}</th><th class="number">${t("overview.bulk")}</th><th class="number">${t("words.workers")}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.model}>
      <td data-label=${t("words.model")}><a class="word" href="/admin/jobs?${new URLSearchParams({ state: "Queued", model: row.model })}">${row.model}</a></td>
      <td data-label=${t("overview.interactive")} class="number">${number(row.interactive)}</td><td data-label=${t("words.queued")} class="number">${number(row.queued)}</td><td data-label=${t("overview.bulk")} class="number">${number(row.bulk)}</td>
      <td data-label=${t("words.workers")} class="number">${servers(row.model) ? number(servers(row.model)) : html`<span class="badge ${row.interactive + row.queued + row.bulk ? "bad" : ""}">${t("words.none")}</span>`}</td>
    </tr>`)}</tbody></table></div>`;
}

const MEANINGS = {
  reaped: t("overview.jobsTakenBackFrom"),
  late_results_refused: t("overview.resultsThatCameToo"),
  messages_pushed_again: t("overview.lostMessagesThatWere"),
  deliveries_returned: t("overview.callbacksTakenBackFrom"),
  doorbells_rung_again: t("overview.completionsThatHadTo"),
  deferred: t("overview.attemptsThatFailedAnd"),
  expired: t("overview.jobsThatPassedTheir"),
  refused_queue_full: t("overview.refusedQueueFull"),
  refused_owner_queue_full: t("overview.refusedTooManyOf"),
  refused_owner_queue_bytes: t("overview.refusedTooManyBytes"),
  refused_sync_limit: t("overview.refusedTooManyCalls"),
  refused_body_too_large: t("overview.refusedBodyTooLarge"),
};

function Counts({ counts }) {
  const known = Object.entries(MEANINGS).filter(([name]) => counts[name]);
  if (!known.length) return null;
  return html`<section class="card"><h2>${t("overview.sinceTheBeginning")}</h2>
    <dl class="fact-list">${known.map(([name, meaning]) => html`<div key=${name}><dt>${meaning}</dt><dd class="number">${number(counts[name])}</dd></div>`)}</dl>
  </section>`;
}
