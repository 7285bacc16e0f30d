// Adding a provider, or changing one: choose what it is, paste its key, tick its models, see it answer.

import { html, useRef, useState } from "../lib/html.js";
import { get, mayPass, post } from "../lib/api.js";
import { number } from "../lib/format.js";
import { useBusy } from "../lib/busy.js";
import { changesOf } from "../lib/changes.js";
import { hasPassword, useForm } from "../lib/form.js";
import { own } from "../lib/own.js";
import { ActionButton } from "../ui/button.js";
import { Dialog, DialogCancel } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { Restored } from "../ui/restored.js";
import { toast } from "../ui/toast.js";
import { PRESETS } from "./presets.js";
import { t } from "../texts/admin.js";

const asText = (rows = []) => rows.map(({ model, apiModel }) => (apiModel && apiModel !== model ? `${model} = ${apiModel}` : model)).join("\n");

const asModels = (text) =>
  text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => {
    const [model, apiModel] = line.split(/\s+=\s+/);
    return { model, apiModel: apiModel ?? model };
  });

const valuesOf = (one) => ({
  name: one.name ?? "", aiTypeId: one.aiTypeId ?? "openai", apiBaseUrl: one.apiBaseUrl ?? "", apiKeyVar: one.apiKeyVar ?? "", apiKeyHeader: one.apiKeyHeader ?? "", apiKey: "",
  models: asText(one.models), concurrency: String(one.concurrency || ""), priority: String(one.priority ?? 0), requestsPerMinute: String(one.requestsPerMinute ?? ""), tokensPerMinute: String(one.tokensPerMinute ?? ""),
  adaptive: one.adaptive ?? false, batch: one.batch ?? false, metricsUrl: one.metricsUrl ?? "", preset: "",
});
/** What is folded away where one adds a provider. */
const FOLDED = ["apiKeyVar", "priority", "concurrency", "requestsPerMinute", "tokensPerMinute", "metricsUrl", "adaptive", "batch"];
const isSecret = (name, value) => name === "apiKey" || (["apiBaseUrl", "metricsUrl"].includes(name) && hasPassword(value));
const NUMBERS = new Set(["concurrency", "priority", "requestsPerMinute", "tokensPerMinute"]);

/** Values of the form as the API takes them. An empty key is none: the one that is kept stays. */
function bodyOf({ apiKey, apiKeyHeader, models, preset: _preset, ...rest }) {
  const others = Object.entries(rest).map(([name, value]) => [name, NUMBERS.has(name) ? Number(value) || 0 : value]);
  return { ...Object.fromEntries(others), ...(models === undefined ? {} : { models: asModels(models) }), ...(apiKey ? { apiKey } : {}), ...(apiKeyHeader ? { apiKeyHeader } : {}) };
}

/** Whether a field of the form says what is wrong with it; all else is said above them. */
const hasPlace = (param) => !["adaptive", "batch", "preset"].includes(param) && Object.hasOwn(valuesOf({}), param);

const named = (wanted) => get("QueryAiProviders", { take: 1000 }).then(({ results }) => results.find(({ name }) => name === wanted));

export function ProviderForm({ one, types, onClose, onDone }) {
  const isNew = one.id === undefined;
  const form = useForm(`provider:${one.id ?? "new"}`, valuesOf(one), isSecret);
  const { before, values, set } = form;
  const chosen = own(PRESETS, values.preset);
  const [error, setError] = useState(null);
  const [isBusy, once] = useBusy();
  const wasLost = useRef(false);
  const save = async (isToBeTried) => {
    setError(null);
    const changes = bodyOf(isNew ? values : changesOf(before, values));
    if (isNew) await create(chosen?.here && values.apiBaseUrl === chosen.baseUrl ? { ...changes, proxy: "direct" } : changes);
    else if (Object.keys(changes).length) await post("UpdateAiProvider", { ...changes, id: one.id }, { method: "PATCH" });
    form.sent();
    toast(t("providerForm.isSaved", { name: values.name }));
    onDone({ name: values.name, models: asModels(values.models) }, isToBeTried);
  };
  const create = async (fields) => {
    try {
      await post("CreateAiProvider", fields);
    } catch (error) {
      // It was added when the answer to that was lost: as the form was then.
      const made = wasLost.current && error.code === "provider_exists" && (await named(fields.name));
      wasLost.current ||= mayPass(error);
      if (!made) throw error;
      await post("UpdateAiProvider", { ...fields, id: made.id }, { method: "PATCH" });
    }
  };
  const submit = (event) => {
    event.preventDefault();
    once(() => save(event.submitter?.value === "try")).catch(setError);
  };
  const text = (name, label, hint, extra = {}) => html`<${Field} id="provider-${name}" label=${label} hint=${hint} problem=${error?.param === name ? error.message : ""}>
    ${(attributes) => html`<input ...${attributes} class="input" ...${extra} value=${values[name]} onInput=${(event) => set({ [name]: event.target.value })} />`}
  </${Field}>`;
  const check = (name, label) => html`<label class="check"><input type="checkbox" checked=${values[name]} onChange=${(event) => set({ [name]: event.target.checked })} /><span>${label}</span></label>`;
  const typeIds = types.length ? types.map(({ id }) => id) : ["openai", "ollama", "anthropic"];
  const choose = (name) => {
    const { type, baseUrl, header = "" } = PRESETS[name];
    const isOwnName = values.name && !own(PRESETS, values.name);
    set({ preset: name, aiTypeId: type, apiBaseUrl: baseUrl, apiKeyHeader: header, ...(isOwnName ? {} : { name }) });
    setTimeout(() => document.getElementById(PRESETS[name].key && baseUrl ? "provider-apiKey" : "provider-apiBaseUrl")?.focus());
  };
  const others = html`<div class="form-grid">
    ${text("apiKeyVar", t("providerForm.apiKeyVar"), t("providerForm.apiKeyVarHint"))}
    ${text("priority", t("words.priority"), t("providerForm.higherIsAskedFirst"), { type: "number", step: 1 })}
    ${text("concurrency", t("words.concurrentCalls"), t("providerForm.overAllWorkersEmpty"), { type: "number", min: 0, step: 1 })}
    ${text("requestsPerMinute", t("words.requestsPerMinute"), t("providerForm.emptyNoLimit"), { type: "number", min: 0, step: 1 })}
    ${text("tokensPerMinute", t("words.tokensPerMinute"), t("providerForm.emptyNoLimit"), { type: "number", min: 0, step: 1 })}
    ${text("metricsUrl", t("providerForm.metricsUrl"), t("providerForm.metricsUrlHint"), { type: "url" })}
  </div>
  <div class="row">${check("adaptive", t("providerForm.adaptive"))}${check("batch", t("providerForm.ownBatches"))}</div>`;
  return html`<${Dialog} title=${isNew ? t("words.addAProvider") : t("words.editName", { name: one.name })} wide form=${form} onClose=${onClose}>
    <form class="stack" onSubmit=${submit} autocomplete="off">
      <${Restored} form=${form} hasSecrets />
      ${error && !hasPlace(error.param) && html`<div class="notice bad" role="alert">${error.message}</div>`}
      ${isNew && html`<div class="preset-tiles" role="group" aria-label=${t("providerForm.whatItIs")}>${Object.entries(PRESETS).map(([name, { title }], index) => html`<button type="button" key=${name} autofocus=${index === 0} class="button small" aria-pressed=${values.preset === name} onClick=${() => choose(name)}>${title}</button>`)}</div>`}
      <div class="form-grid two">
        ${text("name", t("words.name"), t("providerForm.howRequestsAndStatistics"), { required: true, autofocus: !isNew })}
        <${Field} id="provider-type" label=${t("words.type")} hint=${t("providerForm.theApiThatIt")} problem=${error?.param === "aiTypeId" ? error.message : ""}>${(attributes) => html`<select ...${attributes} class="select" value=${values.aiTypeId} onChange=${(event) => set({ aiTypeId: event.target.value })}>${typeIds.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}</select>`}</${Field}>
        ${text("apiBaseUrl", t("providerForm.baseUrl"), values.apiBaseUrl.includes("***") ? t("providerForm.passwordKept") : t("providerForm.asAnOpenaiSdk"), { type: "url", required: true })}
        ${text("apiKey", t("providerForm.apiKey"), one.hasApiKey ? t("providerForm.apiKeyKept") : t("providerForm.apiKeyHint"), { type: "password", autocomplete: "new-password" })}
      </div>
      <${Models} one=${one} values=${values} problem=${error?.param === "models" ? error.message : ""} onChange=${(models) => set({ models })} />
      ${isNew ? html`<details open=${FOLDED.some((name) => name === error?.param || values[name] !== before[name])}><summary class="label">${t("providerForm.more")}</summary>${others}</details>` : others}
      <div class="row"><button class="button primary" aria-busy=${isBusy}>${isBusy ? t("words.saving") : t("words.save")}</button><button class="button" value="try" aria-busy=${isBusy}>${t("providerForm.saveAndTest")}</button><${DialogCancel} /></div>
    </form>
  </${Dialog}>`;
}

/** Which models: those that it says it has, to be ticked, or written by hand. */
function Models({ one, values, problem, onChange }) {
  const [found, setFound] = useState(null);
  const [reason, setReason] = useState("");
  const [search, setSearch] = useState("");
  const list = async () => {
    setReason("");
    const { aiTypeId, apiBaseUrl, apiKey, apiKeyVar, apiKeyHeader } = values;
    const masked = apiBaseUrl.includes("***") ? {} : { apiBaseUrl };
    const answer = await post("ListAiProviderModels", { ...bodyOf({ aiTypeId, apiKey, apiKeyVar, apiKeyHeader }), ...masked, ...(one.id === undefined ? {} : { name: one.name }) });
    setReason(answer.reason ?? "");
    if (!answer.reason) setFound(answer.results);
  };
  const chosen = asModels(values.models);
  const has = (name) => chosen.some(({ apiModel }) => apiModel === name);
  const toggle = (name) => onChange(asText(has(name) ? chosen.filter(({ apiModel }) => apiModel !== name) : [...chosen, { model: name, apiModel: name }]));
  const shown = (found ?? []).filter((name) => name.toLowerCase().includes(search.toLowerCase()));
  return html`<div class="stack">
    <div class="row"><${ActionButton} class="small" busy=${t("providerForm.asking")} work=${list}>${t("providerForm.listItsModels")}</${ActionButton}>
      ${found && html`<span class="muted small">${t("providerForm.foundChosen", { found: number(found.length), chosen: number(chosen.length) })}</span>`}</div>
    ${reason && html`<p class="notice bad small" role="alert">${t("providerForm.itDoesNotTell", { reason })}</p>`}
    ${found?.length > 0 && html`<fieldset class="plain model-ticks"><legend class="visually-hidden">${t("providerForm.itsModels")}</legend>
      ${found.length > 8 && html`<input class="input" type="search" placeholder=${t("providerForm.searchModels")} aria-label=${t("providerForm.searchItsModels")} value=${search} onInput=${(event) => setSearch(event.target.value)} />`}
      <div class="ticks" tabindex="0" role="group" aria-label=${t("providerForm.itsModels")}>${shown.map((name) => html`<label class="check" key=${name}><input type="checkbox" checked=${has(name)} onChange=${() => toggle(name)} /><span>${name}</span></label>`)}</div></fieldset>`}
    <${Field} id="provider-models" label=${t("words.models")} hint=${t("providerForm.oneALinePublic")} problem=${problem}>
      ${(attributes) => html`<textarea ...${attributes} class="textarea mono" rows=${found ? 3 : 5} required value=${values.models} onInput=${(event) => onChange(event.target.value)}></textarea>`}
    </${Field}></div>`;
}
