// All jobs: searched, filtered, chosen, and what can be done with many at once.

import { html, useEffect, useState } from "../lib/html.js";
import { get, post, queryString } from "../lib/api.js";
import { asCsv, download, handOutText } from "../lib/csv.js";
import { duration, number } from "../lib/format.js";
import { navigate } from "../lib/router.js";
import { ActionButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Empty } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { OneJob } from "./job.js";
import { STATES, asked as askedOf } from "./job-search.js";
import { KeyName, useKeyNames } from "./key-names.js";
import { Ago, Filters, Loaded, OwnOnly, Pager, StateBadge } from "./parts.js";
import { SearchBox } from "./search-box.js";
import { useData } from "./use-data.js";

const TAKE = 50;
const EVERY_MS = 5000;
const PATH = "/admin/jobs";
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
const COLUMNS = ["id", "refId", "state", "model", "provider", "createdBy", "tag", "statusCode", "errorCode", "errorMessage", "createdDate", "startedDate", "completedDate", "waitedMs", "durationMs", "attempts", "promptTokens", "completionTokens", "totalTokens", "cost"];

export function JobsSection({ who, place, query }) {
  return place.length ? html`<${OneJob} id=${place[0]} who=${who} />` : html`<${JobList} who=${who} query=${query} />`;
}

/** The names that a search knows; what may not be read is not known. */
function useKnown(who) {
  const names = useKeyNames(who);
  const ids = (dto, pick) => get(dto, { take: 1000 }).then(({ results }) => results.map(pick), () => []);
  const { data } = useData(async () => ({ models: await ids("QueryAiModels", ({ id }) => id), providers: await ids("QueryAiProviders", ({ name }) => name) }), "known", 60_000);
  return { names, models: data?.models ?? [], providers: data?.providers ?? [], isKnown: data !== undefined };
}

function JobList({ who, query }) {
  const skip = Number(query.skip ?? 0);
  const known = useKnown(who);
  const [chosen, setChosen] = useState(new Map());
  // Until the names are known a word may mean another thing.
  const isReady = known.isKnown || !query.q;
  const load = () => (isReady ? get("QueryJobs", { ...askedOf(query, known), skip, take: TAKE }) : new Promise(() => {}));
  const from = useData(load, JSON.stringify([query, isReady, [...known.names.keys()]]), skip ? 0 : EVERY_MS);
  useEffect(() => setChosen(new Map()), [JSON.stringify(query)]);
  const filter = askedOf(query, known);
  const exportAll = () => download(`/api/QueryJobs.csv${queryString({ ...filter, all: true })}`, "jobs.csv");
  return html`<div class="stack"><${OwnOnly} who=${who} what="the jobs" />
    <${SearchBox} query=${query} path=${PATH} known=${known} />
    <${Filters} fields=${FILTERS} query=${withoutSearch(query)} kept=${kept(query)} path=${PATH} isFolded />
    <${Loaded} from=${from}>${({ results, total }) => html`
      <div class="row between"><${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />
        <span class="row">${filter.state === "Failed" || filter.state === "Cancelled" ? html`<${RetryAll} filter=${filter} onDone=${from.reload} />` : null}
          <${ActionButton} class="small" busy="Exporting …" work=${exportAll}>Export CSV</${ActionButton}></span></div>
      ${chosen.size > 0 && html`<${Chosen} chosen=${chosen} onClear=${() => setChosen(new Map())} onDone=${from.reload} />`}
      ${results.length ? html`<${JobTable} jobs=${results} names=${known.names} chosen=${chosen} onChoose=${setChosen} />` : html`<${Empty} title="No such jobs"><p>${Object.keys(query).length ? "Nothing fits these filters." : "Jobs are listed here as they come in."}</p></${Empty}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />
    `}</${Loaded}>
  </div>`;
}

const SEARCHED = ["q", "last"];
const withoutSearch = (query) => Object.fromEntries(Object.entries(query).filter(([name]) => !SEARCHED.includes(name)));
const kept = (query) => Object.fromEntries(Object.entries(query).filter(([name]) => SEARCHED.includes(name)));

function JobTable({ jobs, names, chosen, onChoose }) {
  const toggle = (job) => {
    const next = new Map(chosen);
    if (!next.delete(job.id)) next.set(job.id, job);
    onChoose(next);
  };
  const isAll = jobs.every(({ id }) => chosen.has(id));
  const toggleAll = () => onChoose(new Map(isAll ? [] : jobs.map((job) => [job.id, job])));
  // A row is a link of its own; who selects text in it, or opens a link, means that.
  const open = (event, job) => event.target.closest("a, button, input, label") || String(getSelection()) || navigate(`${PATH}/${job.id}`);
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="Jobs"><table class="table cards dense rows-open">
    <thead><tr><th class="choice"><input type="checkbox" aria-label="Select all on this page" checked=${isAll} onChange=${toggleAll} /></th><th>Job</th><th>State</th><th>Model</th><th class="minor">Provider</th><th class="minor">Owner</th><th>Tag</th><th class="number minor">Tokens</th><th class="number">Took</th><th>Created</th></tr></thead>
    <tbody>${jobs.map((job) => html`<tr key=${job.id} onClick=${(event) => open(event, job)}>
      <td class="choice"><input type="checkbox" aria-label="Select job ${job.id}" checked=${chosen.has(job.id)} onChange=${() => toggle(job)} /></td>
      <td data-label="Job" class="first"><a href="${PATH}/${job.id}">${job.id}</a> <span class="muted small ref truncate" title=${job.refId}>${job.refId}</span></td>
      <td data-label="State" class="state"><${StateBadge} state=${job.state} />${job.errorCode && html` <span class="small bad-text" title=${job.errorMessage}>${job.errorCode}</span>`}</td>
      <td data-label="Model" class="what"><span class="word truncate" title=${job.model}>${job.model}</span></td>
      <td data-label="Provider" class="minor"><span class="word truncate" title=${job.provider}>${job.provider ?? "–"}</span></td>
      <td data-label="Owner" class="minor"><${KeyName} owner=${job.createdBy} names=${names} /></td>
      <td data-label="Tag"><span class="word truncate" title=${job.tag}>${job.tag ?? "–"}</span></td>
      <td data-label="Tokens" class="number minor">${number(job.totalTokens || null)}</td>
      <td data-label="Took" class="number">${duration(job.executedDate ? job.durationMs : null)}</td>
      <td data-label="Created" class="when"><${Ago} date=${job.createdDate} /></td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** What can be done with those that are selected. */
function Chosen({ chosen, onClear, onDone }) {
  const jobs = [...chosen.values()];
  const each = async (rows, dto, done) => {
    const outcomes = await Promise.allSettled(rows.map(({ id }) => post(dto, { id })));
    const failed = outcomes.filter(({ status }) => status === "rejected");
    toast(`${number(rows.length - failed.length)} ${done}.${failed.length ? ` ${number(failed.length)} could not be: ${failed[0].reason.message}` : ""}`);
    onClear();
    onDone();
  };
  const live = jobs.filter(({ state }) => !["Completed", "Failed", "Cancelled"].includes(state));
  const bad = jobs.filter(({ state }) => ["Failed", "Cancelled"].includes(state));
  const cancel = async () => {
    const sure = await confirm({ title: `Cancel ${number(live.length)} jobs?`, text: "What runs is ended.", action: "Cancel them", cancel: "Go back" });
    if (sure) await each(live, "CancelJob", "are being cancelled");
  };
  return html`<div class="row chosen" role="group" aria-label="Selected jobs"><strong class="small">${number(jobs.length)} selected</strong>
    ${live.length > 0 && html`<${ActionButton} class="small danger" work=${cancel}>Cancel ${number(live.length)}</${ActionButton}>`}
    ${bad.length > 0 && html`<${ActionButton} class="small" work=${() => each(bad, "RetryJob", "are queued again")}>Retry ${number(bad.length)}</${ActionButton}>`}
    <button type="button" class="button small" onClick=${() => handOutText(asCsv(jobs, COLUMNS), "jobs.csv")}>Export these</button>
    <button type="button" class="button quiet small" onClick=${onClear}>Select none</button></div>`;
}

function RetryAll({ filter, onDone }) {
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
