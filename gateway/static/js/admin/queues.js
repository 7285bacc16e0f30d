// Queues and workers: what waits for which model, who serves it, what runs.

import { html } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { number } from "../lib/format.js";
import { confirm } from "../ui/dialog.js";
import { Empty } from "../ui/states.js";
import { toast, toastError } from "../ui/toast.js";
import { JobTable } from "./jobs.js";
import { Loaded } from "./parts.js";
import { useData } from "./use-data.js";

const EVERY_MS = 2000;
const SHOWN_JOBS = 50;

export function QueuesSection() {
  const from = useData(read, "queues", EVERY_MS);
  return html`<${Loaded} from=${from}>${({ overview, stats, running }) => html`<div class="stack">
    <section class="stack"><h2>Queues</h2><${Queues} rows=${overview.waiting} workers=${overview.workers} /></section>
    <section class="stack"><h2>Workers</h2><${Workers} workers=${overview.workers} stats=${stats} onChange=${from.reload} /></section>
    <section class="stack"><h2>Running now</h2>${running.length ? html`<${JobTable} jobs=${running} />` : html`<p class="muted">Nothing.</p>`}</section>
  </div>`}</${Loaded}>`;
}

async function read() {
  const [overview, stats, running] = await Promise.all([
    get("GetOverview"),
    get("GetWorkerStats").then(({ results }) => results, () => []),
    get("QueryJobs", { state: "Started", take: SHOWN_JOBS }).then(({ results }) => results, () => []),
  ]);
  return { overview, stats, running };
}

function Queues({ rows, workers }) {
  if (!rows.length) return html`<${Empty} icon="layers" title="No queue yet"><p>A model's queue comes with its first job.</p></${Empty}>`;
  const servers = (model) => workers.filter(({ queues }) => queues?.includes(`chat.${model}`)).length;
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="Queues"><table class="table cards">
    <thead><tr><th>Model</th><th class="number">Interactive</th><th class="number">Queued</th><th class="number">Bulk</th><th class="number">Workers</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.model}>
      <td data-label="Model"><a href="/admin/jobs?${new URLSearchParams({ state: "Queued", model: row.model })}">${row.model}</a></td>
      <td data-label="Interactive" class="number">${number(row.interactive)}</td><td data-label="Queued" class="number">${number(row.queued)}</td><td data-label="Bulk" class="number">${number(row.bulk)}</td>
      <td data-label="Workers" class="number">${servers(row.model) ? number(servers(row.model)) : html`<span class="badge ${row.interactive + row.queued + row.bulk ? "bad" : ""}">none</span>`}</td>
    </tr>`)}</tbody></table></div>`;
}

function Workers({ workers, stats, onChange }) {
  if (!workers.length) return html`<div class="notice bad" role="alert">No worker is alive: jobs wait until one is started.</div>`;
  const of = (name) => stats.find((one) => one.name === name) ?? {};
  const cancel = async (name) => {
    const sure = await confirm({ title: `Cancel what ${name} runs?`, text: "The jobs end as Cancelled; the worker goes on with others.", action: "Cancel its jobs" });
    if (sure) post("CancelWorker", { worker: name }).then(() => { toast("They are being cancelled."); onChange(); }, toastError);
  };
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="Workers"><table class="table cards">
    <thead><tr><th>Worker</th><th>Serves</th><th class="number">Running</th><th class="number">Completed</th><th class="number">Retries</th><th class="number">Failed</th><th><span class="visually-hidden">Actions</span></th></tr></thead>
    <tbody>${workers.map((worker) => html`<tr key=${worker.name}>
      <td data-label="Worker"><strong>${worker.name}</strong></td>
      <td data-label="Serves">${served(worker.queues ?? [])}</td>
      <td data-label="Running" class="number">${number(of(worker.name).running ?? worker.running ?? (of(worker.name).runningJob ? 1 : 0))}</td>
      <td data-label="Completed" class="number">${number(of(worker.name).completed)}</td><td data-label="Retries" class="number">${number(of(worker.name).retries)}</td><td data-label="Failed" class="number">${number(of(worker.name).failed)}</td>
      <td>${worker.queues?.some((queue) => queue.startsWith("chat.")) && html`<button type="button" class="button small" onClick=${() => cancel(worker.name)}>Cancel its jobs</button>`}</td>
    </tr>`)}</tbody></table></div>`;
}

function served(queues) {
  const names = queues.map((queue) => queue.replace(/^chat\./, ""));
  return names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
