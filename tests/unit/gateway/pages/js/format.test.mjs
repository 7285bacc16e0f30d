// Values as people read them, also at the edges of their units.

import assert from "node:assert/strict";
import { test } from "node:test";
import { noteDate, serverNow } from "../../../../../gateway/static/js/lib/clock.js";
import { dayGroup } from "../../../../../gateway/static/js/lib/days.js";
import { ago, bytes, duration, money, percent, setCurrency } from "../../../../../gateway/static/js/lib/format.js";

for (const [ms, told] of [
  [null, "–"], [0, "0 ms"], [999.4, "999 ms"], [999.6, "1 s"], [59_940, "59.9 s"], [59_960, "1 min 0 s"], [119_600, "2 min 0 s"],
  [250_000, "4 min 10 s"], [3_599_700, "1 h 0 min"], [7_500_000, "2 h 5 min"],
]) {
  test(`${ms} milliseconds are ${told}`, () => assert.equal(duration(ms), told));
}

test("no unit is full", () => assert.deepEqual([1023, 1024, 1024 * 1023.97, 1024 ** 3].map(bytes), ["1,023 B", "1 KiB", "1 MiB", "1 GiB"]));

for (const [currency, value, told] of [
  ["USD", null, "–"], ["USD", 0, "$0.00"], ["USD", 12.345, "$12.35"], ["USD", 0.01, "$0.01"], ["USD", 0.00123, "$0.00123"], ["USD", 1e-7, "$0.0000001"], ["USD", -0.002, "-$0.002"],
  ["JPY", 12.4, "¥12"], ["JPY", 0.3, "¥0.3"], ["JPY", 0, "¥0"],
]) {
  test(`${value} ${currency} are ${told}: what cost something is never free`, () => {
    setCurrency(currency);
    assert.equal(money(value), told);
  });
}

for (const [share, told] of [[null, "–"], [0, "0%"], [0.0934, "9.3%"], [1.2, "120%"]]) {
  test(`a share of ${share} is ${told}`, () => assert.equal(percent(share), told));
}

for (const days of [-400, -1, 0, 1]) {
  test(`moments are told by the server's clock, which is ${days} days ahead`, () => {
    const there = Date.now() + days * 86_400_000;
    noteDate(new Date(there).toUTCString());
    assert.equal(ago(new Date(serverNow() - 120_000).toISOString()), "2 min. ago");
    assert.equal(dayGroup(new Date(there).toISOString()), "Today");
    assert.ok(Math.abs(serverNow() - there) < 10_000);
    noteDate(null);
    noteDate("no date");
    assert.ok(Math.abs(serverNow() - there) < 10_000);
  });
}

test("a clock that is right to the minute is taken as it is", () => {
  noteDate(new Date(Date.now() + 30_000).toUTCString());
  assert.ok(serverNow() - Date.now() < 1000);
});
