// What needs somebody's attention, and where it is mended. Pure.
//
// Each finding is {id, tone: "bad" | "warn", text, href, action}; the worst come first. What could not be
// read (a key may not see everything) is null and finds nothing.

import { serverNow } from "../lib/clock.js";
import { duration, percent } from "../lib/format.js";
import { own } from "../lib/own.js";
import { t } from "../texts/admin.js";

/** Lag that people notice (seconds), and the share of a budget at which there is still time to act. */
const LATE_S = 60;
const NEARLY = 0.8;
const SOON_MS = 7 * 86_400_000;
const BUDGETS = { monthlyTokens: ["totalTokens", "attention.tokensUsed"], monthlyCost: ["cost", "attention.costUsed"] };

const jobsOf = (model) => `/admin/jobs?${new URLSearchParams({ state: "Queued", model })}`;

/** `overview` as GetOverview answers; `providers`, `keys`: rows; `usage`: this month's, by owner; `exhausted`: how many lately. */
export function findings({ overview, providers = null, keys = null, usage = null, exhausted = null, since = "", now = serverNow() }) {
  const found = [
    ...ofWorkers(overview),
    ...ofProviders(overview, providers),
    ...ofMetrics(overview),
    ...ofStages(overview, providers),
    ...ofCallbacks(overview, exhausted, since),
    ...ofKeys(keys, usage, now),
  ];
  return [...found.filter(({ tone }) => tone === "bad"), ...found.filter(({ tone }) => tone !== "bad")];
}

function ofWorkers({ workers, lostWorkers }) {
  const found = [];
  if (!workers.length) found.push({ id: "no-workers", tone: "bad", text: t("words.noWorkerIsAlive"), href: "/admin/queues", action: t("attention.seeWorkers") });
  if (lostWorkers.length) found.push({ id: "lost", tone: "warn", text: t("attention.fellSilent", { count: lostWorkers.length }), href: "/admin/queues", action: t("attention.seeWorkers") });
  return found;
}

const waitingFor = ({ waiting }) => new Map(waiting.map((row) => [row.model, row.interactive + row.queued + row.bulk]));

const IN_THE_WAY = { offline: "attention.isOffline", held: "attention.isOnHold", resting: "attention.isResting", limited: "attention.askedForAPause" };

function ofProviders(overview, providers) {
  const waiting = waitingFor(overview);
  return (providers ?? []).filter((one) => one.enabled && own(IN_THE_WAY, one.status)).flatMap((one) => {
    const count = one.models.reduce((sum, { model }) => sum + (waiting.get(model) ?? 0), 0);
    // Somebody put it on hold: that is no fault while nothing waits for it.
    if (one.status === "held" && !count) return [];
    const wait = count ? ` ${t("attention.waitForItsModels", { count })}` : "";
    const why = one.offlineReason && one.status !== "held" ? `: ${one.offlineReason.replace(/\.$/, "")}` : "";
    return [{
      id: `provider ${one.name}`, tone: one.status === "offline" || count ? "bad" : "warn",
      text: t(IN_THE_WAY[one.status], { name: one.name, why }) + wait,
      href: `/admin/providers?${new URLSearchParams({ name: one.name })}`, action: one.status === "held" ? t("words.resume") : t("words.check"),
      provider: one.name, isHeld: one.status === "held",
    }];
  });
}

/** Nothing waits for them: what they tell would only hold batches back. */
function ofMetrics({ providers = [] }) {
  return providers.filter((one) => one.metricsProblem).map(({ name, metricsProblem }) => ({
    id: `metrics ${name}`, tone: "warn", text: t("attention.metricsTellNothing", { name, why: metricsProblem }),
    href: `/admin/providers?${new URLSearchParams({ name })}`, action: t("attention.seeProviders"),
  }));
}

/** Whether a provider has the model; null when that is not known. */
export const isServed = (providers, model) => (providers ? providers.some(({ models }) => models.some((one) => one.model === model)) : null);

function ofStages({ stages }, providers) {
  return stages.filter(({ depth }) => depth).flatMap((stage) => {
    const name = stage.model ? `“${stage.model}”` : stage.name;
    const waiting = { count: stage.depth, name };
    const place = stage.model ? { href: jobsOf(stage.model), action: t("attention.seeJobs") } : { href: "/admin/queues", action: t("attention.seeQueues") };
    if (stage.model && isServed(providers, stage.model) === false) {
      return [{ id: `orphan ${name}`, tone: "bad", text: t("attention.noProviderHasIt", waiting), ...place }];
    }
    if (!stage.workers) return [{ id: `unserved ${name}`, tone: "bad", text: t("attention.noWorkerServesIt", waiting), href: "/admin/queues", action: t("attention.seeWorkers") }];
    if (stage.lagSecs <= LATE_S) return [];
    return [{ id: `late ${name}`, tone: "warn", text: t("attention.late", { ...waiting, lag: duration(stage.lagSecs * 1000) }), ...place }];
  });
}

function ofCallbacks({ callbacksDelayed }, exhausted, since) {
  const found = [];
  if (exhausted) found.push({ id: "exhausted", tone: "bad", text: t("attention.givenUp", { count: exhausted }), href: `/admin/callbacks?${new URLSearchParams({ state: "Exhausted", from: since })}`, action: t("attention.seeThem") });
  if (callbacksDelayed) found.push({ id: "failing", tone: "warn", text: t("attention.willBeTriedAgain", { count: callbacksDelayed }), href: "/admin/callbacks?state=Pending", action: t("attention.seeReceivers") });
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
    return [{ id: `budget ${key.id} ${budget}`, tone: share >= 1 ? "bad" : "warn", text: t(what, { name: key.name, share: percent(share) }), href: `/admin/keys?key=key_${key.id}`, action: t("attention.changeItsLimits") }];
  });
}

function ofExpiry(key, now) {
  const left = key.expiryDate ? new Date(key.expiryDate).getTime() - now : Infinity;
  if (left > SOON_MS || left < 0) return [];
  return [{ id: `expiry ${key.id}`, tone: "warn", text: t("attention.expires", { name: key.name, count: Math.max(1, Math.round(left / 86_400_000)) }), href: `/admin/keys?key=key_${key.id}`, action: t("attention.changeIt") }];
}
