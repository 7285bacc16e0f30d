// What goes with every message of a conversation: the system prompt and how the model answers.

import { html, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { useBusy } from "../lib/busy.js";
import { madeOnce } from "../lib/once.js";
import { useData } from "../lib/use-data.js";
import { ActionButton } from "../ui/button.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { toast, toastError } from "../ui/toast.js";
import { t } from "../texts/chat.js";

const NUMBERS = [
  { name: "temperature", label: t("settingsPanel.temperature"), hint: t("settingsPanel.temperatureHint"), min: 0, max: 2, step: 0.1 },
  { name: "topP", label: t("settingsPanel.topP"), hint: t("settingsPanel.topPHint"), min: 0, max: 1, step: 0.05 },
  { name: "maxTokens", label: t("settingsPanel.maxTokens"), hint: t("settingsPanel.maxTokensHint"), min: 1, step: 1 },
];

/** `onChange` takes the fields that are changed. */
export function SettingsPanel({ settings, onChange: set, onClose }) {
  // Numbers are given to their fields once: while somebody writes 0.05, 0.0 would become 0.
  return html`<${Dialog} title=${t("words.settingsOfThisConversation")} onClose=${onClose}
      footer=${html`<button type="button" class="button primary" onClick=${onClose}>${t("settingsPanel.done")}</button>`}>
    <${SystemPrompt} value=${settings.system ?? ""} promptId=${settings.promptId} onChange=${set} />
    <div class="setting-grid">
      ${NUMBERS.map(({ name, label, hint, ...limits }) => html`<${Field} key=${name} id=${name} label=${label} hint=${hint}>
        ${(attributes) => html`<input ...${attributes} ...${limits} class="input" type="number" inputmode="decimal" defaultValue=${settings[name] ?? ""}
          onInput=${(event) => set({ [name]: event.target.value === "" ? undefined : Number(event.target.value) })} />`}
      </${Field}>`)}
      <${Field} id="effort" label=${t("settingsPanel.reasoningEffort")} hint=${t("settingsPanel.forModelsThatReason")}>
        ${(attributes) => html`<select ...${attributes} class="select" value=${settings.reasoningEffort ?? ""}
            onChange=${(event) => set({ reasoningEffort: event.target.value || undefined })}>
          <option value="">${t("settingsPanel.theModelsOwn")}</option><option value="low">${t("settingsPanel.low")}</option><option value="medium">${t("settingsPanel.medium")}</option><option value="high">${t("settingsPanel.high")}</option>
        </select>`}
      </${Field}>
      <${Field} id="voice" label=${t("settingsPanel.voice")} hint=${t("settingsPanel.voiceHint")}>
        ${(attributes) => html`<input ...${attributes} class="input" maxlength="64" value=${settings.voice ?? ""} onInput=${(event) => set({ voice: event.target.value.trim() || undefined })} />`}
      </${Field}>
    </div>
  </${Dialog}>`;
}

function SystemPrompt({ value, promptId, onChange }) {
  const from = useData(() => get("QueryPrompts").then(({ results }) => results), "prompts");
  const prompts = from.data ?? [];
  const [name, setName] = useState(null);
  const chosen = prompts.find((prompt) => prompt.id === promptId);
  const choose = (id) => {
    const prompt = prompts.find((one) => one.id === id);
    onChange({ promptId: id || undefined, system: prompt?.value ?? "" });
    const isWritten = value.trim() && !prompts.some((one) => one.value === value);
    if (isWritten) toast(t("settingsPanel.yourOwnPromptWas"), { undo: () => onChange({ promptId, system: value }) });
  };
  const run = (work) => work.then(from.reload);
  const put = ({ id, name: called, value: said }) => run(post("SavePrompt", { id, name: called, value: said }));
  const save = async () => {
    await put({ ...chosen, value });
    toast(t("settingsPanel.isChanged", { name: chosen.name }), { undo: () => (chosen.isOwn ? put(chosen) : run(post("DeletePrompt", { id: chosen.id }))) });
  };
  const [isBusy, once] = useBusy();
  const saveAs = (event) => {
    event.preventDefault();
    return once(saveNew).catch(toastError);
  };
  const saveNew = async () => {
    const id = await madeOnce(["prompt", name, value], (made) => post("SavePrompt", { id: made, name: name.trim(), value }).then(() => made));
    await from.reload();
    onChange({ promptId: id });
    setName(null);
  };
  const remove = async () => {
    const sure = await confirm({ title: t("settingsPanel.deleteThisPrompt"), text: t("settingsPanel.isTakenOutOf", { name: chosen.name }), action: t("words.delete") });
    if (!sure) return;
    await run(post("DeletePrompt", { id: chosen.id }).then(() => onChange({ promptId: undefined })));
    toast(t("settingsPanel.isDeleted", { name: chosen.name }), { undo: () => put(chosen) });
  };
  const isChanged = chosen && chosen.value !== value;
  return html`<div class="stack">
    ${from.error && html`<p class="notice warn small" role="status">${t("settingsPanel.libraryUnknown", { message: from.error.message })}</p>`}
    <${Field} id="prompt" label=${t("settingsPanel.fromTheLibrary")}>
      ${(attributes) => html`<select ...${attributes} class="select" value=${chosen?.id ?? ""} onChange=${(event) => choose(event.target.value)}>
        <option value="">${t("settingsPanel.noSystemPrompt")}</option>
        ${prompts.map((prompt) => html`<option key=${prompt.id} value=${prompt.id}>${prompt.name}${prompt.isOwn ? ` ${t("settingsPanel.yours")}` : ""}</option>`)}
      </select>`}
    </${Field}>
    <${Field} id="system" label=${t("settingsPanel.systemPrompt")} hint=${t("settingsPanel.whatTheModelIs")}>
      ${(attributes) => html`<textarea ...${attributes} class="textarea" rows="5" value=${value} onInput=${(event) => onChange({ system: event.target.value })}></textarea>`}
    </${Field}>
    ${name === null
      ? html`<div class="row">
          ${isChanged && html`<${ActionButton} class="small" work=${save}>${t("settingsPanel.save", { name: chosen.name })}</${ActionButton}>`}
          ${value && html`<button type="button" class="button small" onClick=${() => setName("")}>${t("settingsPanel.saveAs")}</button>`}
          ${chosen?.isOwn && html`<${ActionButton} class="small danger" work=${remove}>${t("settingsPanel.deleteFromLibrary")}</${ActionButton}>`}
        </div>`
      : html`<form class="row" onSubmit=${saveAs}>
          <input class="input grow" aria-label=${t("settingsPanel.nameOfThePrompt")} placeholder=${t("settingsPanel.name")} required maxlength="100" value=${name} onInput=${(event) => setName(event.target.value)} />
          <button class="button primary small" disabled=${isBusy || !name.trim()}>${t("settingsPanel.saveIt")}</button>
          <button type="button" class="button small" onClick=${() => setName(null)}>${t("words.cancel")}</button>
        </form>`}
  </div>`;
}
