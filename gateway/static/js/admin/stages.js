// The stages that a job passes: what waits at each, how late it is, and how busy who works there is.

import { html } from "../lib/html.js";
import { duration, number } from "../lib/format.js";

const NAMES = { completion: "Completion", callbacks: "Callbacks", history: "History" };
const MEANINGS = { completion: "answered, to become final", callbacks: "to be posted", history: "to be written down" };

export const stageName = ({ name, model }) => model ?? NAMES[name];

/** The stage with the largest lag; null when nothing waits anywhere. */
export function furthestBehind(stages) {
  const late = stages.filter(({ depth }) => depth).sort((one, other) => other.lagSecs - one.lagSecs);
  return late[0] ?? null;
}

/** How much of something is taken, in words and as a bar beside them. */
export function Meter({ taken, of, what, format = number }) {
  if (of == null) return html`<span class="number">${number(taken)} ${what}, no limit</span>`;
  const share = of ? Math.min(1, taken / of) : 0;
  return html`<span class="meter"><span class="number">${format(taken)} of ${format(of)} ${what}</span>
    <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="6" /><rect class="taken ${share >= 1 ? "full" : ""}" width=${share * 100} height="6" /></svg></span>`;
}

export function StageTable({ stages, waiting }) {
  const hurry = Object.fromEntries(waiting.map((row) => [row.model, row]));
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="Queues"><table class="table cards stages">
    <thead><tr><th scope="col">Queue</th><th scope="col">Waiting</th><th scope="col" class="number">Lag</th><th scope="col" class="number">In flight</th><th scope="col">Slots</th><th scope="col" class="number">Workers</th></tr></thead>
    <tbody>
      ${waiting.length === 0 && html`<tr><td colspan="6" class="muted">No model's queue yet: each comes with its first job.</td></tr>`}
      ${stages.map((stage) => html`<${StageRow} key=${`${stage.name} ${stage.model}`} stage=${stage} hurry=${hurry[stage.model]} />`)}
    </tbody></table></div>`;
}

function StageRow({ stage, hurry }) {
  return html`<tr>
    <th scope="row"><${StageLink} stage=${stage} /></th>
    <td data-label="Waiting"><span>${number(stage.depth)}<${Kinds} stage=${stage} hurry=${hurry} /></span></td>
    <td data-label="Lag" class="number">${stage.depth ? duration(stage.lagSecs * 1000) : "none"}</td>
    <td data-label="In flight" class="number">${number(stage.inFlight)}</td>
    <td data-label="Slots">${!stage.slots ? "–" : html`<${Meter} taken=${stage.busy} of=${stage.slots} what="busy" />`}</td>
    <td data-label="Workers" class="number">${stage.workers ? number(stage.workers) : html`<span class="badge ${stage.depth ? "bad" : ""}">no worker</span>`}</td>
  </tr>`;
}

function StageLink({ stage }) {
  const { name, model } = stage;
  if (model) return html`<a href="/admin/jobs?${new URLSearchParams({ state: "Queued", model })}">${model}</a>`;
  return html`<span>${name === "callbacks" ? html`<a href="/admin/callbacks?state=Pending">${NAMES[name]}</a>` : NAMES[name]} <span class="muted small">${MEANINGS[name]}</span></span>`;
}

/** Of what waits: how much of a hurry it is in, or that its receiver is what it waits for. */
function Kinds({ stage, hurry }) {
  const kinds = ["interactive", "queued", "bulk"].filter((kind) => hurry?.[kind]);
  const told = kinds.length === 1 ? kinds[0] : kinds.map((kind) => `${number(hurry[kind])} ${kind}`).join(", ");
  const held = stage.held ? `and ${number(stage.held)} held until their receiver has room` : "";
  return told || held ? html` <span class="muted small">${told || held}</span>` : null;
}
