// The past and the present make one line of points.

import assert from "node:assert/strict";
import { test } from "node:test";
import { joined, pastOf, percentile, rate, reached, ended } from "../../../../../gateway/static/js/admin/rates.js";

const at = (s) => new Date(s * 1000).toISOString();
const point = (s, accepted = s) => ({ date: at(s), accepted });
const seconds = (points) => points.map(({ date }) => new Date(date) / 1000);

test("what is read now goes on from the samples, as far apart as they are, up to the last reading", () => {
  const live = [30, 32, 34, 36, 44, 46].map((s) => point(s));
  assert.deepEqual(seconds(joined([0, 15, 30].map((s) => point(s)), live, 14_000)), [0, 15, 30, 44, 46]);
  assert.deepEqual(seconds(joined([], live, 14_000)), [30, 44, 46]);
  assert.deepEqual(joined([], [], 14_000), []);
});

test("where counts begin anew, so do the points", () => {
  assert.deepEqual(seconds(joined([point(0, 100), point(15, 5), point(30, 7)], [], 14_000)), [15, 30]);
});

test("samples give rates and latencies as overviews do", () => {
  const now = { latencies: [{ withinMs: 100, total: 0 }, { withinMs: null, total: 0 }] };
  const row = (s, completed, latencies) => pastOf({ date: at(s), accepted: completed, completed, failed: 0, cancelled: 0, inFlight: 0, waiting: 0, callbacks: 0, latencies }, now);
  const [one, other] = [row(0, 10, [5, 5]), row(10, 30, [25, 5])];
  assert.equal(rate(one, other, ended), 2);
  assert.equal(percentile(one, other, 0.5), 50);
});

test("a page that was just opened counts from the last sample that is old enough", () => {
  const now = { date: at(100), accepted: 9, latencies: [] };
  const row = (s, accepted = 5) => ({ date: at(s), accepted, completed: accepted, failed: 0, cancelled: 0, latencies: [] });
  assert.deepEqual(seconds([reached([row(40), row(55), row(70), row(85)], now, 30_000)]), [70]);
  for (const rows of [[], [row(85)], [row(0)], [row(70, 10)]]) assert.equal(reached(rows, now, 30_000), null);
});
