// What people type to find jobs becomes filters of the API.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asMoments, beginningOf, dayOf } from "../../../../../gateway/static/js/lib/days.js";
import { asked, offers, parsed, spanOf } from "../../../../../gateway/static/js/admin/job-search.js";

const known = { models: ["gpt-4o", "gpt-4o-mini", "llama"], providers: ["groq"], names: new Map([["user_a", ["Alice's key"]], ["key_7", ["shop"]]]) };

for (const [text, filters] of [
  ["", {}],
  ["429 gpt-4o last 1 h", { statusCode: "429", model: "gpt-4o", last: "1h" }],
  ["failed groq", { state: "Failed", provider: "groq" }],
  ["gpt", { model: "gpt*" }],
  ["GPT-4", { model: "gpt-4*" }],
  ["shop", { owner: "key_7" }],
  ['key:"Alice\'s key"', { owner: "user_a" }],
  ["tag:nightly ref:order-*", { tag: "nightly", refId: "order-*" }],
  ["connection reset", { error: "connection reset" }],
  ["mixtral*", { model: "mixtral*" }],
  ["last day state:cancelled", { last: "1day", state: "Cancelled" }],
]) {
  test(`“${text}”`, () => assert.deepEqual(parsed(text, known), filters));
}

test("times are counted back from now, and days go to their end", () => {
  const now = Date.parse("2026-11-28T12:00:00Z");
  assert.deepEqual(asked({ q: "llama last 30 min", skip: "50" }, known, now), { model: "llama", from: "2026-11-28T11:30:00.000Z" });
  assert.deepEqual(asked({ last: "7d", tag: "x" }, known, now), { tag: "x", from: "2026-11-21T12:00:00.000Z" });
});

for (const [zone, day, from, to] of [
  ["UTC", "2026-11-27", "2026-11-27T00:00:00.000Z", "2026-11-27T23:59:59.999Z"],
  ["America/Los_Angeles", "2026-11-27", "2026-11-27T08:00:00.000Z", "2026-11-28T07:59:59.999Z"],
  ["Asia/Kolkata", "2026-11-27", "2026-11-26T18:30:00.000Z", "2026-11-27T18:29:59.999Z"],
  ["Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"],
]) {
  test(`days begin and end where the reader is: ${zone}`, () => {
    process.env.TZ = zone;
    assert.deepEqual(asked({ from: day, to: day }, known), { from, to });
    assert.deepEqual([dayOf(from), dayOf(to), beginningOf(day)], [day, day, from]);
  });
}

test("what is no day stays as it is, for the API to judge", () => {
  for (const odd of ["2026-99-99", "x", "20266-01-01", "2026-11-21T12:00:00.000Z"]) assert.deepEqual(asMoments({ from: odd, tag: "x" }), { from: odd, tag: "x" });
  assert.deepEqual(asMoments({ to: "" }), { to: "" });
});

test("spans", () => assert.deepEqual(["1 h", "30min", "day", "2 weeks", "x", "1"].map(spanOf), [3600, 1800, 86_400, 1_209_600, null, null]));

test("the last word is ended with what is known", () => {
  assert.deepEqual(offers("failed gpt-4o-", known), ["failed gpt-4o-mini"]);
  assert.ok(offers("la", known).includes("last 1 h"));
  assert.ok(offers("Ali", known).length === 0 && offers("key", known).includes('key:"Alice\'s key"'));
});
