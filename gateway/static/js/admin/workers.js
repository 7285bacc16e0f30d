// Worker processes: what each serves, how busy it is and what it runs; and those that are lost.

import { html } from "../lib/html.js";
import { post } from "../lib/api.js";
import { duration, number } from "../lib/format.js";
import { ActionButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { toast } from "../ui/toast.js";
import { Ago, Facts } from "./parts.js";
import { Meter } from "./stages.js";

const SHOWN_QUEUES = 4;

const keyOf = ({ name, startedDate }) => `${name} ${startedDate}`;

/** Workers that fell silent without a word: killed, or their machine is gone. */
export function LostWorkers({ workers }) {
  if (!workers.length) return null;
  return html`<section class="notice warn lost" aria-labelledby="lost-workers"><div class="stack">
    <h2 id="lost-workers">${workers.length === 1 ? "A worker is lost" : `${number(workers.length)} workers are lost`}</h2>
    <ul>${workers.map((worker) => html`<li key=${keyOf(worker)}><strong>${worker.name}</strong>, process ${worker.pid}, was last heard <${Ago} date=${worker.heardDate} />.
      ${worker.running.length ? html` It ran:<${RunningList} worker=${worker} date=${worker.heardDate} />` : " It ran nothing."}</li>`)}</ul>
    <p class="small">It did not stop as it should: it was killed, or its machine is gone or hangs. What it ran is begun again when the leases are over. It is named here for ten minutes.</p>
  </div></section>`;
}

export function Workers({ workers, mayCancel, date, onChange }) {
  if (!workers.length) return html`<div class="notice bad" role="alert">No worker is alive: jobs wait until one is started.</div>`;
  return html`<div class="worker-grid">${workers.map((worker) => html`<${WorkerCard} key=${keyOf(worker)} mayCancel=${mayCancel} worker=${worker} date=${date} onChange=${onChange} />`)}</div>`;
}

function WorkerCard({ worker, mayCancel, date, onChange }) {
  return html`<article class="card worker" aria-label=${worker.name}>
    <h3 class="row between"><span>${worker.name}</span><span class="row">${worker.pools.map((pool) => html`<span class="badge info" key=${pool}>${pool}</span>`)}
      ${worker.isStopping && html`<span class="badge warn">stopping</span>`}</span></h3>
    ${worker.slots == null ? html`<p class="muted small">An earlier version, which does not tell its slots.</p>` : html`<${Meter} taken=${worker.busy} of=${worker.slots} what="slots busy" />`}
    <p class="small"><span class="muted">Serves</span> ${served(worker.queues)}</p>
    <section class="runs"><h4>Runs now</h4>${worker.running.length ? html`<${RunningList} worker=${worker} date=${date} />` : html`<p class="muted small">Nothing.</p>`}</section>
    ${worker.pools.includes("chat") && html`<${Facts} rows=${["received", "completed", "retries", "failed"].map((count) => [title(count), number(worker[count])])} />`}
    <p class="row between small muted"><span>Process ${worker.pid}${worker.startedDate && html`, since <${Ago} date=${worker.startedDate} />`}${worker.version && `, version ${worker.version}`}</span>
      ${mayCancel && worker.pools.includes("chat") && html`<${CancelButton} name=${worker.name} onChange=${onChange} />`}</p>
  </article>`;
}

function CancelButton({ name, onChange }) {
  const cancel = async () => {
    const sure = await confirm({ title: `Cancel what ${name} runs?`, text: "The jobs end as Cancelled; the worker goes on with others.", action: "Cancel its jobs" });
    if (!sure) return;
    await post("CancelWorker", { worker: name });
    toast("They are being cancelled.");
    onChange();
  };
  return html`<${ActionButton} class="small" aria-label="Cancel the jobs of ${name}" work=${cancel}>Cancel its jobs</${ActionButton}>`;
}

/** Jobs and callbacks, those that run longest first; and for how long, at a moment of the server's. */
function RunningList({ worker, date }) {
  const more = worker.runningJobs - worker.running.length;
  return html`<ul class="running">
    ${worker.running.map((one) => html`<li key=${one.id}><${RunningLink} one=${one} /> <span>${one.model ?? "callback"}${one.provider && html` <span class="muted">at ${one.provider}</span>`}</span>
      <span class="number">${duration(Math.max(0, new Date(date) - new Date(one.startedDate)))}</span></li>`)}
    ${more > 0 && html`<li class="muted">and ${number(more)} more</li>`}
  </ul>`;
}

function RunningLink({ one }) {
  return one.model ? html`<a href="/admin/jobs/${one.id}">job ${one.id}</a>` : html`<a href="/admin/callbacks/${one.id}">job ${one.id}</a>`;
}

function served(queues) {
  const names = queues.map((queue) => queue.replace(/^chat\./, ""));
  return names.length > SHOWN_QUEUES ? `${names.slice(0, SHOWN_QUEUES - 1).join(", ")} and ${names.length - SHOWN_QUEUES + 1} more` : names.join(", ");
}

const title = (word) => word[0].toUpperCase() + word.slice(1);
