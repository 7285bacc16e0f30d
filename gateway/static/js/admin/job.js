// One job with all that is known of it: its time, what was said, its attempts and its callback.

import { html } from "../lib/html.js";
import { get, mayPass, post } from "../lib/api.js";
import { duration, moment, money, number } from "../lib/format.js";
import { ActionButton } from "../ui/button.js";
import { Loaded } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { AttemptLog } from "./delivery.js";
import { Talk } from "./job-talk.js";
import { KeyName, useKeyNames } from "./key-names.js";
import { Body, Facts, StateBadge } from "./parts.js";
import { TimeBar } from "./time-bar.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

/** One that is looked at alone is looked at to see it move. */
const EVERY_MS = 1500;
const FINAL = ["Completed", "Failed", "Cancelled"];

/** What has ended, with its callback, changes no more: it is read once, and until the history knows what it cost. */
function everyMs(data) {
  const isOver = data && !data.isPartly && FINAL.includes(data.job.state) && data.listed?.isKept !== false && data.delivery?.result.state !== "Pending";
  return isOver ? 0 : EVERY_MS;
}

export function OneJob({ id, who }) {
  const from = useData(() => readJob(id), `job-${id}`, everyMs);
  const names = useKeyNames(who);
  return html`<div class="stack"><p><a href="/admin/jobs">${t("job.allJobs")}</a></p>
    <${Loaded} from=${from}>${(data) => html`<${Job} ...${data} names=${names} onChange=${from.reload} />`}</${Loaded}></div>`;
}

async function readJob(id) {
  const { result } = await get("GetOpenAiChat", { id });
  let isPartly = false;
  /** What cannot be read now is read again; without it the page still says what it can. */
  const unread = (error) => {
    isPartly ||= mayPass(error);
    return null;
  };
  const [listed, delivery] = await Promise.all([
    get("QueryJobs", { refId: result.refId, owner: result.createdBy }).then(({ results }) => results.find((job) => job.id === result.id), unread),
    result.replyTo ? get("GetDelivery", { id }).catch(unread) : null,
  ]);
  return { job: result, listed, delivery, isPartly };
}

function Job({ job, listed, delivery, names, onChange }) {
  const act = async (dto, said) => {
    await post(dto, { id: job.id });
    toast(said);
    onChange();
  };
  const attempts = attemptsOf(job);
  return html`
    <section class="card">
      <h2 class="row between"><span class="row">${t("job.job", { id: job.id })} <${StateBadge} state=${job.state} /></span>
        <span class="row">
          ${!FINAL.includes(job.state) && html`<${ActionButton} class="small danger" work=${() => act("CancelJob", t("job.itIsBeingCancelled"))}>${t("job.cancel")}</${ActionButton}>`}
          ${(job.state === "Failed" || job.state === "Cancelled") && html`<${ActionButton} class="small" work=${() => act("RetryJob", t("job.itIsQueuedAgain"))}>${t("words.retry")}</${ActionButton}>`}
        </span></h2>
      ${job.status !== job.state && html`<p class="muted small">${job.status}</p>`}
      <${TimeBar} job=${job} listed=${listed} attempts=${attempts} delivery=${delivery} />
      <${Facts} rows=${[
        [t("words.refid"), html`<code>${job.refId}</code>`], [t("words.model"), listed?.model], [t("words.provider"), providerLink(listed?.provider ?? job.meta?.provider)], [t("words.key"), html`<${KeyName} owner=${job.createdBy} names=${names} />`], [t("words.tag"), job.tag],
        [t("job.operation"), listed?.operation], [t("words.created"), moment(job.createdDate)], [t("job.started"), job.startedDate && moment(job.startedDate)],
        [t("words.ended"), job.completedDate && moment(job.completedDate)], [t("job.timeInQueue"), listed?.waitedMs != null ? duration(listed.waitedMs) : null],
        [t("words.duration"), job.durationMs ? duration(job.durationMs) : null], [t("words.tokens"), listed?.totalTokens ? `${number(listed.promptTokens)} + ${number(listed.completionTokens)}` : null],
        [t("words.cost"), listed?.isKept ? money(listed.cost) : null], [t("job.worker"), job.worker], [t("words.priority"), job.priority], ["ReplyTo", job.replyTo && html`<code>${job.replyTo}</code>`, true],
      ]} />
      ${job.error && html`<div class="notice bad"><span><strong>${job.errorCode}</strong> ${job.error.message}</span></div>`}
    </section>
    <${Talk} job=${job} model=${listed?.model} />
    ${attempts.length > 0 && html`<section class="card"><h2>${t("words.attempts")}</h2><ol class="timeline">
      ${attempts.map((attempt) => html`<li key=${attempt.number} class=${attempt.outcome === "answered" ? "good" : "bad"}>
        <span class="row"><strong>${attempt.number}</strong> ${attempt.provider || t("job.noProvider")} <span class="badge ${attempt.outcome === "answered" ? "good" : "warn"}">${outcomeName(attempt.outcome)}${attempt.status ? ` ${attempt.status}` : ""}</span>
          <span class="muted small number">${moment(attempt.startedDate)} · ${duration(attempt.durationMs)}</span></span>
        ${attempt.detail && html`<span class="small">${attempt.detail}</span>`}
        ${attempt.reason && html`<span class="small muted">${attempt.reason}</span>`}
      </li>`)}</ol></section>`}
    ${delivery && html`<section class="card"><h2 class="row between">${t("job.callback")} <${StateBadge} state=${delivery.result.state} /></h2><${AttemptLog} delivery=${delivery} />
      <p><a href="/admin/callbacks/${job.id}">${t("job.allAboutThisCallback")}</a></p></section>`}
    <${Body} title=${t("job.request")} text=${job.requestBody} />
    <${Body} title=${t("job.response")} text=${job.responseBody} />`;
}

const outcomeName = (outcome) => (["answered", "failed"].includes(outcome) ? t(`outcome.${outcome}`) : outcome);

const providerLink = (name) => name && html`<a href="/admin/providers?${new URLSearchParams({ name })}">${name}</a>`;

function attemptsOf(job) {
  try {
    return JSON.parse(job.meta?.attempts ?? "[]");
  } catch {
    return [];
  }
}
