// Worker processes: what each serves, how busy it is and what it runs; and those that are lost.

import { html } from "../lib/html.js";
import { post } from "../lib/api.js";
import { duration, number } from "../lib/format.js";
import { ActionButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { toast } from "../ui/toast.js";
import { Ago, Facts } from "./parts.js";
import { Meter } from "./stages.js";
import { t } from "../texts/admin.js";

const SHOWN_QUEUES = 4;

const keyOf = ({ name, startedDate }) => `${name} ${startedDate}`;

/** Workers that fell silent without a word: killed, or their machine is gone. */
export function LostWorkers({ workers }) {
  if (!workers.length) return null;
  return html`<section class="notice warn lost" aria-labelledby="lost-workers"><div class="stack">
    <h2 id="lost-workers">${t("workers.areLost", { count: workers.length })}</h2>
    <ul>${workers.map((worker) => html`<li key=${keyOf(worker)}><strong>${worker.name}</strong> ${t("workers.lastHeard", { pid: worker.pid })} <${Ago} date=${worker.heardDate} />.
      ${worker.running.length ? html` ${t("workers.itRan")}<${RunningList} worker=${worker} date=${worker.heardDate} />` : ` ${t("workers.itRanNothing")}`}</li>`)}</ul>
    <p class="small">${t("workers.itDidNotStop")}</p>
  </div></section>`;
}

export function Workers({ workers, mayCancel, date, onChange }) {
  if (!workers.length) return html`<div class="notice bad" role="alert">${t("words.noWorkerIsAlive")}</div>`;
  return html`<div class="worker-grid">${workers.map((worker) => html`<${WorkerCard} key=${keyOf(worker)} mayCancel=${mayCancel} worker=${worker} date=${date} onChange=${onChange} />`)}</div>`;
}

function WorkerCard({ worker, mayCancel, date, onChange }) {
  return html`<article class="card worker" aria-label=${worker.name}>
    <h3 class="row between"><span>${worker.name}</span><span class="row">${worker.pools.map((pool) => html`<span class="badge info" key=${pool}>${pool}</span>`)}
      ${worker.isStopping && html`<span class="badge warn">${t("workers.stopping")}</span>`}</span></h3>
    ${worker.slots == null ? html`<p class="muted small">${t("workers.anEarlierVersionWhich")}</p>` : html`<${Meter} taken=${worker.busy} of=${worker.slots} what=${t("workers.slotsBusy")} />`}
    <p class="small"><span class="muted">${t("workers.serves")}</span> ${served(worker.queues)}</p>
    <section class="runs"><h4>${t("workers.runsNow")}</h4>${worker.running.length ? html`<${RunningList} worker=${worker} date=${date} />` : html`<p class="muted small">${t("workers.nothing")}</p>`}</section>
    ${worker.pools.includes("chat") && html`<${Facts} rows=${["received", "completed", "retries", "failed"].map((count) => [t(`workers.${count}`), number(worker[count])])} />`}
    <p class="row between small muted"><span>${t("workers.process", { pid: worker.pid })}${worker.startedDate && html`, ${t("words.since")} <${Ago} date=${worker.startedDate} />`}${worker.version && t("workers.version", { version: worker.version })}</span>
      ${mayCancel && worker.pools.includes("chat") && html`<${CancelButton} name=${worker.name} onChange=${onChange} />`}</p>
  </article>`;
}

function CancelButton({ name, onChange }) {
  const cancel = async () => {
    const sure = await confirm({ title: t("workers.cancelWhatRuns", { name }), text: t("workers.theJobsEndAs"), action: t("workers.cancelItsJobs") });
    if (!sure) return;
    await post("CancelWorker", { worker: name });
    toast(t("workers.theyAreBeingCancelled"));
    onChange();
  };
  return html`<${ActionButton} class="small" aria-label=${t("workers.cancelTheJobsOf", { name })} work=${cancel}>${t("workers.cancelItsJobs")}</${ActionButton}>`;
}

/** Jobs and callbacks, those that run longest first; and for how long, at a moment of the server's. */
function RunningList({ worker, date }) {
  const more = worker.runningJobs - worker.running.length;
  return html`<ul class="running">
    ${worker.running.map((one) => html`<li key=${one.id}><${RunningLink} one=${one} /> <span>${one.model ?? t("workers.callback")}${one.provider && html` <span class="muted">${t("workers.at", { provider: one.provider })}</span>`}</span>
      <span class="number">${duration(Math.max(0, new Date(date) - new Date(one.startedDate)))}</span></li>`)}
    ${more > 0 && html`<li class="muted">${t("workers.andMore", { count: number(more) })}</li>`}
  </ul>`;
}

function RunningLink({ one }) {
  return one.model ? html`<a href="/admin/jobs/${one.id}">${t("workers.job", { id: one.id })}</a>` : html`<a href="/admin/callbacks/${one.id}">${t("workers.job", { id: one.id })}</a>`;
}

function served(queues) {
  const names = queues.map((queue) => queue.replace(/^chat\./, ""));
  return names.length > SHOWN_QUEUES ? t("words.andMore", { names: names.slice(0, SHOWN_QUEUES - 1).join(", "), count: names.length - SHOWN_QUEUES + 1 }) : names.join(", ");
}
