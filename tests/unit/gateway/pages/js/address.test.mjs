// What stands in an address is data: whatever it is, a page can be shown of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, parsed } from "../../../../../gateway/static/js/admin/job-search.js";
import { nameOf } from "../../../../../gateway/static/js/admin/key-names.js";
import { stateName } from "../../../../../gateway/static/js/admin/parts.js";
import { partsOf, skipOf } from "../../../../../gateway/static/js/lib/address.js";
import { ago, day, moment } from "../../../../../gateway/static/js/lib/format.js";
import { own } from "../../../../../gateway/static/js/lib/own.js";

/** What every object knows, and no table of ours has. */
const INHERITED = ["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf"];

for (const [path, parts] of [
  ["/admin", ["admin"]],
  ["/admin/jobs/7/", ["admin", "jobs", "7"]],
  ["/admin/jobs/98%", ["admin", "jobs", "98%"]],
  ["/admin/%E0%A4%A/%41", ["admin", "%E0%A4%A", "A"]],
  ["/Chat/", ["Chat"]],
  ["/", []],
]) {
  test(`${path} has these parts`, () => assert.deepEqual(partsOf(path), parts));
}

test("a place in a list is a whole number, or its beginning", () => {
  const given = [undefined, "50", "-1", "1.5", "1e3", "NaN", "", "0x10", "99999999999999", "constructor"];
  assert.deepEqual(given.map((skip) => skipOf({ skip })), [0, 50, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([skipOf({ skip: "999999999" }), skipOf({ skip: "999999999" }, 5)], [10_000_000, 5]);
});

test("tables have the entries that are their own", () => {
  assert.equal(own({ a: 0 }, "a"), 0);
  for (const name of [...INHERITED, undefined]) assert.equal(own({ a: 0 }, name), undefined);
});

for (const name of INHERITED) {
  test(`${name} is a word like any other`, () => {
    assert.equal(stateName(name), name);
    assert.equal(nameOf(name, new Map()), name);
    assert.deepEqual(parsed(`${name}:x`), { error: `${name}:x` });
    assert.deepEqual(asked({ last: name }), {});
  });
}

test("what is no date is shown as it was written", () => {
  for (const show of [moment, day, ago]) assert.equal(show("Today"), "Today");
  assert.match(day("2026-11-28T00:00:00Z"), /2026/);
});
