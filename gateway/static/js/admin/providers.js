// Providers: their health, why one is offline, add, change, hold, test.

import { html, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { duration, number, percent } from "../lib/format.js";
import { useBusy } from "../lib/busy.js";
import { useForm } from "../lib/form.js";
import { ActionButton } from "../ui/button.js";
import { Code } from "../ui/code.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Empty, Loaded } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { ProviderForm } from "./provider-form.js";
import { Ago, Facts, LookOnly, StateBadge, may } from "./parts.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const EVERY_MS = 3000;

export function ProvidersSection({ who, query }) {
  const mayChange = may(who, "admin:providers");
  const [edited, setEdited] = useState(null);
  const [tried, setTried] = useState(null);
  const from = useData(read, "providers", EVERY_MS);
  const shown = query.name && from.data ? { ...from, data: { ...from.data, providers: from.data.providers.filter(({ name }) => name === query.name) } } : from;
  const done = (saved, isToBeTried) => {
    setEdited(null);
    if (isToBeTried) setTried(saved);
    from.reload();
    // Whether it is there is known now, not with the first job.
    post("CheckAiProviderStatus", { provider: saved.name })
      .then(({ result, reason }) => result || toast(t("words.doesNotAnswer", { name: saved.name, reason: reason ?? t("words.noReasonGiven") })))
      .catch(() => {})
      .finally(from.reload);
  };
  return html`<div class="stack"><${LookOnly} who=${who} scope="admin:providers" />
    <div class="row between">${mayChange && html`<button type="button" class="button primary" onClick=${() => setEdited({})}><${Icon} name="plus" /> ${t("words.addAProvider")}</button>`}
      ${query.name && html`<a class="button small" href="/admin/providers">${t("providers.showAll")}</a>`}</div>
    <${Loaded} from=${shown}>${({ providers, types }) => html`
      ${providers.length
        ? html`<div class="provider-grid">${providers.map((one) => html`<${Provider} key=${one.id} one=${one} mayChange=${mayChange} onEdit=${() => setEdited(one)} onTry=${() => setTried(one)} onChange=${from.reload} />`)}</div>`
        : query.name ? html`<${Empty} icon="plug" title=${t("providers.noSuchProvider", { name: query.name })} />` : html`<${Empty} icon="plug" title=${t("providers.noProviderYet")}><p>${t("providers.addOneHereOr")}</p></${Empty}>`}
      ${edited && html`<${ProviderForm} one=${edited} types=${types} onClose=${() => setEdited(null)} onDone=${done} />`}
    `}</${Loaded}>
    ${tried && html`<${Trial} one=${tried} onClose=${() => setTried(null)} />`}
  </div>`;
}

async function read() {
  const [providers, types] = await Promise.all([get("QueryAiProviders", { take: 1000 }), get("QueryAiTypes").catch(() => ({ results: [] }))]);
  return { providers: providers.results, types: types.results };
}

/** A provider that nobody has asked yet is not known to be online. */
function stateOf(one) {
  if (!one.enabled) return "disabled";
  if (one.status !== "online") return one.status;
  if (one.isAsked === false) return "not asked yet";
  return one.probeProblem ? "does not answer" : "online";
}

function Provider({ one, mayChange, onEdit, onTry, onChange }) {
  const isOn = one.enabled && one.status !== "held";
  const run = async (work, said) => {
    const answer = await work;
    toast(typeof said === "function" ? said(answer) : said);
    onChange();
  };
  const remove = async () => {
    const sure = await confirm({ title: t("providers.deleteName", { name: one.name }), text: t("providers.itsKeyIsDeleted"), action: t("providers.delete") });
    if (sure) await run(post("DeleteAiProvider", { id: one.id }, { method: "DELETE" }), t("providers.isDeleted", { name: one.name }));
  };
  const check = () => run(post("CheckAiProviderStatus", { provider: one.name }), ({ result, reason }) => (result ? t("words.answers", { name: one.name }) : t("words.doesNotAnswer", { name: one.name, reason: reason ?? t("words.noReasonGiven") })));
  const hold = () => run(post("ChangeAiProviderStatus", { provider: one.name, online: !isOn }), isOn ? t("providers.getsNoMoreJobs", { name: one.name }) : t("words.getsJobsAgain", { name: one.name }));
  return html`<article class="card provider">
    <h2 class="row between"><span class="truncate">${one.name}</span><${StateBadge} state=${stateOf(one)} /></h2>
    ${one.enabled && one.status === "online" && one.probeProblem && html`<p class="notice warn small">${t("providers.whenItWasLast", { probeProblem: one.probeProblem })}</p>`}
    ${one.offlineReason && html`<p class="notice ${one.status === "offline" ? "bad" : "warn"} small"><span>${one.offlineReason}${one.offlineDate ? html`, ${t("words.since")} <${Ago} date=${one.offlineDate} />` : ""}</span></p>`}
    <${Facts} rows=${[
      [t("words.type"), one.aiTypeId], [t("providers.baseUrl"), one.aiTypeId === "local" ? null : html`<code class="small">${one.apiBaseUrl}</code>`],
      [t("words.key"), one.hasApiKey ? t("providers.keptSealed") : one.apiKeyVar ? html`<code class="small">${one.apiKeyVar}</code>` : t("words.none")],
      [t("words.models"), models(one.models)], [t("providers.concurrency"), concurrency(one)], [t("words.priority"), number(one.priority)],
      [t("words.requestsPerMinute"), one.requestsPerMinute], [t("words.tokensPerMinute"), one.tokensPerMinute],
      [t("providers.ownBatches"), one.batch ? t("providers.atAPartOfThePrice", { share: percent(one.batchPrice) }) : null], [t("providers.metrics"), one.metricsUrl ? html`<code class="small">${one.metricsUrl}</code>` : null], [t("words.from"), one.origin === "file" ? "providers.toml" : t("providers.thesePagesOrThe")],
    ]} />
    ${mayChange && html`<div class="row">
      <${ActionButton} class="small" work=${check} busy=${t("words.checking")}>${t("words.check")}</${ActionButton}>
      <button type="button" class="button small" onClick=${onTry}>${t("providers.test")}</button>
      <button type="button" class="button small" onClick=${onEdit}>${t("providers.edit")}</button>
      <${ActionButton} class="small" work=${hold}>${isOn ? t("providers.hold") : t("words.resume")}</${ActionButton}>
      <${ActionButton} class="small danger" work=${remove}>${t("providers.delete")}</${ActionButton}>
    </div>`}
  </article>`;
}

function concurrency(one) {
  if (one.adaptive) return one.concurrency ? t("providers.learnedAtMost", { most: number(one.concurrency) }) : t("providers.learned");
  return one.concurrency ? number(one.concurrency) : t("words.noLimit");
}

function models(rows) {
  const names = rows.map(({ model, apiModel }) => (apiModel && apiModel !== model ? `${model} → ${apiModel}` : model));
  return names.length > 6 ? html`<details><summary>${t("words.andMore", { names: names.slice(0, 5).join(", "), count: names.length - 5 })}</summary>${names.slice(5).join(", ")}</details>` : names.join(", ");
}

function Trial({ one, onClose }) {
  const names = one.models.map((row) => row.model);
  const { values, set } = useForm(`trial:${one.name}`, { model: "", prompt: t("providers.sayHelloInOne") });
  const { prompt } = values;
  const model = names.includes(values.model) ? values.model : (names[0] ?? "");
  const [state, setState] = useState({});
  const [isBusy, once] = useBusy();
  const submit = (event) => {
    event.preventDefault();
    once(run);
  };
  const run = async () => {
    setState({});
    const began = performance.now();
    try {
      const answer = await post("ChatAiProvider", { provider: one.name, model, prompt });
      setState({ text: answer.choices?.[0]?.message?.content ?? JSON.stringify(answer), ms: performance.now() - began });
    } catch (error) {
      setState({ error });
    }
  };
  return html`<${Dialog} title=${t("providers.testName", { name: one.name })} onClose=${onClose}><form class="stack" onSubmit=${submit}>
    <${Field} id="trial-model" label=${t("words.model")}>${(attributes) => html`<select ...${attributes} class="select" value=${model} onChange=${(event) => set({ model: event.target.value })}>${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select>`}</${Field}>
    <${Field} id="trial-prompt" label=${t("providers.message")}>${(attributes) => html`<textarea ...${attributes} class="textarea" rows="3" required value=${prompt} onInput=${(event) => set({ prompt: event.target.value })}></textarea>`}</${Field}>
    <div><button class="button primary" aria-busy=${isBusy}>${isBusy ? t("providers.waiting") : t("providers.send")}</button></div>
    ${state.error && html`<div class="notice bad" role="alert">${state.error.message}</div>`}
    ${state.text !== undefined && html`<div class="stack" role="status"><pre class="body" tabindex="0"><${Code} text=${state.text} /></pre><span class="muted small number">${duration(state.ms)}</span></div>`}
  </form></${Dialog}>`;
}
