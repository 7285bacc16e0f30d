// What goes with every message of a conversation: the system prompt and how the model answers.

import { html, useEffect, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { useBusy } from "../lib/busy.js";
import { ActionButton } from "../ui/button.js";
import { Dialog, confirm } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { toast, toastError } from "../ui/toast.js";
import { newId } from "./tree.js";

const NUMBERS = [
  { name: "temperature", label: "Temperature", hint: "0 is the most predictable, 2 the least. Empty: the model's own.", min: 0, max: 2, step: 0.1 },
  { name: "topP", label: "Top P", hint: "Share of the likeliest words to choose from.", min: 0, max: 1, step: 0.05 },
  { name: "maxTokens", label: "Longest answer (tokens)", hint: "Empty: as long as the model wants.", min: 1, step: 1 },
];

/** `onChange` takes the fields that are changed. */
export function SettingsPanel({ settings, onChange: set, onClose }) {
  return html`<${Dialog} title="Settings of this conversation" onClose=${onClose}
      footer=${html`<button type="button" class="button primary" onClick=${onClose}>Done</button>`}>
    <${SystemPrompt} value=${settings.system ?? ""} promptId=${settings.promptId} onChange=${set} />
    <div class="setting-grid">
      ${NUMBERS.map(({ name, label, hint, ...limits }) => html`<${Field} key=${name} id=${name} label=${label} hint=${hint}>
        ${(attributes) => html`<input ...${attributes} ...${limits} class="input" type="number" inputmode="decimal" value=${settings[name] ?? ""}
          onInput=${(event) => set({ [name]: event.target.value === "" ? undefined : Number(event.target.value) })} />`}
      </${Field}>`)}
      <${Field} id="effort" label="Reasoning effort" hint="For models that reason.">
        ${(attributes) => html`<select ...${attributes} class="select" value=${settings.reasoningEffort ?? ""}
            onChange=${(event) => set({ reasoningEffort: event.target.value || undefined })}>
          <option value="">The model's own</option><option value="low">Low</option><option value="medium">Medium</option><option value="high">High</option>
        </select>`}
      </${Field}>
      <${Field} id="voice" label="Voice" hint="For models that speak, such as “alloy”. Empty: they write.">
        ${(attributes) => html`<input ...${attributes} class="input" maxlength="64" value=${settings.voice ?? ""} onInput=${(event) => set({ voice: event.target.value.trim() || undefined })} />`}
      </${Field}>
    </div>
  </${Dialog}>`;
}

function SystemPrompt({ value, promptId, onChange }) {
  const [prompts, setPrompts] = useState([]);
  const [name, setName] = useState(null);
  const load = () => get("QueryPrompts").then(({ results }) => setPrompts(results), toastError);
  useEffect(() => { load(); }, []);
  const chosen = prompts.find((prompt) => prompt.id === promptId);
  const choose = (id) => {
    const prompt = prompts.find((one) => one.id === id);
    onChange({ promptId: id || undefined, system: prompt?.value ?? "" });
    const isWritten = value.trim() && !prompts.some((one) => one.value === value);
    if (isWritten) toast("Your own prompt was replaced.", { undo: () => onChange({ promptId, system: value }) });
  };
  const run = (work) => work.then(load);
  const put = ({ id, name: called, value: said }) => run(post("SavePrompt", { id, name: called, value: said }));
  const save = async () => {
    await put({ ...chosen, value });
    toast(`“${chosen.name}” is changed.`, { undo: () => (chosen.isOwn ? put(chosen) : run(post("DeletePrompt", { id: chosen.id }))) });
  };
  const [isBusy, once] = useBusy();
  const saveAs = (event) => {
    event.preventDefault();
    return once(saveNew).catch(toastError);
  };
  const saveNew = async () => {
    const id = newId();
    await run(post("SavePrompt", { id, name: name.trim(), value }));
    onChange({ promptId: id });
    setName(null);
  };
  const remove = async () => {
    const sure = await confirm({ title: "Delete this prompt?", text: `“${chosen.name}” is taken out of your library.`, action: "Delete" });
    if (!sure) return;
    await run(post("DeletePrompt", { id: chosen.id }).then(() => onChange({ promptId: undefined })));
    toast(`“${chosen.name}” is deleted.`, { undo: () => put(chosen) });
  };
  const isChanged = chosen && chosen.value !== value;
  return html`<div class="stack">
    <${Field} id="prompt" label="From the library">
      ${(attributes) => html`<select ...${attributes} class="select" value=${chosen?.id ?? ""} onChange=${(event) => choose(event.target.value)}>
        <option value="">No system prompt</option>
        ${prompts.map((prompt) => html`<option key=${prompt.id} value=${prompt.id}>${prompt.name}${prompt.isOwn ? " (yours)" : ""}</option>`)}
      </select>`}
    </${Field}>
    <${Field} id="system" label="System prompt" hint="What the model is told before the conversation.">
      ${(attributes) => html`<textarea ...${attributes} class="textarea" rows="5" value=${value} onInput=${(event) => onChange({ system: event.target.value })}></textarea>`}
    </${Field}>
    ${name === null
      ? html`<div class="row">
          ${isChanged && html`<${ActionButton} class="small" work=${save}>Save “${chosen.name}”</${ActionButton}>`}
          ${value && html`<button type="button" class="button small" onClick=${() => setName("")}>Save as …</button>`}
          ${chosen?.isOwn && html`<${ActionButton} class="small danger" work=${remove}>Delete from library</${ActionButton}>`}
        </div>`
      : html`<form class="row" onSubmit=${saveAs}>
          <input class="input grow" aria-label="Name of the prompt" placeholder="Name" required maxlength="100" value=${name} onInput=${(event) => setName(event.target.value)} />
          <button class="button primary small" disabled=${isBusy || !name.trim()}>Save</button>
          <button type="button" class="button small" onClick=${() => setName(null)}>Cancel</button>
        </form>`}
  </div>`;
}
