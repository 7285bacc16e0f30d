// The log of a callback's attempts.

import { html } from "../lib/html.js";
import { duration, moment } from "../lib/format.js";
import { Code } from "../ui/code.js";
import { t } from "../texts/admin.js";

const triggerName = (trigger) => (["replay", "test"].includes(trigger) ? t(`trigger.${trigger}`) : trigger);

/** `delivery` as GetDelivery answers it. */
export function AttemptLog({ delivery }) {
  const log = delivery.log ?? delivery.result?.log ?? delivery.attempts ?? [];
  if (!log.length) return html`<p class="muted small">${t("delivery.noAttemptWasMade")}</p>`;
  return html`<ol class="timeline">${log.map((row) => html`<li key=${row.number} class=${row.status >= 200 && row.status < 300 ? "good" : "bad"}>
    <span class="row"><strong>${row.number}</strong> <span class="badge ${row.status >= 200 && row.status < 300 ? "good" : "bad"}">${row.status ?? row.error}</span>
      <span class="muted small number">${moment(row.startedDate)} · ${duration(row.durationMs)}${row.ip ? ` · ${row.ip}` : ""}${row.trigger !== "schedule" ? ` · ${triggerName(row.trigger)}` : ""}</span></span>
    ${row.detail && html`<span class="small">${row.detail}</span>`}
    ${row.responseHead && html`<${Code} class="small head" text=${row.responseHead} />`}
    ${row.nextAttemptSecs != null && html`<span class="small muted">${t("delivery.againAfter", { nextAttemptSecs: duration(row.nextAttemptSecs * 1000) })}</span>`}
  </li>`)}</ol>`;
}
