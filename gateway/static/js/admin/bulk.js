// Bulk work: batches, groups of jobs, and schedules; how far they are, and what can be done about it.

import { html } from "../lib/html.js";
import { skipOf } from "../lib/address.js";
import { get, inParts, post, queryString } from "../lib/api.js";
import { download } from "../lib/csv.js";
import { duration, moment, money, number, percent } from "../lib/format.js";
import { madeOnce } from "../lib/once.js";
import { own } from "../lib/own.js";
import { ActionButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Empty, Loaded } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { KeyName, useKeyNames } from "./key-names.js";
import { Ago, NoRows, Pager, StateBadge } from "./parts.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const TAKE = 25;
const EVERY_MS = 3000;
const PATH = "/admin/bulk";
const UNDER_WAY = ["validating", "in_progress"];

const LISTS = {
  batches: { title: t("bulk.batches"), dto: "QueryBatches", Table: BatchTable, none: t("bulk.noBatches"), hint: t("bulk.noBatchesHint") },
  schedules: { title: t("bulk.schedules"), dto: "QuerySchedules", Table: ScheduleTable, none: t("bulk.noSchedules"), hint: t("bulk.noSchedulesHint") },
  groups: { title: t("bulk.groups"), dto: "QueryGroups", Table: GroupTable, none: t("bulk.noGroups"), hint: t("bulk.noGroupsHint") },
};

export function BulkSection({ who, query }) {
  const shown = own(LISTS, query.show) ? query.show : "batches";
  return html`<div class="stack">
    <nav class="row" aria-label=${t("bulk.lists")}>${Object.entries(LISTS).map(([name, list]) => html`
      <a key=${name} class="button small" href="${PATH}?show=${name}" aria-current=${name === shown ? "page" : undefined}>${list.title}</a>`)}</nav>
    <${List} key=${shown} list=${LISTS[shown]} who=${who} query=${query} /></div>`;
}

/** One of the lists: a component of its own, so that none is drawn with the rows of another. */
function List({ list: { title, dto, Table, none, hint }, who, query }) {
  const skip = skipOf(query);
  const from = useData(() => get(dto, { skip, take: TAKE }), String(skip), EVERY_MS);
  const names = useKeyNames(who);
  return html`<${Loaded} from=${from}>${({ results, total }) => html`
      ${results.length ? html`<div class="table-frame" tabindex="0" role="region" aria-label=${title}><${Table} rows=${results} who=${who} names=${names} onDone=${from.reload} /></div>`
        : html`<${NoRows} skip=${skip} path=${PATH} query=${query}><${Empty} icon="layers" title=${none}><p>${hint}</p></${Empty}></${NoRows}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />`}</${Loaded}>`;
}

/** How far it is, how long it takes yet, and what went wrong: one cell, so that the table fits beside the menu. */
function Progress({ done, total, of, etaSecs, failed, cancelled }) {
  return html`<span class="block"><progress max=${Math.max(1, total)} value=${done} aria-label=${t("bulk.progressOf", { name: of })}></progress>
    <span class="small number">${t("bulk.doneOf", { done: number(done), total: number(total) })} · ${percent(total ? done / total : 0)}</span></span>
    ${etaSecs == null ? null : html`<span class="small muted block">${t("bulk.left", { time: duration(etaSecs * 1000) })}</span>`}
    ${failed ? html`<span class="small bad-text block">${t("bulk.failed", { count: failed })}</span>` : null}
    ${cancelled ? html`<span class="small block">${t("bulk.cancelled", { count: cancelled })}</span>` : null}`;
}

/** Cancel all that belongs to a batch or a group, when somebody is sure. */
async function cancelAll(row, onDone) {
  const sure = await confirm({ title: t("bulk.cancelAllOf", { name: row.id }), text: t("bulk.whatIsDoneIsKept"), action: t("bulk.cancelAll"), cancel: t("bulk.keepRunning") });
  if (!sure) return;
  await post("CancelGroup", { id: row.id, createdBy: row.createdBy });
  toast(t("bulk.isBeingCancelled", { name: row.id }));
  onDone();
}

async function retryFailed(row, onDone) {
  let retried = 0;
  for await (const done of inParts("RetryGroup", { id: row.id, createdBy: row.createdBy })) retried += done.retried;
  toast(t("bulk.areQueuedAgain", { count: retried }));
  onDone();
}

function BatchTable({ rows, who, names, onDone }) {
  return html`<table class="table cards"><thead><tr><th>${t("bulk.batch")}</th><th>${t("words.state")}</th><th>${t("bulk.progress")}</th>
    <th class="minor">${t("words.created")}</th><th>${t("bulk.output")}</th><th>${t("bulk.actions")}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <td data-label=${t("bulk.batch")}><code class="small word truncate ref" title=${row.id}>${row.id}</code> <span class="small muted block"><code>${row.endpoint}</code> <${KeyName} owner=${row.createdBy} names=${names} /></span></td>
      <td data-label=${t("words.state")}><${StateBadge} state=${row.status} />${row.problem ? html` <span class="small muted word">${row.problem}</span>` : null}</td>
      <td data-label=${t("bulk.progress")}><${Progress} done=${row.completed + row.failed} total=${row.total} of=${row.id} etaSecs=${row.etaSecs} failed=${row.failed} /></td>
      <td data-label=${t("words.created")} class="minor"><${Ago} date=${row.createdDate} /></td>
      <td data-label=${t("bulk.output")}>${who.isAdmin ? html`<${Output} row=${row} />` : "–"}</td>
      <td data-label=${t("bulk.actions")}>${who.isAdmin ? html`<span class="row actions">
        ${UNDER_WAY.includes(row.status) ? html`<${ActionButton} class="small danger" aria-label=${t("bulk.cancelNamed", { name: row.id })} work=${() => cancelAll(row, onDone)}>${t("bulk.cancel")}</${ActionButton}>` : null}
        ${row.errorFileId ? html`<${ActionButton} class="small" aria-label=${t("bulk.retryNamed", { name: row.id })} work=${() => retryFailed(row, onDone)}>${t("bulk.retryFailed")}</${ActionButton}>` : null}</span>` : "–"}</td>
    </tr>`)}</tbody></table>`;
}

function Output({ row }) {
  if (!row.outputFileId && !row.errorFileId) return "–";
  const link = (id, form, text) => html`<${ActionButton} class="small" aria-label=${t("bulk.fileOf", { file: text, name: row.id })}
    work=${() => download(`/v1/files/${id}/content${queryString({ format: form })}`, `${row.id}.${form || "jsonl"}`)}>${text}</${ActionButton}>`;
  return html`<span class="row">${row.outputFileId ? html`${link(row.outputFileId, "", t("bulk.answers"))} ${link(row.outputFileId, "csv", t("bulk.answersCsv"))}` : null}
    ${row.errorFileId ? link(row.errorFileId, "", t("bulk.errors")) : null}</span>`;
}

function GroupTable({ rows, who, names, onDone }) {
  return html`<table class="table cards"><thead><tr><th>${t("bulk.group")}</th><th>${t("words.state")}</th><th>${t("bulk.progress")}</th>
    <th class="number">${t("words.cost")}</th><th class="minor">${t("words.created")}</th><th>${t("bulk.actions")}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${`${row.createdBy} ${row.id}`}>
      <td data-label=${t("bulk.group")}><span class="word truncate ref" title=${row.id}>${row.id}</span> <span class="small muted block"><${KeyName} owner=${row.createdBy} names=${names} /></span></td>
      <td data-label=${t("words.state")}><${StateBadge} state=${row.groupState} /></td>
      <td data-label=${t("bulk.progress")}><${Progress} done=${row.total - row.queued - row.started} total=${row.total} of=${row.id} etaSecs=${row.etaSecs} failed=${row.failed} cancelled=${row.cancelled} /></td>
      <td data-label=${t("words.cost")} class="number">${money(row.cost)}</td>
      <td data-label=${t("words.created")} class="minor"><${Ago} date=${row.createdDate} /></td>
      <td data-label=${t("bulk.actions")}>${who.isAdmin ? html`<span class="row actions">
        ${["Open", "Closed"].includes(row.groupState) ? html`<${ActionButton} class="small danger" aria-label=${t("bulk.cancelNamed", { name: row.id })} work=${() => cancelAll(row, onDone)}>${t("bulk.cancel")}</${ActionButton}>` : null}
        ${row.failed ? html`<${ActionButton} class="small" aria-label=${t("bulk.retryNamed", { name: row.id })} work=${() => retryFailed(row, onDone)}>${t("bulk.retryFailed")}</${ActionButton}>` : null}</span>` : "–"}</td>
    </tr>`)}</tbody></table>`;
}

function ScheduleTable({ rows, who, names, onDone }) {
  const act = async (dto, body, said) => {
    await post(dto, body);
    toast(said);
    onDone();
  };
  return html`<table class="table cards"><thead><tr><th>${t("bulk.schedule")}</th><th>${t("words.state")}</th><th>${t("bulk.times")}</th><th>${t("bulk.nextTime")}</th>
    <th>${t("bulk.lastJob")}</th><th class="number">${t("words.jobs")}</th><th>${t("bulk.actions")}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <td data-label=${t("bulk.schedule")}><span class="word">${row.name || row.id}</span> <span class="small muted block"><code>${row.endpoint}</code> <${KeyName} owner=${row.createdBy} names=${names} /></span></td>
      <td data-label=${t("words.state")}><${StateBadge} state=${row.paused ? "paused" : "active"} />${row.problem ? html` <span class="small muted word">${row.problem}</span>` : null}</td>
      <td data-label=${t("bulk.times")}><code>${row.cron}</code> <span class="small muted block">${row.timeZone}</span></td>
      <td data-label=${t("bulk.nextTime")}>${row.paused || !row.nextDates.length ? "–" : moment(row.nextDates[0])}</td>
      <td data-label=${t("bulk.lastJob")}>${row.lastJobId ? html`<a href="/admin/jobs/${row.lastJobId}">${row.lastJobId}</a> <span class="small muted"><${Ago} date=${row.lastDate} /></span>` : "–"}</td>
      <td data-label=${t("words.jobs")} class="number">${number(row.jobs)}</td>
      <td data-label=${t("bulk.actions")}>${who.isAdmin ? html`<span class="row actions">
        <${ActionButton} class="small" aria-label=${t(row.paused ? "bulk.resumeNamed" : "bulk.pauseNamed", { name: row.name || row.id })}
          work=${() => act("UpdateSchedule", { id: row.id, paused: !row.paused }, t(row.paused ? "bulk.goesOn" : "bulk.isPaused", { name: row.name || row.id }))}>${row.paused ? t("words.resume") : t("bulk.pause")}</${ActionButton}>
        <${ActionButton} class="small" aria-label=${t("bulk.runNamed", { name: row.name || row.id })}
          work=${() => madeOnce(["RunSchedule", row.id], (refId) => act("RunSchedule", { id: row.id, refId }, t("bulk.wasRun", { name: row.name || row.id })))}>${t("bulk.runNow")}</${ActionButton}></span>` : "–"}</td>
    </tr>`)}</tbody></table>`;
}
