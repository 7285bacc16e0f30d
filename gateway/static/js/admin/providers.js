// Providers: their health, why one is offline, add, change, hold, test.

import { html, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { number } from "../lib/format.js";
import { useBusy } from "../lib/busy.js";
import { ActionButton } from "../ui/button.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Empty } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { ProviderForm } from "./provider-form.js";
import { Ago, Facts, Loaded, LookOnly, StateBadge, may } from "./parts.js";
import { useData } from "./use-data.js";

const EVERY_MS = 3000;

export function ProvidersSection({ who }) {
  const mayChange = may(who, "admin:providers");
  const [edited, setEdited] = useState(null);
  const [tried, setTried] = useState(null);
  const from = useData(read, "providers", EVERY_MS);
  const done = (saved, isToBeTried) => {
    setEdited(null);
    if (isToBeTried) setTried(saved);
    from.reload();
    // Whether it is there is known now, not with the first job.
    post("CheckAiProviderStatus", { provider: saved.name })
      .then(({ result, reason }) => result || toast(`“${saved.name}” does not answer: ${reason ?? "no reason given"}`))
      .catch(() => {})
      .finally(from.reload);
  };
  return html`<div class="stack"><${LookOnly} who=${who} scope="admin:providers" />
    ${mayChange && html`<div><button type="button" class="button primary" onClick=${() => setEdited({})}><${Icon} name="plus" /> Add a provider</button></div>`}
    <${Loaded} from=${from}>${({ providers, types }) => html`
      ${providers.length
        ? html`<div class="provider-grid">${providers.map((one) => html`<${Provider} key=${one.id} one=${one} mayChange=${mayChange} onEdit=${() => setEdited(one)} onTry=${() => setTried(one)} onChange=${from.reload} />`)}</div>`
        : html`<${Empty} icon="plug" title="No provider yet"><p>Add one here, or in providers.toml.</p></${Empty}>`}
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
    const sure = await confirm({ title: `Delete “${one.name}”?`, text: "Its key is deleted with it. What runs there is finished; its jobs that wait go to other providers of their models.", action: "Delete" });
    if (sure) await run(post("DeleteAiProvider", { id: one.id }, { method: "DELETE" }), `“${one.name}” is deleted.`);
  };
  const check = () => run(post("CheckAiProviderStatus", { provider: one.name }), ({ result, reason }) => (result ? `“${one.name}” answers.` : `“${one.name}” does not answer: ${reason ?? "no reason given"}`));
  const hold = () => run(post("ChangeAiProviderStatus", { provider: one.name, online: !isOn }), isOn ? `“${one.name}” gets no more jobs.` : `“${one.name}” gets jobs again.`);
  return html`<article class="card provider">
    <h2 class="row between"><span class="truncate">${one.name}</span><${StateBadge} state=${stateOf(one)} /></h2>
    ${one.enabled && one.status === "online" && one.probeProblem && html`<p class="notice warn small">When it was last asked, ${one.probeProblem}.</p>`}
    ${one.offlineReason && html`<p class="notice ${one.status === "offline" ? "bad" : "warn"} small"><span>${one.offlineReason}${one.offlineDate ? html`, since <${Ago} date=${one.offlineDate} />` : ""}</span></p>`}
    <${Facts} rows=${[
      ["Type", one.aiTypeId], ["Address", html`<code class="small">${one.apiBaseUrl}</code>`],
      ["Key", one.hasApiKey ? "kept sealed" : one.apiKeyVar ? html`<code class="small">${one.apiKeyVar}</code>` : "none"],
      ["Models", models(one.models)], ["At once", one.concurrency ? number(one.concurrency) : "no limit"], ["Priority", number(one.priority)],
      ["Requests a minute", one.requestsPerMinute], ["Tokens a minute", one.tokensPerMinute], ["From", one.origin === "file" ? "providers.toml" : "these pages or the API"],
    ]} />
    ${mayChange && html`<div class="row">
      <${ActionButton} class="small" work=${check} busy="Checking …">Check</${ActionButton}>
      <button type="button" class="button small" onClick=${onTry}>Test …</button>
      <button type="button" class="button small" onClick=${onEdit}>Edit …</button>
      <${ActionButton} class="small" work=${hold}>${isOn ? "Hold" : "Resume"}</${ActionButton}>
      <${ActionButton} class="small danger" work=${remove}>Delete</${ActionButton}>
    </div>`}
  </article>`;
}

function models(rows) {
  const names = rows.map(({ model, apiModel }) => (apiModel && apiModel !== model ? `${model} → ${apiModel}` : model));
  return names.length > 6 ? html`<details><summary>${names.slice(0, 5).join(", ")} and ${names.length - 5} more</summary>${names.slice(5).join(", ")}</details>` : names.join(", ");
}

function Trial({ one, onClose }) {
  const [model, setModel] = useState(one.models[0]?.model ?? "");
  const [prompt, setPrompt] = useState("Say hello in one sentence.");
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
  return html`<${Dialog} title="Test “${one.name}”" onClose=${onClose}><form class="stack" onSubmit=${submit}>
    <${Field} id="trial-model" label="Model">${(attributes) => html`<select ...${attributes} class="select" value=${model} onChange=${(event) => setModel(event.target.value)}>${one.models.map((row) => html`<option key=${row.model} value=${row.model}>${row.model}</option>`)}</select>`}</${Field}>
    <${Field} id="trial-prompt" label="Message">${(attributes) => html`<textarea ...${attributes} class="textarea" rows="3" required value=${prompt} onInput=${(event) => setPrompt(event.target.value)}></textarea>`}</${Field}>
    <div><button class="button primary" aria-busy=${isBusy}>${isBusy ? "Waiting …" : "Send"}</button></div>
    ${state.error && html`<div class="notice bad" role="alert">${state.error.message}</div>`}
    ${state.text !== undefined && html`<div class="stack" role="status"><pre class="body" tabindex="0"><code>${state.text}</code></pre><span class="muted small number">${Math.round(state.ms)} ms</span></div>`}
  </form></${Dialog}>`;
}
