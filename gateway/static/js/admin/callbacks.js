// Callbacks: which were delivered, which were not, and another try.

import { html, useState } from "../lib/html.js";
import { get, inParts, post } from "../lib/api.js";
import { asMoments } from "../lib/days.js";
import { duration, moment, number } from "../lib/format.js";
import { useBusy } from "../lib/busy.js";
import { skipOf } from "../lib/address.js";
import { hasPassword, useForm } from "../lib/form.js";
import { ActionButton } from "../ui/button.js";
import { Code } from "../ui/code.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { Empty, Loaded } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { AttemptLog } from "./delivery.js";
import { Ago, Facts, Filters, OwnOnly, NoRows, Pager, StateBadge } from "./parts.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const TAKE = 50;
/** How far into the list the API looks. */
const MOST_SKIPPED = 100_000;
const EVERY_MS = 5000;
/** One that is looked at alone is looked at to see it move. */
const ONE_EVERY_MS = 1500;
const PATH = "/admin/callbacks";
const FILTERS = [
  { name: "state", label: t("words.state"), options: ["Pending", "Delivered", "Stopped", "Exhausted", "Cancelled"] },
  { name: "host", label: t("callbacks.host") },
  { name: "tag", label: t("words.tag") },
  { name: "refId", label: t("words.refid") },
  { name: "from", label: t("words.from"), type: "date" },
  { name: "to", label: t("words.to"), type: "date" },
];

export function CallbacksSection({ who, place, query }) {
  return place.length ? html`<${OneDelivery} id=${place[0]} />` : html`<${DeliveryList} who=${who} query=${query} />`;
}

function DeliveryList({ who, query }) {
  const skip = skipOf(query, MOST_SKIPPED);
  const [testing, setTesting] = useState(false);
  const asked = asMoments({ ...query, skip, take: TAKE });
  const from = useData(() => get("GetDeliveries", asked), JSON.stringify(asked), skip ? 0 : EVERY_MS);
  return html`<div class="stack"><${OwnOnly} who=${who} text=${t("callbacks.ownOnly")} />
    <${Filters} fields=${FILTERS} query=${query} path=${PATH} />
    <div class="row"><button type="button" class="button small" onClick=${() => setTesting(true)}>${t("callbacks.testReceiver")}</button>
      <${ReplayAll} query=${asked} onDone=${from.reload} /></div>
    <${Loaded} from=${from}>${({ results, total }) => html`
      ${results.length ? html`<${DeliveryTable} rows=${results} />` : html`<${NoRows} skip=${skip} path=${PATH} query=${query}><${Empty} icon="bell" title=${t("callbacks.noCallbacksFound")}><p>${t("callbacks.jobsWithAReplyto")}</p></${Empty}></${NoRows}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />
    `}</${Loaded}>
    ${testing && html`<${TestReceiver} onClose=${() => setTesting(false)} />`}
  </div>`;
}

function DeliveryTable({ rows }) {
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${t("words.callbacks")}><table class="table cards dense">
    <thead><tr><th>${t("words.job")}</th><th>${t("words.state")}</th><th>${t("callbacks.receiver")}</th><th class="number">${t("words.attempts")}</th><th>${t("callbacks.next")}</th><th class="minor">${t("words.created")}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <td data-label=${t("words.job")} class="first"><a href="${PATH}/${row.id}">${row.id}</a> <span class="muted small ref truncate">${row.refId}</span></td>
      <td data-label=${t("words.state")} class="state"><${StateBadge} state=${row.state} />${row.reason && row.state !== "Delivered" ? html` <span class="small muted">${row.reason}</span>` : null}</td>
      <td data-label=${t("callbacks.receiver")} class="what"><code class="small receiver" title=${row.url}>${row.url}</code></td>
      <td data-label=${t("words.attempts")} class="number">${number(row.attempts)}</td>
      <td data-label=${t("callbacks.next")} class=${row.nextAttemptDate ? "when" : ""}>${row.nextAttemptDate ? html`<${Ago} date=${row.nextAttemptDate} />` : "–"}</td>
      <td data-label=${t("words.created")} class="minor ${row.nextAttemptDate ? "" : "when"}"><${Ago} date=${row.createdDate} /></td>
    </tr>`)}</tbody>
  </table></div>`;
}

function ReplayAll({ query, onDone }) {
  const { skip: _skip, take: _take, ...filter } = query;
  // Not by RefId: the API sends many by what they have in common, one on its own page.
  if (!Object.keys(filter).length || filter.refId) return null;
  const run = async () => {
    const { total } = await post("ReplayDeliveries", { ...filter, dryRun: true });
    if (!total) return toast(t("callbacks.thereIsNothingTo"));
    const sure = await confirm({ title: t("callbacks.sendCallbacksAgain", { count: total }), text: t("callbacks.receiversSeeTheSame"), action: t("callbacks.sendAgain"), danger: false });
    if (!sure) return undefined;
    let replayed = 0;
    for await (const done of inParts("ReplayDeliveries", filter)) replayed += done.replayed;
    toast(t("callbacks.areOnTheirWay", { count: replayed }));
    return onDone();
  };
  return html`<${ActionButton} class="small" work=${run}>${t("callbacks.sendAllOfThese")}</${ActionButton}>`;
}

function OneDelivery({ id }) {
  const from = useData(() => get("GetDelivery", { id }), `delivery-${id}`, ONE_EVERY_MS);
  const act = async (dto, said) => {
    await post(dto, { id: Number(id) });
    toast(said);
    from.reload();
  };
  return html`<div class="stack"><p><a href=${PATH}>${t("callbacks.allCallbacks")}</a></p><${Loaded} from=${from}>${(delivery) => {
    const row = delivery.result;
    return html`<section class="card">
      <h2 class="row between"><span class="row">${t("callbacks.callbackOfJob", { id: row.id })} <${StateBadge} state=${row.state} /></span>
        <span class="row"><${ActionButton} class="small" work=${() => act("ReplayDelivery", t("callbacks.itIsSentAgain"))}>${t("callbacks.sendAgain")}</${ActionButton}>
          ${row.state === "Pending" && html`<${ActionButton} class="small danger" work=${() => act("CancelDelivery", t("callbacks.noMoreAttemptsAre"))}>${t("callbacks.giveUp")}</${ActionButton}>`}</span></h2>
      <${Facts} rows=${[[t("callbacks.receiver"), html`<code>${row.url}</code>`, true], [t("callbacks.why"), row.reason], ["webhook-id", html`<code>${row.webhookId}</code>`], [t("words.attempts"), number(row.attempts)],
        [t("words.created"), moment(row.createdDate)], [t("callbacks.nextAttempt"), row.nextAttemptDate && moment(row.nextAttemptDate)], [t("words.ended"), row.endedDate && moment(row.endedDate)], [t("words.job"), html`<a href="/admin/jobs/${row.id}">${row.refId}</a>`]]} />
    </section><section class="card"><h2>${t("words.attempts")}</h2><${AttemptLog} delivery=${delivery} /></section>`;
  }}</${Loaded}></div>`;
}

function TestReceiver({ onClose }) {
  const { values: { url }, set } = useForm("receiver", { url: "" }, (_, value) => hasPassword(value));
  const [state, setState] = useState({});
  const [isBusy, once] = useBusy();
  const submit = (event) => {
    event.preventDefault();
    once(run);
  };
  const run = async () => {
    setState({});
    try {
      setState({ outcome: await post("TestCallback", { url: url.trim() }) });
    } catch (error) {
      setState({ error });
    }
  };
  const { outcome, error } = state;
  return html`<${Dialog} title=${t("callbacks.testReceiverTitle")} onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <${Field} id="test-url" label=${t("callbacks.url")} hint=${t("callbacks.itGetsOneSigned")} problem=${error?.message}>
        ${(attributes) => html`<input ...${attributes} class="input" type="url" required autofocus placeholder="https://" value=${url} onInput=${(event) => set({ url: event.target.value })} />`}
      </${Field}>
      <div><button class="button primary" aria-busy=${isBusy}>${isBusy ? t("callbacks.sending") : t("callbacks.sendTheSample")}</button></div>
      ${outcome && html`<${Outcome} outcome=${outcome} />`}
    </form>
  </${Dialog}>`;
}

function Outcome({ outcome: { delivered, reason, result } }) {
  const { status, detail, durationMs, responseHead } = result;
  const said = status ? t("callbacks.itAnsweredAfter", { status, durationMs: duration(durationMs) }) : t("callbacks.noAnswerAfter", { durationMs: duration(durationMs) });
  return html`<div class="notice ${delivered ? "good" : "bad"}" role="status"><span><strong>${delivered ? t("callbacks.delivered") : t("callbacks.notDelivered")}</strong> ${said}: ${detail ?? reason}</span></div>
    ${responseHead && html`<pre class="body" tabindex="0" aria-label=${t("callbacks.theBeginningOfIts")}><${Code} text=${responseHead} /></pre>`}`;
}
