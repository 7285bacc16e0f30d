// Queues and workers: what waits where and since when, who works there, what runs now.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { Loaded } from "./parts.js";
import { Meter, StageTable } from "./stages.js";
import { useData } from "./use-data.js";
import { LostWorkers, Workers } from "./workers.js";

const EVERY_MS = 2000;

export function QueuesSection({ who }) {
  const from = useData(() => get("GetOverview"), "queues", EVERY_MS);
  return html`<${Loaded} from=${from}>${(now) => html`<div class="stack">
    <${LostWorkers} workers=${now.lostWorkers} />
    <section class="stack"><h2>Queues</h2><${StageTable} stages=${now.stages} waiting=${now.waiting} />
      <p class="muted small">Lag is how long the one has waited that waits longest. Slots are those of all workers of a queue, which may serve other queues with them, too.</p></section>
    <section class="stack"><h2>Workers</h2><${Workers} mayCancel=${who.isAdmin} workers=${now.workers} date=${now.date} onChange=${from.reload} /></section>
    <${ProviderSlots} providers=${now.providers} />
  </div>`}</${Loaded}>`;
}

function ProviderSlots({ providers }) {
  if (!providers.length) return null;
  return html`<section class="stack"><h2>Calls at providers</h2>
    <div class="table-frame" tabindex="0" role="region" aria-label="Calls at providers"><table class="table cards">
      <thead><tr><th scope="col">Provider</th><th scope="col">Calls at once</th></tr></thead>
      <tbody>${providers.map((one) => html`<tr key=${one.name}><th scope="row"><a href="/admin/providers">${one.name}</a></th>
        <td data-label="Calls at once"><${Meter} taken=${one.inUse} of=${one.limit} what="in use" /></td></tr>`)}</tbody>
    </table></div></section>`;
}
