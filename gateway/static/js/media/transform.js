// Files that are converted, scaled, cropped, trimmed or marked, several at once.

import { html, useEffect, useRef } from "../lib/html.js";
import { useChosen } from "../lib/chosen.js";
import { useForm } from "../lib/form.js";
import { own } from "../lib/own.js";
import { bytes } from "../lib/format.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Empty } from "../ui/states.js";
import { toastError } from "../ui/toast.js";
import { Drop, NotKept, SendAgain, kindOf } from "./files.js";
import { TAGS, artifactsOf, download, problemOf, queue, told, useJob, useMade } from "./jobs.js";
import { useSent } from "./sent.js";
import { ACTIONS, callOf, startOf } from "./transforms.js";
import { t } from "../texts/media.js";

const KINDS = { image: t("transform.pictures"), video: t("transform.videos"), audio: t("transform.sound") };

export function Transform() {
  const { values: chosen, set } = useForm("transform", { kind: "image", action: "Convert" });
  const kind = own(ACTIONS, chosen.kind) ? chosen.kind : "image";
  const action = own(ACTIONS[kind], chosen.action) ? chosen.action : Object.keys(ACTIONS[kind])[0];
  const sent = useSent("transforms");
  const send = (file, { watermark, ...given }) => {
    const what = [t(`transformAction.${action}`), given.outputFormat].filter(Boolean).join(" → ");
    const files = { [kind]: file, ...(watermark ? { watermark } : {}) };
    return sent.add(file, { what }, (onSent) => queue(callOf(kind, action), { ...given, tag: TAGS.transforms }, files, { onSent }));
  };
  return html`<div class="columns">
    <div class="card stack">
      <div class="row" role="group" aria-label=${t("transform.whatKind")}>${Object.entries(KINDS).map(([key, label]) => html`<button type="button" key=${key} class="button small" aria-pressed=${key === kind} onClick=${() => set({ kind: key, action })}>${label}</button>`)}</div>
      <${Field} id="action" label=${t("transform.whatToDo")}>${(at) => html`<select ...${at} class="select" value=${action} onChange=${(event) => set({ kind, action: event.target.value })}>
        ${Object.keys(ACTIONS[kind]).map((one) => html`<option key=${one} value=${one}>${t(`transformAction.${one}`)}</option>`)}</select>`}</${Field}>
      <${Action} key=${`${kind} ${action}`} kind=${kind} action=${action} onFile=${send} />
    </div>
    ${sent.rows.length ? html`<div class="stack"><ul class="work" aria-label=${t("transform.files")}>${sent.rows.map((one) => html`<${Piece} key=${one.key} entry=${one} />`)}</ul>
        <div class="row"><button type="button" class="button small" onClick=${() => sent.clear()}>${t("transform.clear")}</button></div></div>`
      : html`<${Empty} icon="wand" title=${t("words.nothingYet")}><p>${t("transform.sayWhatToDo")}</p></${Empty}>`}
  </div>`;
}

/** What is chosen for one action, and the files that it is done with: `onFile(file, values)`. */
function Action({ kind, action, onFile }) {
  const fields = ACTIONS[kind][action];
  const form = useForm(`transform:${kind}:${action}`, startOf(fields));
  const chosen = useChosen(form, fields.find(({ type }) => type === "file")?.name);
  const take = (files) => {
    const values = { ...form.values, watermark: chosen.file };
    const missing = fields.find(({ name, needed }) => needed && !values[name]);
    if (missing) return toastError(new Error(t("transform.isMissing", { label: missing.label })));
    const wrong = files.filter((file) => kindOf(file) !== kind);
    if (wrong.length) toastError(new Error(t("transform.doesNotBelongTo", { name: wrong[0].name, kind: KINDS[kind].toLowerCase() })));
    for (const file of files) if (kindOf(file) === kind) onFile(file, values);
    return undefined;
  };
  return html`<div class="pair">${fields.map((field) => html`<${Option} key=${field.name} field=${field} value=${form.values[field.name]} chosen=${chosen} onChange=${(value) => form.set({ [field.name]: value })} />`)}</div>
    <${NotKept} chosen=${chosen} />
    <${Drop} label=${t("transform.chooseFiles")} hint=${t("words.orDropThemHere")} accept=${`${kind}/*`} multiple onFiles=${take} />`;
}

function Option({ field, value, chosen, onChange }) {
  const write = (event) => onChange(event.target.value);
  return html`<${Field} id=${field.name} label=${field.label} hint=${field.hint}>${(at) => {
    if (field.options) return html`<select ...${at} class="select" value=${value} onChange=${write}>${field.options.map((one) => html`<option key=${one} value=${one}>${field.told?.(one) ?? one}</option>`)}</select>`;
    if (field.type === "file") return html`<${ChooseOne} at=${at} chosen=${chosen} />`;
    return html`<input ...${at} class="input" type=${field.type ?? "text"} min="0" step=${field.step ?? 1} placeholder=${field.placeholder} value=${value} onInput=${write} />`;
  }}</${Field}>`;
}

/** A field for one picture, also of one that was chosen before this page was loaded. */
function ChooseOne({ at, chosen: { file, choose } }) {
  const input = useRef(null);
  useEffect(() => {
    if (input.current.files[0] === file) return;
    const data = new DataTransfer();
    if (file) data.items.add(file);
    input.current.files = data.files;
  }, [file]);
  return html`<input ref=${input} ...${at} class="input" type="file" accept="image/*" onChange=${(event) => choose(event.target.files[0] ?? null)} />`;
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
    <div class="row between"><strong class="truncate">${entry.name}</strong><span class="muted small">${entry.what} · ${bytes(entry.size)}</span></div>
    ${failure ? html`<p class="small bad-text" role="alert"><${Icon} name="warning" /> ${failure.message} <${SendAgain} entry=${entry} /></p>`
      : !made && html`<div class="stack tight" role="status"><span class="small">${sending ? t("words.sendingShare", { percent: Math.round(entry.share * 100) }) : told(status)}</span>
          <progress aria-label=${t("transform.progressOf", { name: entry.name })} max="1" value=${sending ? entry.share * 0.5 : progressOf(state)}></progress></div>`}
    ${made && html`<div class="row">${/\.(jpe?g|png|gif|webp|bmp)$/i.test(made.fileName) && html`<img loading="lazy" src=${made.url} alt=${t("transform.theResult")} />`}
      <a class="button small" href=${download(made.url)} download=${made.fileName}><${Icon} name="download" /> ${t("words.download")}</a></div>`}
  </li>`;
}

const progressOf = (state) => ({ Queued: 0.55, Started: 0.75, Executed: 0.95 }[state] ?? 0.5);
