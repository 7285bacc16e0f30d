// What was made: pictures or sound, with what was asked, the model, what it cost, and what to do with it.

import { html, useEffect, useReducer, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { useData } from "../lib/use-data.js";
import { ago, money } from "../lib/format.js";
import { ActionButton, IconButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { Empty, Loaded } from "../ui/states.js";
import { toastError } from "../ui/toast.js";
import { artifactsOf, download, fileOf, problemOf, told, useJob, useMade } from "./jobs.js";
import { t } from "../texts/media.js";

const TAKE = 12;

/** The jobs with this tag, the newest first: {from, rows, hasMore, add, remove, more}; `from` is as `useData` has it. */
export function useGallery(tag) {
  const read = async (skip) => (await get("QueryJobs", { tag, skip, take: TAKE })).results.map(asRow);
  const from = useData(() => read(0), tag);
  const [own, setOwn] = useState({ added: [], further: [], gone: [], last: null });
  const change = (of) => setOwn((now) => ({ ...now, ...of(now) }));
  const first = from.data ?? [];
  const all = joined(own.added, joined(first, own.further));
  const more = async () => {
    const rows = await read(joined(own.added, first).length + own.further.length);
    change(({ further }) => ({ further: joined(further, rows), last: rows }));
  };
  return {
    from, more,
    rows: all.filter(({ id }) => !own.gone.includes(id)),
    hasMore: (own.last ?? first).length === TAKE,
    add: (row) => change(({ added }) => ({ added: [row, ...added] })),
    remove: (id) => change(({ gone }) => ({ gone: [...gone, id] })),
  };
}

const asRow = ({ id, model, cost, createdDate }) => ({ id, model, cost, createdDate });
const joined = (before, rows) => [...before, ...rows.filter((row) => !before.some(({ id }) => id === row.id))];

/** `onUse(file)`, if it is given, is told of a picture that is to be begun with. */
export function Gallery({ gallery, onUse, empty, icon = "image" }) {
  const { from, rows, hasMore } = gallery;
  // What was just asked for is there, whatever else can be read.
  const shown = rows.length ? { ...from, data: from.data ?? [] } : from;
  return html`<${Loaded} from=${shown}>${() => (rows.length ? html`<section class="stack" aria-label=${t("gallery.whatWasMade")}>
    <ul class="gallery">${rows.map((row) => html`<${Made} key=${row.id} row=${row} onUse=${onUse} onGone=${() => gallery.remove(row.id)} />`)}</ul>
    ${hasMore && html`<${ActionButton} work=${gallery.more}>${t("gallery.showMore")}</${ActionButton}>`}
  </section>` : html`<${Empty} icon=${icon} title=${t("words.nothingYet")}><p>${empty}</p></${Empty}>`)}</${Loaded}>`;
}

function Made({ row, onUse, onGone }) {
  const { status, error } = useJob(row.id);
  const [about, setAbout] = useReducer((now, next) => ({ ...now, ...next }), { prompt: row.prompt, cost: row.cost });
  const files = useMade(artifactsOf, row.id, status);
  const state = status?.jobState;
  useEffect(() => {
    if (state !== "Completed") return;
    if (about.prompt === undefined) promptOf(row.id).then((prompt) => setAbout({ prompt }), () => {});
    if (about.cost == null) costOf(status.refId).then((cost) => setAbout({ cost }), () => {});
  }, [state]);
  const remove = async () => {
    const isSure = await confirm({ title: t("gallery.deleteThis"), text: t("gallery.theFileIsDeleted"), action: t("gallery.delete") });
    if (!isSure) return;
    await post("DeleteFiles", { paths: files.map(({ url }) => url) });
    onGone();
  };
  // Files that have expired, or were deleted.
  if (files && !files.length) return null;
  const isOver = state === "Failed" || state === "Cancelled";
  return html`<li class="made card">
    ${files ? files.map((file) => html`<${File} key=${file.url} file=${file} prompt=${about.prompt} onUse=${onUse} />`)
      : html`<div class="waiting" role="status">${isOver || error ? html`<${Icon} name="warning" />` : html`<span class="spinner"></span>`}
          <span>${error ? error.message : isOver ? problemOf(status) : told(status)}</span></div>`}
    ${about.prompt && html`<p class="prompt" dir="auto">${about.prompt}</p>`}
    <div class="row between small muted"><span class="truncate">${row.model}</span>
      <span class="row">${about.cost != null && html`<span title=${t("gallery.whatItCost")}>${money(about.cost)}</span>`}${row.createdDate && html`<time datetime=${row.createdDate}>${ago(row.createdDate)}</time>`}
      ${files && html`<${IconButton} icon="trash" small label=${t("gallery.delete")} onClick=${() => remove().catch(toastError)} />`}</span></div>
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
