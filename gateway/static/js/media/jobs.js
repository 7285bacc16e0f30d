// Jobs of these pages: queued, followed until they have ended, and what they made.

import { AGAIN_AFTER_MS, get, mayPass, post, sendForm } from "../lib/api.js";
import { useEffect, useState } from "../lib/html.js";
import { madeOnce } from "../lib/once.js";
import { t } from "../texts/media.js";

/** How often a job is asked for (milliseconds): often at first, seldom when it takes long. */
const PAUSES_MS = [300, 500, 800, 1200, 2000];
const ENDED = ["Completed", "Failed", "Cancelled"];
/** What jobs of each page are tagged with, so that they can be listed again. */
export const TAGS = { images: "page:images", speech: "page:speech", transcripts: "page:transcripts", transforms: "page:transforms" };

/** Queue a request of AI Server's; with files as a form. Returns the job's id. */
export function queue(dto, fields, files = {}, options = {}) {
  const sizes = Object.values(files).map(({ name, size, lastModified }) => [name, size, lastModified]);
  return madeOnce([dto, fields, sizes], (refId) => send(dto, { ...fields, refId }, files, options));
}

async function send(dto, fields, files, options) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== "");
  if (!Object.keys(files).length) return (await post(dto, Object.fromEntries(given))).jobId;
  const form = new FormData();
  for (const [name, value] of given) form.set(name, String(value));
  for (const [name, file] of Object.entries(files)) form.set(name, file, file.name || name);
  return (await sendForm(`/api/${dto}`, form, options)).jobId;
}

/** Follow a job: give each status as it comes, the last one when it has ended. */
export async function* follow(jobId, signal) {
  for (let round = 0; !signal.aborted; round += 1) {
    try {
      const status = await get("GetOpenAiChatStatus", { jobId }, { signal });
      yield status;
      if (ENDED.includes(status.jobState)) return;
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
    }
    await new Promise((done) => setTimeout(done, PAUSES_MS[Math.min(round, PAUSES_MS.length - 1)]));
  }
}

/** The status of a job as it changes: {status, error}; nothing is asked for while there is no id. */
export function useJob(jobId) {
  const [state, setState] = useState({ status: null, error: null });
  useEffect(() => {
    if (!jobId) return undefined;
    const control = new AbortController();
    const run = async () => {
      for await (const status of follow(jobId, control.signal)) setState({ status, error: null });
    };
    run().catch((error) => control.signal.aborted || setState({ status: null, error }));
    return () => control.abort();
  }, [jobId]);
  return state;
}

/** What a job made, by `read(jobId)`, when it has ended well; null until then, and empty when it is gone. */
export function useMade(read, jobId, status) {
  const [made, setMade] = useState(null);
  const isDone = status?.jobState === "Completed";
  useEffect(() => {
    if (!isDone) return undefined;
    const control = new AbortController();
    const take = (found) => control.signal.aborted || setMade(found);
    untilRead(() => read(jobId), control.signal).then(take, () => take([]));
    return () => control.abort();
  }, [isDone, jobId]);
  return made;
}

/** Read; again, as long as what is in the way may pass: what cannot be reached is not gone. Throws ApiError. */
async function untilRead(read, signal) {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error;
    }
    await new Promise((done) => setTimeout(done, AGAIN_AFTER_MS));
  }
}

/** The files that a job made: [{url, fileName, provider}], with links on this site. */
export async function artifactsOf(jobId) {
  const { results } = await get("GetArtifactGenerationStatus", { jobId });
  return (results ?? []).map((one) => ({ ...one, url: here(one.url) }));
}

/** The texts that a job made. */
export async function textsOf(jobId) {
  const { results } = await get("GetTextGenerationStatus", { jobId });
  return (results ?? []).map(({ text }) => text);
}

/** A link of ours as it is reached from this page: behind a proxy its host may be another one. */
function here(url) {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

/** Where to save the file of a link. */
export const download = (url) => `${url}${url.includes("?") ? "&" : "?"}download=true`;

/** Fetch the file of a link, to send it again. */
export async function fileOf({ url, fileName }) {
  const blob = await (await fetch(url)).blob();
  return new File([blob], fileName, { type: blob.type });
}

/** Models that can be asked for this task, as AI Server names tasks. */
export async function modelsFor(task) {
  const { results } = await get("QueryMediaModels", {});
  return results.filter((one) => Object.values(one.supportedTasks).some((tasks) => tasks.includes(task))).map(({ id }) => id);
}

/** Where a job stands, for people. */
export function told(status) {
  if (!status) return t("words.sending");
  if (status.jobState === "Queued" && status.queuePosition != null) {
    const before = status.queuePosition;
    return before ? t("jobs.waitingBehind", { count: before }) : t("jobs.nextInLine");
  }
  return { Queued: t("jobs.waiting"), Started: t("jobs.working"), Executed: t("jobs.nearlyDone") }[status.jobState] ?? status.jobState;
}

/** Why a job failed, for people. */
export const problemOf = (status) => status.responseStatus?.message ?? status.status ?? status.jobState;
