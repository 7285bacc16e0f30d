// Files that are converted, scaled, cropped, trimmed or marked, several at once.

import { html, useEffect, useState } from "../lib/html.js";
import { bytes } from "../lib/format.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Empty } from "../ui/states.js";
import { toastError } from "../ui/toast.js";
import { Drop, kindOf } from "./files.js";
import { TAGS, artifactsOf, download, problemOf, queue, told, useJob } from "./jobs.js";
import { ACTIONS, callOf, startOf } from "./transforms.js";
import { t } from "../texts/media.js";

const KINDS = { image: t("transform.pictures"), video: t("transform.videos"), audio: t("transform.sound") };

export function Transform() {
  const [kind, setKind] = useState("image");
  const [action, setAction] = useState("Convert");
  const fields = ACTIONS[kind][action];
  const [values, setValues] = useState(startOf(fields));
  const [work, setWork] = useState([]);
  const choose = (nextKind, nextAction) => {
    const known = ACTIONS[nextKind][nextAction] ? nextAction : Object.keys(ACTIONS[nextKind])[0];
    setKind(nextKind);
    setAction(known);
    setValues(startOf(ACTIONS[nextKind][known]));
  };
  const send = async (file) => {
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
  const take = (files) => {
    const missing = fields.find(({ name, needed }) => needed && !values[name]);
    if (missing) return toastError(new Error(t("transform.isMissing", { label: missing.label })));
    const wrong = files.filter((file) => kindOf(file) !== kind);
    if (wrong.length) toastError(new Error(t("transform.doesNotBelongTo", { name: wrong[0].name, kind: KINDS[kind].toLowerCase() })));
    files.filter((file) => kindOf(file) === kind).forEach(send);
  };
  return html`<div class="columns">
    <div class="card stack">
      <div class="row" role="group" aria-label=${t("transform.whatKind")}>${Object.entries(KINDS).map(([key, label]) => html`<button type="button" key=${key} class="button small" aria-pressed=${key === kind} onClick=${() => choose(key, action)}>${label}</button>`)}</div>
      <${Field} id="action" label=${t("transform.whatToDo")}>${(at) => html`<select ...${at} class="select" value=${action} onChange=${(event) => choose(kind, event.target.value)}>
        ${Object.keys(ACTIONS[kind]).map((one) => html`<option key=${one} value=${one}>${t(`transformAction.${one}`)}</option>`)}</select>`}</${Field}>
      <div class="pair">${fields.map((field) => html`<${Option} key=${`${action}-${field.name}`} field=${field} value=${values[field.name]} onChange=${(value) => setValues({ ...values, [field.name]: value })} />`)}</div>
      <${Drop} label=${t("transform.chooseFiles")} hint=${t("words.orDropThemHere")} accept=${`${kind}/*`} multiple onFiles=${take} />
    </div>
    ${work.length ? html`<ul class="work" aria-label=${t("transform.files")}>${work.map((one) => html`<${Piece} key=${one.key} entry=${one} />`)}</ul>`
      : html`<${Empty} icon="wand" title=${t("words.nothingYet")}><p>${t("transform.sayWhatToDo")}</p></${Empty}>`}
  </div>`;
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
  const [files, setFiles] = useState(null);
  const state = status?.jobState;
  useEffect(() => {
    if (state === "Completed") artifactsOf(entry.jobId).then(setFiles, () => setFiles([]));
  }, [state]);
  const failure = entry.error ?? error ?? (["Failed", "Cancelled"].includes(state) ? new Error(problemOf(status)) : null);
  const sending = !entry.jobId && !failure;
  const made = files?.[0];
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
