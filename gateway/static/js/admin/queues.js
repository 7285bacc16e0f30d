// Queues and workers: what waits where and since when, who works there, what runs now.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { number } from "../lib/format.js";
import { isServed } from "./attention-rules.js";
import { Meter, StageTable } from "./stages.js";
import { useData } from "../lib/use-data.js";
import { Loaded, Loading } from "../ui/states.js";
import { LostWorkers, Workers } from "./workers.js";
import { t } from "../texts/admin.js";

const EVERY_MS = 2000;
const PROVIDERS_EVERY_MS = 10_000;

/** A model that no provider has any more is named as long as a job of it waits or runs. */
const isOfUse = ({ model, depth, inFlight }, providers) => !model || depth > 0 || inFlight > 0 || isServed(providers, model) !== false;

export function QueuesSection({ who }) {
  const from = useData(() => get("GetOverview"), "queues", EVERY_MS);
  const { data: providers } = useData(() => get("QueryAiProviders", { take: 1000 }).then(({ results }) => results, () => null), "queues-providers", PROVIDERS_EVERY_MS);
  // Which rows there are follows from them: none goes a moment after it came.
  if (providers === undefined) return html`<${Loading} />`;
  return html`<${Loaded} from=${from}>${(now) => html`<div class="stack">
    <${LostWorkers} workers=${now.lostWorkers} />
    <section class="stack"><h2>${t("words.queues")}</h2><${StageTable} stages=${now.stages.filter((stage) => isOfUse(stage, providers))} waiting=${now.waiting} isServed=${(model) => isServed(providers, model)} />
      <p class="muted small">${t("queues.lagIsHowLong")}</p></section>
    <section class="stack"><h2>${t("words.workers")}</h2><${Workers} mayCancel=${who.isAdmin} workers=${now.workers} date=${now.date} onChange=${from.reload} /></section>
    <${ProviderSlots} providers=${now.providers} />
  </div>`}</${Loaded}>`;
}

function ProviderSlots({ providers }) {
  if (!providers.length) return null;
  const tell = providers.some((one) => one.waitingThere != null || one.metricsProblem);
  return html`<section class="stack"><h2>${t("queues.callsAtProviders")}</h2>
    <div class="table-frame" tabindex="0" role="region" aria-label=${t("queues.callsAtProviders")}><table class="table cards">
      <thead><tr><th scope="col">${t("words.provider")}</th><th scope="col">${t("words.concurrentCalls")}</th>${tell && html`<th scope="col">${t("queues.atTheServer")}</th>`}</tr></thead>
      <tbody>${providers.map((one) => html`<tr key=${one.name}><th scope="row"><a class="word" href="/admin/providers?${new URLSearchParams({ name: one.name })}">${one.name}</a></th>
        <td data-label=${t("words.concurrentCalls")}><${Meter} taken=${one.inUse} of=${one.limit} what=${t("queues.inUse")} /></td>
        ${tell && html`<td data-label=${t("queues.atTheServer")}><${AtServer} one=${one} /></td>`}</tr>`)}</tbody>
    </table></div></section>`;
}

/** How many requests wait in a provider's own queue; while any do, batches send it nothing. */
function AtServer({ one }) {
  if (one.metricsProblem) return html`<span class="small muted">${t("queues.metricsTellNothing", { why: one.metricsProblem })}</span>`;
  if (one.waitingThere == null) return "–";
  return html`<span class="number">${number(one.waitingThere)}</span> ${one.waitingThere > 0 && html`<span class="badge warn">${t("queues.batchesPause")}</span>`}`;
}
