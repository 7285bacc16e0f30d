// What needs an operator's attention, and what does not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findings, isServed } from "../../../../../gateway/static/js/admin/attention-rules.js";

const calm = { workers: [{}], lostWorkers: [], waiting: [], stages: [], callbacksDelayed: 0 };
const provider = (fields) => ({ name: "p", enabled: true, status: "online", models: [{ model: "m" }], ...fields });
const waiting = [{ model: "m", interactive: 1, queued: 2, bulk: 0 }];
const stage = (fields) => ({ name: "chat", model: "m", depth: 3, lagSecs: 1, workers: 1, ...fields });
const texts = (given) => findings({ overview: calm, ...given }).map(({ tone, text }) => `${tone}: ${text}`);

for (const [what, given, expected] of [
  ["nothing is wrong", { providers: [provider()], keys: [], usage: [], exhausted: 0 }, []],
  ["nothing else may be seen", {}, []],
  ["a provider is offline and jobs wait", { overview: { ...calm, waiting }, providers: [provider({ status: "offline", offlineReason: "it could not be reached." })] },
    ["bad: Provider “p” is offline: it could not be reached. 3 jobs wait for its models."]],
  ["a provider is offline and nobody waits", { providers: [provider({ status: "offline" })] }, ["bad: Provider “p” is offline."]],
  ["a provider is on hold and nobody waits", { providers: [provider({ status: "held" })] }, []],
  ["a provider is on hold and jobs wait", { overview: { ...calm, waiting }, providers: [provider({ status: "held", offlineReason: "taken offline" })] },
    ["bad: Provider “p” is on hold. 3 jobs wait for its models."]],
  ["a provider that is disabled", { providers: [provider({ enabled: false, status: "held" })] }, []],
  ["a queue is late", { overview: { ...calm, stages: [stage({ lagSecs: 61 })] }, providers: [provider()] }, ["warn: 3 jobs wait for “m”, the first for 1 min 1 s."]],
  ["a queue is just not late", { overview: { ...calm, stages: [stage({ lagSecs: 60 })] }, providers: [provider()] }, []],
  ["a queue without workers", { overview: { ...calm, stages: [stage({ depth: 1, workers: 0 })] } }, ["bad: 1 job waits for “m”, and no worker serves that queue."]],
  ["jobs wait for a model of a deleted provider", { overview: { ...calm, stages: [stage()] }, providers: [] }, ["bad: 3 jobs wait for “m”, which no provider has any more."]],
  ["callbacks were given up, others fail", { overview: { ...calm, callbacksDelayed: 1 }, exhausted: 2, since: "2026-01-01" },
    ["bad: 2 callbacks have been given up since yesterday, after the last attempt.", "warn: 1 callback failed and will be retried."]],
  ["the metrics of a provider tell nothing", { overview: { ...calm, providers: [{ name: "p", metricsProblem: "it answered 404" }, { name: "q", waitingThere: 3 }] } },
    ["warn: The metrics of provider “p” tell nothing: it answered 404. Batches do not pause for it."]],
  ["no worker is alive", { overview: { ...calm, workers: [] } }, ["bad: No worker is running: jobs wait until one is started."]],
]) {
  test(what, () => assert.deepEqual(texts(given), expected));
}

test("a key is named from 80 % of its budget on, by its name", () => {
  const key = { id: 1, name: "shop", owner: "key_1", monthlyTokens: 100, monthlyCost: 10 };
  const of = (usage) => texts({ keys: [key], usage: [{ name: "key_1", ...usage }] });
  assert.deepEqual(of({ totalTokens: 79, cost: 7.9 }), []);
  assert.deepEqual(of({ totalTokens: 80, cost: 0 }), ["warn: Key “shop” has used 80% of its tokens for this month."]);
  assert.deepEqual(of({ totalTokens: 0, cost: 12 }), ["bad: Key “shop” has used 120% of its budget for this month."]);
  assert.deepEqual(texts({ keys: [{ ...key, cancelledDate: "2026-01-01" }], usage: [{ name: "key_1", totalTokens: 100 }] }), []);
});

test("a key that expires within a week is named, one that has expired is not", () => {
  const at = (days) => texts({ keys: [{ id: 1, name: "k", owner: "o", expiryDate: new Date(days * 86_400_000).toISOString() }], now: 0 });
  assert.deepEqual(at(3), ["warn: Key “k” expires in 3 days."]);
  assert.deepEqual([...at(8), ...at(-1)], []);
});

test("each finding leads somewhere", () => {
  const found = findings({ overview: { ...calm, workers: [], stages: [stage({ lagSecs: 99 })], callbacksDelayed: 2 }, exhausted: 1, providers: [provider({ status: "offline" })] });
  assert.ok(found.length >= 5);
  for (const { href, action } of found) assert.ok(href.startsWith("/admin/") && action);
});

test("whether a model is served is not guessed", () => {
  assert.equal(isServed(null, "m"), null);
  assert.equal(isServed([provider()], "m"), true);
  assert.equal(isServed([provider()], "x"), false);
});
