// What was made: pictures or sound, with what was asked, the model, what it cost, and what to do with it.

import { html, useEffect, useReducer, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { ago, money } from "../lib/format.js";
import { ActionButton, IconButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Empty, Failed, Loading } from "../ui/states.js";
import { toastError } from "../ui/toast.js";
import { artifactsOf, download, fileOf, problemOf, told, useJob } from "./jobs.js";
import { t } from "../texts/media.js";

const TAKE = 12;

/** The jobs with this tag, the newest first: {rows, problem, hasMore, add, remove, more, reload}. */
export function useGallery(tag) {
  const [state, setState] = useState({ rows: null, problem: null, hasMore: false });
  const read = async (skip) => (await get("QueryJobs", { tag, skip, take: TAKE })).results.map(asRow);
  const load = () => read(0).then(
    (rows) => setState((now) => ({ rows: joined(now.rows ?? [], rows), problem: null, hasMore: rows.length === TAKE })),
    (problem) => setState((now) => ({ ...now, problem })),
  );
  useEffect(() => void load(), [tag]);
  const more = async () => {
    const rows = await read(state.rows.length);
    setState((now) => ({ ...now, rows: joined(now.rows, rows), hasMore: rows.length === TAKE }));
  };
  const add = (row) => setState((now) => ({ ...now, rows: [row, ...(now.rows ?? [])] }));
  const remove = (id) => setState((now) => ({ ...now, rows: now.rows.filter((one) => one.id !== id) }));
  return { ...state, add, remove, more, reload: load };
}

const asRow = ({ id, model, cost, createdDate }) => ({ id, model, cost, createdDate });
const joined = (before, rows) => [...before, ...rows.filter((row) => !before.some(({ id }) => id === row.id))];

/** `onUse(file)`, if it is given, is told of a picture that is to be begun with. */
export function Gallery({ gallery, onUse, empty }) {
  const { rows, problem, hasMore } = gallery;
  if (!rows && problem) return html`<${Failed} error=${problem} onRetry=${gallery.reload} />`;
  if (!rows) return html`<${Loading} />`;
  if (!rows.length) return html`<${Empty} icon="image" title=${t("words.nothingYet")}><p>${empty}</p></${Empty}>`;
  return html`<section class="stack" aria-label=${t("gallery.whatWasMade")}>
    <ul class="gallery">${rows.map((row) => html`<${Made} key=${row.id} row=${row} onUse=${onUse} onGone=${() => gallery.remove(row.id)} />`)}</ul>
    ${hasMore && html`<${ActionButton} work=${gallery.more}>${t("gallery.showMore")}</${ActionButton}>`}
  </section>`;
}

function Made({ row, onUse, onGone }) {
  const { status, error } = useJob(row.id);
  const [about, setAbout] = useReducer((now, next) => ({ ...now, ...next }), { files: null, prompt: row.prompt, cost: row.cost });
  const state = status?.jobState;
  useEffect(() => {
    if (state !== "Completed") return;
    artifactsOf(row.id).then((files) => setAbout({ files }), () => setAbout({ files: [] }));
    if (about.prompt === undefined) promptOf(row.id).then((prompt) => setAbout({ prompt }), () => {});
    if (about.cost == null) costOf(status.refId).then((cost) => setAbout({ cost }), () => {});
  }, [state]);
  const remove = async () => {
    const isSure = await confirm({ title: t("gallery.deleteThis"), text: t("gallery.theFileIsDeleted"), action: t("gallery.delete") });
    if (!isSure) return;
    await post("DeleteFiles", { paths: about.files.map(({ url }) => url) });
    onGone();
  };
  // Files that have expired, or were deleted.
  if (about.files && !about.files.length) return null;
  const isOver = state === "Failed" || state === "Cancelled";
  return html`<li class="made card">
    ${about.files ? about.files.map((file) => html`<${File} key=${file.url} file=${file} prompt=${about.prompt} onUse=${onUse} />`)
      : html`<div class="waiting" role="status">${isOver || error ? html`<${Icon} name="warning" />` : html`<span class="spinner"></span>`}
          <span>${error ? error.message : isOver ? problemOf(status) : told(status)}</span></div>`}
    ${about.prompt && html`<p class="prompt" dir="auto">${about.prompt}</p>`}
    <div class="row between small muted"><span class="truncate">${row.model}</span>
      <span class="row">${about.cost != null && html`<span title=${t("gallery.whatItCost")}>${money(about.cost)}</span>`}${row.createdDate && html`<time datetime=${row.createdDate}>${ago(row.createdDate)}</time>`}
      ${about.files && html`<${IconButton} icon="trash" small label=${t("gallery.delete")} onClick=${() => remove().catch(toastError)} />`}</span></div>
  </li>`;
}

function File({ file, prompt, onUse }) {
  const isSound = /\.(mp3|wav|aac|flac|ogg|opus|m4a)$/i.test(file.fileName);
  const use = () => fileOf(file).then(onUse);
  return html`<figure class="file">
    ${isSound ? html`<audio controls preload="none" src=${file.url}></audio>` : html`<a href=${file.url} target="_blank" rel="noopener"><img loading="lazy" src=${file.url} alt=${prompt || t("gallery.aPicture")} /></a>`}
    <figcaption class="row">
      <a class="button small" href=${download(file.url)} download=${file.fileName}><${Icon} name="download" /> ${t("words.download")}</a>
      ${onUse && !isSound && html`<${ActionButton} class="small" work=${use}>${t("gallery.useAsInput")}</${ActionButton}>`}
    </figcaption>
  </figure>`;
}

/** What a job was asked, if it was asked in words. */
async function promptOf(jobId) {
  const { result } = await get("GetOpenAiChat", { id: jobId });
  const asked = JSON.parse(result.requestBody ?? "{}");
  return asked.prompt ?? asked.input ?? "";
}

/** What a job cost; it is known a moment after its end. */
async function costOf(refId) {
  await new Promise((done) => setTimeout(done, 1500));
  return (await get("QueryJobs", { refId, take: 1 })).results[0]?.cost;
}
