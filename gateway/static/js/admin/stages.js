// The stages that a job passes: what waits at each, how late it is, and how busy who works there is.

import { html } from "../lib/html.js";
import { duration, number } from "../lib/format.js";
import { t } from "../texts/admin.js";

const NAMES = { completion: t("stages.completion"), callbacks: t("words.callbacks"), history: t("stages.history") };
const MEANINGS = { completion: t("stages.answeredToBecomeFinal"), callbacks: t("stages.toBePosted"), history: t("stages.toBeWrittenDown") };

export const stageName = ({ name, model }) => model ?? NAMES[name];

/** The stage with the largest lag; null when nothing waits anywhere. */
export function furthestBehind(stages) {
  const late = stages.filter(({ depth }) => depth).sort((one, other) => other.lagSecs - one.lagSecs);
  return late[0] ?? null;
}

/** How much of something is taken, in words and as a bar beside them. */
export function Meter({ taken, of, what, format = number }) {
  if (of == null) return html`<span class="number">${t("stages.noLimit", { taken: number(taken), what })}</span>`;
  const share = of ? Math.min(1, taken / of) : 0;
  return html`<span class="meter"><span class="number">${t("stages.of", { taken: format(taken), of: format(of), what })}</span>
    <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="6" /><rect class="taken ${share >= 1 ? "full" : ""}" width=${share * 100} height="6" /></svg></span>`;
}

export function StageTable({ stages, waiting, isServed }) {
  const hurry = Object.fromEntries(waiting.map((row) => [row.model, row]));
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${t("words.queues")}><table class="table cards stages">
    <thead><tr><th scope="col">${t("stages.queue")}</th><th scope="col">${t("words.waiting")}</th><th scope="col" class="number">${t("stages.lag")}</th><th scope="col" class="number">${t("words.inFlight")}</th><th scope="col">${t("stages.slots")}</th><th scope="col" class="number">${t("words.workers")}</th></tr></thead>
    <tbody>
      ${waiting.length === 0 && html`<tr><td colspan="6" class="muted">${t("stages.noModelsQueueYet")}</td></tr>`}
      ${stages.map((stage) => html`<${StageRow} key=${`${stage.name} ${stage.model}`} stage=${stage} hurry=${hurry[stage.model]} isOrphan=${Boolean(stage.model) && isServed(stage.model) === false} />`)}
    </tbody></table></div>`;
}

function StageRow({ stage, hurry, isOrphan }) {
  return html`<tr>
    <th scope="row"><${StageLink} stage=${stage} />${isOrphan && html` <span class="badge bad">${t("stages.noProvider")}</span>`}</th>
    <td data-label=${t("words.waiting")}><span>${number(stage.depth)}<${Kinds} stage=${stage} hurry=${hurry} /></span></td>
    <td data-label=${t("stages.lag")} class="number">${stage.depth ? duration(stage.lagSecs * 1000) : t("words.none")}</td>
    <td data-label=${t("words.inFlight")} class="number">${number(stage.inFlight)}</td>
    <td data-label=${t("stages.slots")}>${!stage.slots ? "–" : html`<${Meter} taken=${stage.busy} of=${stage.slots} what=${t("stages.busy")} />`}</td>
    <td data-label=${t("words.workers")} class="number">${stage.workers ? number(stage.workers) : html`<span class="badge ${stage.depth ? "bad" : ""}">${t("stages.noWorker")}</span>`}</td>
  </tr>`;
}

function StageLink({ stage }) {
  const { name, model } = stage;
  if (model) return html`<a class="word" href="/admin/jobs?${new URLSearchParams({ state: "Queued", model })}">${model}</a>`;
  return html`<span>${name === "callbacks" ? html`<a href="/admin/callbacks?state=Pending">${NAMES[name]}</a>` : NAMES[name]} <span class="muted small">${MEANINGS[name]}</span></span>`;
}

/** Of what waits: how much of a hurry it is in, or that its receiver is what it waits for. */
function Kinds({ stage, hurry }) {
  const kinds = ["interactive", "queued", "bulk"].filter((kind) => hurry?.[kind]);
  const told = kinds.length === 1 ? t(`stages.${kinds[0]}`) : kinds.map((kind) => `${number(hurry[kind])} ${t(`stages.${kind}`)}`).join(", ");
  const held = stage.held ? t("stages.andHeldUntilTheir", { count: number(stage.held) }) : "";
  return told || held ? html` <span class="muted small">${told || held}</span>` : null;
}
