// How things stand now, and how they went in the last minutes.

import { html, useEffect, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { duration, number } from "../lib/format.js";
import { Empty } from "../ui/states.js";
import { Attention, useSurroundings } from "./attention.js";
import { isServed } from "./attention-rules.js";
import { Loaded, Tile, may } from "./parts.js";
import { Plots } from "./overview-plots.js";
import { ended, pendingCallbacks, percentile, rate } from "./rates.js";
import { Notices } from "./notices.js";
import { furthestBehind, stageName } from "./stages.js";
import { useData } from "./use-data.js";

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
  return html`<${Loaded} from=${from}>${(now) => html`<${Shown} now=${now} surroundings=${surroundings} mayMend=${may(who, "admin:providers")} />`}</${Loaded}>`;
}

function Shown({ now, surroundings, mayMend }) {
  const before = readings.at(-2) ?? now;
  const span = readings.at(-1 - SPAN) ?? readings[0] ?? now;
  const waiting = now.waiting.reduce((sum, row) => sum + row.interactive + row.queued + row.bulk, 0);
  const failed = (now.counts.ended_failed ?? 0) - (span.counts.ended_failed ?? 0);
  const callbacks = pendingCallbacks(now);
  const late = furthestBehind(now.stages);
  const p95 = percentile(span, now, 0.95);
  return html`<div class="stack">
    <${Notices} rows=${now.notices} />
    <${Attention} now=${now} surroundings=${surroundings} mayMend=${mayMend} />
    <div class="tiles">
      <${Tile} label="Jobs a second" value=${number(rate(before, now, ended))} detail=${`${number(rate(before, now, (one) => one.accepted))} accepted`} />
      <${Tile} label="Waiting" value=${number(waiting)} detail=${now.delayed ? `${number(now.delayed)} for another attempt` : "in all queues"} href="/admin/queues" />
      <${Tile} label="Furthest behind" value=${late ? duration(late.lagSecs * 1000) : "–"} detail=${late ? stageName(late) : "nothing waits"} href="/admin/queues" />
      <${Tile} label="In flight" value=${number(now.inFlight)} detail="calls of LLMs" href="/admin/jobs?state=Started" />
      <${Tile} label="Workers" value=${number(now.workers.length)} tone=${now.workers.length ? "" : "bad"} detail=${now.lostWorkers.length ? `${number(now.lostWorkers.length)} lost` : "processes"} href="/admin/queues" />
      <${Tile} label="Answered within" value=${duration(percentile(span, now, 0.5))} detail=${p95 === null ? "median" : `median; 95 % within ${duration(p95)}`} />
      <${Tile} label="Callbacks pending" value=${number(callbacks)} detail=${`${number(now.callbacksDelayed)} to be tried again`} href="/admin/callbacks?state=Pending" />
      <${Tile} label="Failed lately" value=${number(failed)} tone=${failed ? "bad" : ""} detail="in the last half minute" href="/admin/jobs?state=Failed" />
    </div>
    <${Plots} now=${now} live=${readings} />
    <section class="stack"><h2>Waiting, by model</h2><${Waiting} rows=${now.waiting.filter((row) => isOfUse(row, surroundings.data?.providers))} workers=${now.workers} /></section>
    <${Counts} counts=${now.counts} />
  </div>`;
}

/** A model that no provider has any more is named as long as somebody waits for it. */
const isOfUse = (row, providers) => row.interactive + row.queued + row.bulk > 0 || isServed(providers ?? null, row.model) !== false;

/** What waits for each model, by how much of a hurry it is in, and how many workers serve it. */
function Waiting({ rows, workers }) {
  if (!rows.length) return html`<${Empty} icon="layers" title="No queue yet"><p>A model's queue comes with its first job.</p></${Empty}>`;
  const servers = (model) => workers.filter(({ queues }) => queues.includes(`chat.${model}`)).length;
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="Waiting, by model"><table class="table cards">
    <thead><tr><th>Model</th><th class="number">Interactive</th><th class="number">Queued</th><th class="number">Bulk</th><th class="number">Workers</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.model}>
      <td data-label="Model"><a href="/admin/jobs?${new URLSearchParams({ state: "Queued", model: row.model })}">${row.model}</a></td>
      <td data-label="Interactive" class="number">${number(row.interactive)}</td><td data-label="Queued" class="number">${number(row.queued)}</td><td data-label="Bulk" class="number">${number(row.bulk)}</td>
      <td data-label="Workers" class="number">${servers(row.model) ? number(servers(row.model)) : html`<span class="badge ${row.interactive + row.queued + row.bulk ? "bad" : ""}">none</span>`}</td>
    </tr>`)}</tbody></table></div>`;
}

const MEANINGS = {
  reaped: "Jobs taken back from workers that died",
  late_results_refused: "Results that came too late and were refused",
  messages_pushed_again: "Lost messages that were replaced",
  deliveries_returned: "Callbacks taken back from workers that died",
  doorbells_rung_again: "Completions that had to be woken",
  deferred: "Attempts that failed and are made again",
  expired: "Jobs that passed their deadline",
  refused_queue_full: "Refused: queue full",
  refused_owner_queue_full: "Refused: too many of one key waiting",
  refused_owner_queue_bytes: "Refused: too many bytes of one key queued",
  refused_sync_limit: "Refused: too many calls waiting",
  refused_body_too_large: "Refused: body too large",
};

function Counts({ counts }) {
  const known = Object.entries(MEANINGS).filter(([name]) => counts[name]);
  if (!known.length) return null;
  return html`<section class="card"><h2>Since the beginning</h2>
    <dl class="fact-list">${known.map(([name, meaning]) => html`<div key=${name}><dt>${meaning}</dt><dd class="number">${number(counts[name])}</dd></div>`)}</dl>
  </section>`;
}
