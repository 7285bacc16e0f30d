// What the keyboard does with a plot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { meant, moved } from "../../../../../gateway/static/js/admin/plot-keys.js";

test("arrows begin at the newest point, go from one to the next, and stay inside", () => {
  assert.deepEqual(moved("ArrowLeft", false, { at: null, from: null }, 30), { at: 29, from: null });
  assert.deepEqual(moved("ArrowLeft", false, { at: 29, from: null }, 30), { at: 28, from: null });
  assert.deepEqual(moved("ArrowRight", false, { at: 29, from: null }, 30), { at: 29, from: null });
  assert.deepEqual(moved("PageDown", false, { at: 3, from: null }, 30), { at: 0, from: null });
  assert.deepEqual(moved("Home", false, { at: null, from: null }, 30), { at: 0, from: null });
  assert.equal(moved("Tab", false, { at: 3, from: null }, 30), null);
});

test("Shift selects from where it was first pressed; without it nothing is selected any more", () => {
  assert.deepEqual(moved("ArrowLeft", true, { at: 20, from: null }, 30), { at: 19, from: 20 });
  assert.deepEqual(moved("ArrowLeft", true, { at: 19, from: 20 }, 30), { at: 18, from: 20 });
  assert.deepEqual(moved("ArrowRight", false, { at: 18, from: 20 }, 30), { at: 19, from: null });
});

test("what is meant is the selection, or a point with its neighbours", () => {
  assert.deepEqual(meant({ at: 18, from: 20 }, 30), [18, 20]);
  assert.deepEqual(meant({ at: 20, from: null }, 30), [19, 21]);
  assert.deepEqual(meant({ at: 29, from: 29 }, 30), [28, 29]);
});
