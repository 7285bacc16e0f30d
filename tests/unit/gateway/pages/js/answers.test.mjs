// What models stream, however they number it, becomes an answer; and what is asked first a title.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asMarkdown } from "../../../../../gateway/static/js/chat/export.js";
import { emptyAnswer, folded } from "../../../../../gateway/static/js/chat/fold.js";
import { added, emptyDocument, titleOf } from "../../../../../gateway/static/js/chat/tree.js";

const calls = (...deltas) => deltas.map((one) => ({ choices: [{ delta: { tool_calls: one } }] })).reduce(folded, emptyAnswer()).toolCalls;
const call = (index, name, text) => ({ index, function: { name, arguments: text } });

for (const [what, index] of [["from 0", 0], ["from 1", 1], ["anyhow", 1e9]]) {
  test(`calls of tools that are counted ${what} have no holes between them`, () => {
    const found = calls([call(index, "look", "{")], [call(index + 1, "go", "[]")], [call(index, undefined, "}")]);
    assert.deepEqual(found.map(({ name, arguments: text }) => [name, text]), [["look", "{}"], ["go", "[]"]]);
  });
}

test("calls that are none are passed over", () => {
  assert.deepEqual(calls(7, null, [null]), []);
  assert.equal(calls([{}]).length, 1);
});

test("a hole that was kept before is passed over, too", () => {
  const node = { id: "a", parent: null, role: "assistant", text: "Yes", toolCalls: [null, { name: "look", arguments: "{}" }] };
  assert.match(asMarkdown(added(emptyDocument(), node), "T"), /look/);
});

test("a title has no half of a letter, wherever it is cut", () => {
  for (let before = 50; before < 62; before += 1) {
    const title = titleOf(added(emptyDocument(), { id: "a", parent: null, role: "user", text: "x".repeat(before) + "😀".repeat(9) }));
    assert.equal(Buffer.from(title).toString(), title);
  }
});
