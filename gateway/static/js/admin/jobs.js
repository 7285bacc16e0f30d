// All jobs, filtered; and one job with all that is known of it.

import { html } from "../lib/html.js";
import { get, post, queryString } from "../lib/api.js";
import { duration, moment, money, number } from "../lib/format.js";
import { ActionButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Empty } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { AttemptLog } from "./delivery.js";
import { Ago, Body, Facts, Filters, Loaded, OwnOnly, Pager, StateBadge } from "./parts.js";
import { useData } from "./use-data.js";

const TAKE = 50;
const EVERY_MS = 5000;
/** One that is looked at alone is looked at to see it move. */
const ONE_EVERY_MS = 1500;
const PATH = "/admin/jobs";
const STATES = ["Queued", "Started", "Executed", "Completed", "Failed", "Cancelled"];
const FILTERS = [
  { name: "state", label: "State", options: STATES },
  { name: "model", label: "Model" },
  { name: "provider", label: "Provider" },
  { name: "owner", label: "Owner" },
  { name: "tag", label: "Tag" },
  { name: "refId", label: "RefId" },
  { name: "error", label: "Error" },
  { name: "from", label: "From", type: "date" },
  { name: "to", label: "To", type: "date" },
];

export function JobsSection({ who, place, query }) {
  return place.length ? html`<${OneJob} id=${place[0]} />` : html`<${JobList} who=${who} query=${query} />`;
}

function JobList({ who, query }) {
  const skip = Number(query.skip ?? 0);
  const asked = { ...query, skip, take: TAKE };
  if (asked.to) asked.to = `${asked.to}T23:59:59.999Z`;
  const from = useData(() => get("QueryJobs", asked), JSON.stringify(asked), skip ? 0 : EVERY_MS);
  const csv = `/api/QueryJobs.csv${queryString({ ...asked, skip: 0, take: 1000 })}`;
  return html`<div class="stack"><${OwnOnly} who=${who} what="the jobs" />
    <${Filters} fields=${FILTERS} query=${query} path=${PATH} />
    <${Loaded} from=${from}>${({ results, total }) => html`
      <div class="row between"><${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />
        <span class="row">${query.state === "Failed" || query.state === "Cancelled" ? html`<${RetryAll} query=${asked} onDone=${from.reload} />` : null}
          <a class="button small" href=${csv} download="jobs.csv">Export CSV</a></span></div>
      ${results.length ? html`<${JobTable} jobs=${results} />` : html`<${Empty} title="No such jobs"><p>${Object.keys(query).length ? "Nothing fits these filters." : "Jobs are listed here as they come in."}</p></${Empty}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />
    `}</${Loaded}>
  </div>`;
}

export function JobTable({ jobs }) {
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="Jobs"><table class="table cards dense">
    <thead><tr><th>Job</th><th>State</th><th>Model</th><th class="minor">Provider</th><th class="minor">Owner</th><th>Tag</th><th class="number minor">Tokens</th><th class="number">Took</th><th>Created</th></tr></thead>
    <tbody>${jobs.map((job) => html`<tr key=${job.id}>
      <td data-label="Job" class="first"><a href="/admin/jobs/${job.id}">${job.id}</a> <span class="muted small ref truncate" title=${job.refId}>${job.refId}</span></td>
      <td data-label="State" class="state"><${StateBadge} state=${job.state} />${job.errorCode && html` <span class="small bad-text" title=${job.errorMessage}>${job.errorCode}</span>`}</td>
      <td data-label="Model" class="what"><span class="word truncate" title=${job.model}>${job.model}</span></td>
      <td data-label="Provider" class="minor"><span class="word truncate" title=${job.provider}>${job.provider ?? "–"}</span></td>
      <td data-label="Owner" class="minor"><span class="word truncate" title=${job.createdBy}>${job.createdBy}</span></td>
      <td data-label="Tag"><span class="word truncate" title=${job.tag}>${job.tag ?? "–"}</span></td>
      <td data-label="Tokens" class="number minor">${number(job.totalTokens || null)}</td>
      <td data-label="Took" class="number">${duration(job.executedDate ? job.durationMs : null)}</td>
      <td data-label="Created" class="when"><${Ago} date=${job.createdDate} /></td>
    </tr>`)}</tbody>
  </table></div>`;
}

function RetryAll({ query, onDone }) {
  const { skip: _skip, take: _take, ...filter } = query;
  const run = async () => {
    const { matched } = await post("RetryJobs", { ...filter, dryRun: true });
    if (!matched) return toast("There is nothing to retry.");
    const sure = await confirm({ title: `Retry ${number(matched)} jobs?`, text: "Each gets new attempts, and another callback with its new result.", action: "Retry", danger: false });
    if (!sure) return undefined;
    const { retried } = await post("RetryJobs", filter);
    toast(`${number(retried)} jobs are queued again.`);
    return onDone();
  };
  return html`<${ActionButton} class="small" work=${run}>Retry all of these …</${ActionButton}>`;
}

function OneJob({ id }) {
  const from = useData(() => readJob(id), `job-${id}`, ONE_EVERY_MS);
  return html`<div class="stack"><p><a href=${PATH}>All jobs</a></p>
    <${Loaded} from=${from}>${(data) => html`<${Job} ...${data} onChange=${from.reload} />`}</${Loaded}></div>`;
}

async function readJob(id) {
  const { result } = await get("GetOpenAiChat", { id });
  const [listed, delivery] = await Promise.all([
    get("QueryJobs", { refId: result.refId, owner: result.createdBy }).then(({ results }) => results.find((job) => job.id === result.id), () => null),
    result.replyTo ? get("GetDelivery", { id }).catch(() => null) : null,
  ]);
  return { job: result, listed, delivery };
}

function Job({ job, listed, delivery, onChange }) {
  const isFinal = ["Completed", "Failed", "Cancelled"].includes(job.state);
  const act = async (dto, said) => {
    await post(dto, { id: job.id });
    toast(said);
    onChange();
  };
  const attempts = attemptsOf(job);
  return html`
    <section class="card">
      <h2 class="row between"><span class="row">Job ${job.id} <${StateBadge} state=${job.state} /></span>
        <span class="row">
          ${!isFinal && html`<${ActionButton} class="small danger" work=${() => act("CancelJob", "It is being cancelled.")}>Cancel</${ActionButton}>`}
          ${(job.state === "Failed" || job.state === "Cancelled") && html`<${ActionButton} class="small" work=${() => act("RetryJob", "It is queued again.")}>Retry</${ActionButton}>`}
        </span></h2>
      ${job.status !== job.state && html`<p class="muted small">${job.status}</p>`}
      <${Facts} rows=${[
        ["RefId", html`<code>${job.refId}</code>`], ["Model", listed?.model], ["Provider", listed?.provider ?? job.meta?.provider], ["Owner", job.createdBy], ["Tag", job.tag],
        ["Operation", listed?.operation], ["Created", moment(job.createdDate)], ["Started", job.startedDate && moment(job.startedDate)],
        ["Ended", job.completedDate && moment(job.completedDate)], ["Waited", listed?.waitedMs != null ? duration(listed.waitedMs) : null],
        ["Took", job.durationMs ? duration(job.durationMs) : null], ["Tokens", listed?.totalTokens ? `${number(listed.promptTokens)} + ${number(listed.completionTokens)}` : null],
        ["Cost", listed?.cost != null ? money(listed.cost) : null], ["Worker", job.worker], ["Priority", job.priority], ["ReplyTo", job.replyTo && html`<code>${job.replyTo}</code>`],
      ]} />
      ${job.error && html`<div class="notice bad"><span><strong>${job.errorCode}</strong> ${job.error.message}</span></div>`}
    </section>
    ${attempts.length > 0 && html`<section class="card"><h2>Attempts</h2><ol class="timeline">
      ${attempts.map((attempt) => html`<li key=${attempt.number} class=${attempt.outcome === "answered" ? "good" : "bad"}>
        <span class="row"><strong>${attempt.number}</strong> ${attempt.provider || "no provider"} <span class="badge ${attempt.outcome === "answered" ? "good" : "warn"}">${attempt.outcome}${attempt.status ? ` ${attempt.status}` : ""}</span>
          <span class="muted small number">${moment(attempt.startedDate)} · ${duration(attempt.durationMs)}</span></span>
        ${attempt.detail && html`<span class="small">${attempt.detail}</span>`}
        ${attempt.reason && html`<span class="small muted">${attempt.reason}</span>`}
      </li>`)}</ol></section>`}
    ${delivery && html`<section class="card"><h2 class="row between">Callback <${StateBadge} state=${delivery.result.state} /></h2><${AttemptLog} delivery=${delivery} />
      <p><a href="/admin/callbacks/${job.id}">All about this callback</a></p></section>`}
    <${Body} title="Request" text=${job.requestBody} />
    <${Body} title="Response" text=${job.responseBody} />`;
}

function attemptsOf(job) {
  try {
    return JSON.parse(job.meta?.attempts ?? "[]");
  } catch {
    return [];
  }
}
