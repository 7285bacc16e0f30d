// Which files that were sent are there again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf } from "../../../../../gateway/static/js/media/sent.js";

test("files with a job are there again; of what is no list, none", () => {
  const row = { key: "a", name: "a.png", size: 1, jobId: 7 };
  assert.deepEqual(rowsOf(JSON.stringify([row, { key: "b" }, null, "c", { jobId: 8 }])), [row]);
  for (const text of ["", "{", "null", "7", "{}"]) assert.deepEqual(rowsOf(text), []);
});
