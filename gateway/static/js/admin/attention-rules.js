// What needs somebody's attention, and where it is mended. Pure.
//
// Each finding is {id, tone: "bad" | "warn", text, href, action}; the worst come first. What could not be
// read (a key may not see everything) is null and finds nothing.

import { duration, number, percent } from "../lib/format.js";

/** Lag that people notice (seconds), and the share of a budget at which there is still time to act. */
const LATE_S = 60;
const NEARLY = 0.8;
const SOON_MS = 7 * 86_400_000;
const BUDGETS = { monthlyTokens: ["totalTokens", "tokens"], monthlyCost: ["cost", "money"] };

const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
const jobsOf = (model) => `/admin/jobs?${new URLSearchParams({ state: "Queued", model })}`;

/** `overview` as GetOverview answers; `providers`, `keys`: rows; `usage`: this month's, by owner; `exhausted`: how many lately. */
export function findings({ overview, providers = null, keys = null, usage = null, exhausted = null, since = "", now = Date.now() }) {
  const found = [
    ...ofWorkers(overview),
    ...ofProviders(overview, providers),
    ...ofStages(overview, providers),
    ...ofCallbacks(overview, exhausted, since),
    ...ofKeys(keys, usage, now),
  ];
  return [...found.filter(({ tone }) => tone === "bad"), ...found.filter(({ tone }) => tone !== "bad")];
}

function ofWorkers({ workers, lostWorkers }) {
  const found = [];
  if (!workers.length) found.push({ id: "no-workers", tone: "bad", text: "No worker is alive: jobs wait until one is started.", href: "/admin/queues", action: "See workers" });
  if (lostWorkers.length) found.push({ id: "lost", tone: "warn", text: `${plural(lostWorkers.length, "worker")} fell silent without stopping.`, href: "/admin/queues", action: "See workers" });
  return found;
}

const waitingFor = ({ waiting }) => new Map(waiting.map((row) => [row.model, row.interactive + row.queued + row.bulk]));

const IN_THE_WAY = { offline: "is offline", held: "is on hold", resting: "is resting after failures", limited: "asked for a pause" };

function ofProviders(overview, providers) {
  const waiting = waitingFor(overview);
  return (providers ?? []).filter((one) => one.enabled && one.status in IN_THE_WAY).flatMap((one) => {
    const count = one.models.reduce((sum, { model }) => sum + (waiting.get(model) ?? 0), 0);
    // Somebody put it on hold: that is no fault while nothing waits for it.
    if (one.status === "held" && !count) return [];
    const wait = count ? ` ${plural(count, "job waits", "jobs wait")} for its models.` : "";
    const why = one.offlineReason && one.status !== "held" ? `: ${one.offlineReason.replace(/\.$/, "")}` : "";
    return [{
      id: `provider ${one.name}`, tone: one.status === "offline" || count ? "bad" : "warn",
      text: `Provider “${one.name}” ${IN_THE_WAY[one.status]}${why}.${wait}`,
      href: "/admin/providers", action: one.status === "held" ? "Resume" : "Check",
      provider: one.name, isHeld: one.status === "held",
    }];
  });
}

/** Whether a provider has the model; null when that is not known. */
export const isServed = (providers, model) => (providers ? providers.some(({ models }) => models.some((one) => one.model === model)) : null);

function ofStages({ stages }, providers) {
  return stages.filter(({ depth }) => depth).flatMap((stage) => {
    const name = stage.model ? `“${stage.model}”` : stage.name;
    const wait = plural(stage.depth, "job waits", "jobs wait");
    const place = stage.model ? { href: jobsOf(stage.model), action: "See jobs" } : { href: "/admin/queues", action: "See queues" };
    if (stage.model && isServed(providers, stage.model) === false) {
      return [{ id: `orphan ${name}`, tone: "bad", text: `${wait} for ${name}, which no provider has any more.`, ...place }];
    }
    if (!stage.workers) return [{ id: `unserved ${name}`, tone: "bad", text: `${wait} for ${name}, and no worker serves that queue.`, href: "/admin/queues", action: "See workers" }];
    if (stage.lagSecs <= LATE_S) return [];
    return [{ id: `late ${name}`, tone: "warn", text: `${wait} for ${name}, the first for ${duration(stage.lagSecs * 1000)}.`, ...place }];
  });
}

function ofCallbacks({ callbacksDelayed }, exhausted, since) {
  const found = [];
  if (exhausted) found.push({ id: "exhausted", tone: "bad", text: `${plural(exhausted, "callback was", "callbacks were")} given up since yesterday, after the last attempt.`, href: `/admin/callbacks?${new URLSearchParams({ state: "Exhausted", from: since })}`, action: "See them" });
  if (callbacksDelayed) found.push({ id: "failing", tone: "warn", text: `${plural(callbacksDelayed, "callback")} failed and will be tried again.`, href: "/admin/callbacks?state=Pending", action: "See receivers" });
  return found;
}

function ofKeys(keys, usage, now) {
  const used = new Map((usage ?? []).map((row) => [row.name, row]));
  return (keys ?? []).filter((key) => !key.cancelledDate).flatMap((key) => [...ofBudget(key, used.get(key.owner)), ...ofExpiry(key, now)]);
}

function ofBudget(key, used) {
  return Object.entries(BUDGETS).flatMap(([budget, [sum, what]]) => {
    const share = key[budget] && used ? (used[sum] ?? 0) / key[budget] : 0;
    if (share < NEARLY) return [];
    return [{ id: `budget ${key.id} ${budget}`, tone: share >= 1 ? "bad" : "warn", text: `Key “${key.name}” has used ${percent(share)} of its ${what} for this month.`, href: "/admin/keys", action: "Change its limits" }];
  });
}

function ofExpiry(key, now) {
  const left = key.expiryDate ? new Date(key.expiryDate).getTime() - now : Infinity;
  if (left > SOON_MS || left < 0) return [];
  return [{ id: `expiry ${key.id}`, tone: "warn", text: `Key “${key.name}” expires in ${plural(Math.max(1, Math.round(left / 86_400_000)), "day")}.`, href: "/admin/keys", action: "Change it" }];
}
