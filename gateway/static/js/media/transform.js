// Files that are converted, scaled, cropped, trimmed or marked, several at once.

import { html, useState } from "../lib/html.js";
import { useForm } from "../lib/form.js";
import { own } from "../lib/own.js";
import { useStay } from "../lib/stay.js";
import { bytes } from "../lib/format.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Empty } from "../ui/states.js";
import { toastError } from "../ui/toast.js";
import { Drop, kindOf } from "./files.js";
import { TAGS, artifactsOf, download, problemOf, queue, told, useJob, useMade } from "./jobs.js";
import { ACTIONS, callOf, startOf } from "./transforms.js";
import { t } from "../texts/media.js";

const KINDS = { image: t("transform.pictures"), video: t("transform.videos"), audio: t("transform.sound") };

export function Transform() {
  const { values: chosen, set } = useForm("transform", { kind: "image", action: "Convert" });
  const kind = own(ACTIONS, chosen.kind) ? chosen.kind : "image";
  const action = own(ACTIONS[kind], chosen.action) ? chosen.action : Object.keys(ACTIONS[kind])[0];
  const [work, setWork] = useState([]);
  useStay(work.some(({ jobId, error }) => !jobId && !error));
  const send = async (file, values) => {
    const entry = { key: `${Date.now()}-${Math.random()}`, file, what: [t(`transformAction.${action}`), values.outputFormat].filter(Boolean).join(" → "), share: 0, jobId: null };
    const change = (next) => setWork((all) => all.map((one) => (one.key === entry.key ? { ...one, ...next } : one)));
    setWork((all) => [entry, ...all]);
    const { watermark, ...given } = values;
    const files = { [kind]: file, ...(watermark ? { watermark } : {}) };
    try {
      change({ jobId: await queue(callOf(kind, action), { ...given, tag: TAGS.transforms }, files, { onSent: (share) => change({ share }) }) });
    } catch (error) {
      change({ error });
    }
  };
  return html`<div class="columns">
    <div class="card stack">
      <div class="row" role="group" aria-label=${t("transform.whatKind")}>${Object.entries(KINDS).map(([key, label]) => html`<button type="button" key=${key} class="button small" aria-pressed=${key === kind} onClick=${() => set({ kind: key, action })}>${label}</button>`)}</div>
      <${Field} id="action" label=${t("transform.whatToDo")}>${(at) => html`<select ...${at} class="select" value=${action} onChange=${(event) => set({ kind, action: event.target.value })}>
        ${Object.keys(ACTIONS[kind]).map((one) => html`<option key=${one} value=${one}>${t(`transformAction.${one}`)}</option>`)}</select>`}</${Field}>
      <${Action} key=${`${kind} ${action}`} kind=${kind} action=${action} onFile=${send} />
    </div>
    ${work.length ? html`<ul class="work" aria-label=${t("transform.files")}>${work.map((one) => html`<${Piece} key=${one.key} entry=${one} />`)}</ul>`
      : html`<${Empty} icon="wand" title=${t("words.nothingYet")}><p>${t("transform.sayWhatToDo")}</p></${Empty}>`}
  </div>`;
}

/** What is chosen for one action, and the files that it is done with: `onFile(file, values)`. */
function Action({ kind, action, onFile }) {
  const fields = ACTIONS[kind][action];
  const { values, set } = useForm(`transform:${kind}:${action}`, startOf(fields));
  const take = (files) => {
    const missing = fields.find(({ name, needed }) => needed && !values[name]);
    if (missing) return toastError(new Error(t("transform.isMissing", { label: missing.label })));
    const wrong = files.filter((file) => kindOf(file) !== kind);
    if (wrong.length) toastError(new Error(t("transform.doesNotBelongTo", { name: wrong[0].name, kind: KINDS[kind].toLowerCase() })));
    for (const file of files) if (kindOf(file) === kind) onFile(file, values);
    return undefined;
  };
  return html`<div class="pair">${fields.map((field) => html`<${Option} key=${field.name} field=${field} value=${values[field.name]} onChange=${(value) => set({ [field.name]: value })} />`)}</div>
    <${Drop} label=${t("transform.chooseFiles")} hint=${t("words.orDropThemHere")} accept=${`${kind}/*`} multiple onFiles=${take} />`;
}

function Option({ field, value, onChange }) {
  const write = (event) => onChange(event.target.value);
  return html`<${Field} id=${field.name} label=${field.label} hint=${field.hint}>${(at) => {
    if (field.options) return html`<select ...${at} class="select" value=${value} onChange=${write}>${field.options.map((one) => html`<option key=${one} value=${one}>${field.told?.(one) ?? one}</option>`)}</select>`;
    if (field.type === "file") return html`<input ...${at} class="input" type="file" accept="image/*" onChange=${(event) => onChange(event.target.files[0] ?? "")} />`;
    return html`<input ...${at} class="input" type=${field.type ?? "text"} min="0" step=${field.step ?? 1} placeholder=${field.placeholder} value=${value} onInput=${write} />`;
  }}</${Field}>`;
}

function Piece({ entry }) {
  const { status, error } = useJob(entry.jobId);
  const files = useMade(artifactsOf, entry.jobId, status);
  const state = status?.jobState;
  const made = files?.[0];
  const isOver = ["Failed", "Cancelled"].includes(state);
  const failure = entry.error ?? error ?? (isOver ? new Error(problemOf(status)) : files && !made ? new Error(t("transform.isGone")) : null);
  const sending = !entry.jobId && !failure;
  return html`<li class="card piece">
    <div class="row between"><strong class="truncate">${entry.file.name}</strong><span class="muted small">${entry.what} · ${bytes(entry.file.size)}</span></div>
    ${failure ? html`<p class="small bad-text" role="alert"><${Icon} name="warning" /> ${failure.message}</p>`
      : !made && html`<div class="stack tight" role="status"><span class="small">${sending ? t("words.sendingShare", { percent: Math.round(entry.share * 100) }) : told(status)}</span>
          <progress aria-label=${t("transform.progressOf", { name: entry.file.name })} max="1" value=${sending ? entry.share * 0.5 : progressOf(state)}></progress></div>`}
    ${made && html`<div class="row">${/\.(jpe?g|png|gif|webp|bmp)$/i.test(made.fileName) && html`<img loading="lazy" src=${made.url} alt=${t("transform.theResult")} />`}
      <a class="button small" href=${download(made.url)} download=${made.fileName}><${Icon} name="download" /> ${t("words.download")}</a></div>`}
  </li>`;
}

const progressOf = (state) => ({ Queued: 0.55, Started: 0.75, Executed: 0.95 }[state] ?? 0.5);
