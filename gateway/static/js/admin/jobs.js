// All jobs: searched, filtered, chosen, and what can be done with many at once.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { skipOf } from "../lib/address.js";
import { get, mayPass, post, queryString } from "../lib/api.js";
import { asCsv, download, handOutText } from "../lib/csv.js";
import { duration, number } from "../lib/format.js";
import { navigate } from "../lib/router.js";
import { ActionButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Empty, Loaded } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { OneJob } from "./job.js";
import { STATES, asked as askedOf } from "./job-search.js";
import { KeyName, useKeyNames } from "./key-names.js";
import { Ago, Filters, OwnOnly, NoRows, Pager, StateBadge } from "./parts.js";
import { SearchBox } from "./search-box.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const TAKE = 50;
const EVERY_MS = 5000;
const PATH = "/admin/jobs";
const FILTERS = [
  { name: "state", label: t("words.state"), options: STATES },
  { name: "model", label: t("words.model") },
  { name: "provider", label: t("words.provider") },
  { name: "owner", label: t("words.owner") },
  { name: "tag", label: t("words.tag") },
  { name: "refId", label: t("words.refid") },
  { name: "error", label: t("jobs.error") },
  { name: "from", label: t("words.from"), type: "date" },
  { name: "to", label: t("words.to"), type: "date" },
];
const COLUMNS = ["id", "refId", "state", "model", "provider", "createdBy", "tag", "statusCode", "errorCode", "errorMessage", "createdDate", "startedDate", "completedDate", "waitedMs", "durationMs", "attempts", "promptTokens", "completionTokens", "totalTokens", "cost"];

export function JobsSection({ who, place, query }) {
  return place.length ? html`<${OneJob} id=${place[0]} who=${who} />` : html`<${JobList} who=${who} query=${query} />`;
}

/** The names that a search knows; what may not be read is not known. */
function useKnown(who) {
  const names = useKeyNames(who);
  const ids = (dto, pick) => get(dto, { take: 1000 }).then(({ results }) => results.map(pick), (error) => {
    // Without the names a word would mean another thing.
    if (mayPass(error)) throw error;
    return [];
  });
  const { data } = useData(async () => ({ models: await ids("QueryAiModels", ({ id }) => id), providers: await ids("QueryAiProviders", ({ name }) => name) }), "known", 60_000);
  return { names, models: data?.models ?? [], providers: data?.providers ?? [], isKnown: data !== undefined };
}

function JobList({ who, query }) {
  const skip = skipOf(query);
  const known = useKnown(who);
  const [chosen, setChosen] = useState(new Map());
  // Until the names are known a word may mean another thing.
  const isReady = known.isKnown || !query.q;
  const load = () => (isReady ? get("QueryJobs", { ...askedOf(query, known), skip, take: TAKE }) : new Promise(() => {}));
  // Names that come, or come anew, make another list of a search alone.
  const meant = query.q ? [isReady, [...known.names.keys()], known.models, known.providers] : null;
  const from = useData(load, JSON.stringify([query, meant]), skip ? 0 : EVERY_MS);
  useEffect(() => setChosen(new Map()), [JSON.stringify(query)]);
  const filter = askedOf(query, known);
  const exportAll = () => download(`/api/QueryJobs.csv${queryString({ ...filter, all: true })}`, "jobs.csv");
  return html`<div class="stack"><${OwnOnly} who=${who} text=${t("jobs.ownOnly")} />
    <${SearchBox} query=${query} path=${PATH} known=${known} />
    <${Filters} fields=${FILTERS} query=${withoutSearch(query)} kept=${kept(query)} path=${PATH} isFolded />
    <${Loaded} from=${from}>${({ results, total }) => html`
      <div class="row between"><${Pager} label=${t("jobs.pagesAbove")} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />
        <span class="row">${filter.state === "Failed" || filter.state === "Cancelled" ? html`<${RetryAll} key=${JSON.stringify(filter)} filter=${filter} onDone=${from.reload} />` : null}
          <${ActionButton} class="small" busy=${t("jobs.exporting")} work=${exportAll}>${t("words.exportCsv")}</${ActionButton}></span></div>
      ${chosen.size > 0 && html`<${Chosen} chosen=${chosen} onClear=${() => setChosen(new Map())} onDone=${from.reload} />`}
      ${results.length ? html`<${JobTable} jobs=${results} names=${known.names} chosen=${chosen} onChoose=${setChosen} />` : html`<${NoRows} skip=${skip} path=${PATH} query=${query}><${Empty} title=${t("jobs.noJobsFound")}><p>${Object.keys(query).length ? t("jobs.nothingFitsTheseFilters") : t("jobs.jobsAreListedHere")}</p></${Empty}></${NoRows}>`}
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
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${t("words.jobs")}><table class="table cards dense rows-open">
    <thead><tr><th class="choice"><input type="checkbox" aria-label=${t("jobs.selectAllOnThis")} checked=${isAll} onChange=${toggleAll} /></th><th>${t("words.job")}</th><th>${t("words.state")}</th><th>${t("words.model")}</th><th class="minor">${t("words.provider")}</th><th class="minor">${t("words.owner")}</th><th>${t("words.tag")}</th><th class="number minor">${t("words.tokens")}</th><th class="number">${t("words.duration")}</th><th>${t("words.created")}</th></tr></thead>
    <tbody>${jobs.map((job) => html`<tr key=${job.id} onClick=${(event) => open(event, job)}>
      <td class="choice"><input type="checkbox" aria-label=${t("jobs.selectJob", { id: job.id })} checked=${chosen.has(job.id)} onChange=${() => toggle(job)} /></td>
      <td data-label=${t("words.job")} class="first"><a href="${PATH}/${job.id}">${job.id}</a> <span class="muted small ref truncate" title=${job.refId}>${job.refId}</span></td>
      <td data-label=${t("words.state")} class="state"><${StateBadge} state=${job.state} />${job.errorCode && html` <span class="small bad-text" title=${job.errorMessage}>${job.errorCode}</span>`}</td>
      <td data-label=${t("words.model")} class="what"><span class="word truncate" title=${job.model}>${job.model}</span></td>
      <td data-label=${t("words.provider")} class="minor"><span class="word truncate" title=${job.provider}>${job.provider ?? "–"}</span></td>
      <td data-label=${t("words.owner")} class="minor"><${KeyName} owner=${job.createdBy} names=${names} /></td>
      <td data-label=${t("words.tag")}><span class="word truncate" title=${job.tag}>${job.tag ?? "–"}</span></td>
      <td data-label=${t("words.tokens")} class="number minor">${number(job.totalTokens || null)}</td>
      <td data-label=${t("words.duration")} class="number">${duration(job.executedDate ? job.durationMs : null)}</td>
      <td data-label=${t("words.created")} class="when"><${Ago} date=${job.createdDate} /></td>
    </tr>`)}</tbody>
  </table></div>`;
}

/** What can be done with those that are selected. */
function Chosen({ chosen, onClear, onDone }) {
  const jobs = [...chosen.values()];
  const each = async (rows, dto, done) => {
    const outcomes = await Promise.allSettled(rows.map(({ id }) => post(dto, { id })));
    const failed = outcomes.filter(({ status }) => status === "rejected");
    toast([t(done, { count: rows.length - failed.length }), failed.length && t("jobs.couldNotBe", { count: failed.length, message: failed[0].reason.message })].filter(Boolean).join(" "));
    onClear();
    onDone();
  };
  const live = jobs.filter(({ state }) => !["Completed", "Failed", "Cancelled"].includes(state));
  const bad = jobs.filter(({ state }) => ["Failed", "Cancelled"].includes(state));
  const cancel = async () => {
    const sure = await confirm({ title: t("jobs.cancelJobs", { count: live.length }), text: t("jobs.whatRunsIsEnded"), action: t("jobs.cancelThem"), cancel: t("jobs.goBack") });
    if (sure) await each(live, "CancelJob", "jobs.areBeingCancelled");
  };
  return html`<div class="row chosen" role="group" aria-label=${t("jobs.selectedJobs")}><strong class="small">${t("jobs.selected", { count: number(jobs.length) })}</strong>
    ${live.length > 0 && html`<${ActionButton} class="small danger" work=${cancel}>${t("jobs.cancelCount", { count: number(live.length) })}</${ActionButton}>`}
    ${bad.length > 0 && html`<${ActionButton} class="small" work=${() => each(bad, "RetryJob", "jobs.areQueuedAgain")}>${t("jobs.retryCount", { count: number(bad.length) })}</${ActionButton}>`}
    <button type="button" class="button small" onClick=${() => handOutText(asCsv(jobs, COLUMNS), "jobs.csv")}>${t("jobs.exportThese")}</button>
    <button type="button" class="button quiet small" onClick=${onClear}>${t("jobs.selectNone")}</button></div>`;
}

function RetryAll({ filter, onDone }) {
  const after = useRef();
  const run = async () => {
    // As many as one call takes; the next click goes on behind them, also if they fail again at once.
    const asked = { ...filter, after: after.current };
    const { matched } = await post("RetryJobs", { ...asked, dryRun: true });
    if (!matched) after.current = undefined;
    if (!matched) return toast(t("jobs.thereIsNothingTo"));
    const sure = await confirm({ title: t("jobs.retryJobs", { count: matched }), text: t("jobs.eachGetsNewAttempts"), action: t("words.retry"), danger: false });
    if (!sure) return undefined;
    const { retried, after: stopped } = await post("RetryJobs", asked);
    after.current = stopped;
    toast(t("jobs.areQueuedAgain", { count: retried }));
    return onDone();
  };
  return html`<${ActionButton} class="small" work=${run}>${t("jobs.retryAllOfThese")}</${ActionButton}>`;
}
