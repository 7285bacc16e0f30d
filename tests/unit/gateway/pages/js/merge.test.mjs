// Two versions of a conversation become one in which no message is missing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { merged } from "../../../../../gateway/static/js/chat/merge.js";

const node = (id, parent, fields = {}) => ({ id, parent, role: "user", text: id, ...fields });
const document = (leaf, nodes, rest = {}) => ({ nodes: Object.fromEntries(nodes.map((one) => [one.id, one])), leaf, settings: {}, ...rest });
const version = (doc, fields = {}) => ({ document: doc, title: "t", renamed: false, model: "m", ...fields });

const a = node("a", null);
const b = node("b", "a", { role: "assistant", state: "done" });
const base = version(document("b", [a, b]));

test("what both asked below the same message is kept as branches, and mine stays in sight", () => {
  const mine = version(document("c", [a, b, node("c", "b")]));
  const theirs = version(document("d", [a, b, node("d", "b")]));
  const both = merged(base, mine, theirs).document;
  assert.deepEqual(Object.keys(both.nodes).sort(), ["a", "b", "c", "d"]);
  assert.equal(both.leaf, "c");
});

test("a page where nothing was done follows what went on elsewhere, but not to another branch", () => {
  const further = version(document("c", [a, b, node("c", "b")]));
  assert.equal(merged(base, base, further).document.leaf, "c");
  const elsewhere = version(document("x", [a, b, node("x", "a")]));
  assert.equal(merged(base, base, elsewhere).document.leaf, "b");
});

for (const [state, other, expected] of [
  ["running", "done", "done"],
  ["done", "running", "done"],
  ["failed", "done", "done"],
  ["stopped", "running", "stopped"],
  ["done", "failed", "done"],
]) {
  test(`an answer that is ${state} here and ${other} there is ${expected}`, () => {
    const mine = version(document("b", [a, { ...b, state, text: "mine", cost: 1 }]));
    const theirs = version(document("b", [a, { ...b, state: other, text: "theirs" }]));
    const found = merged(base, mine, theirs).document.nodes.b;
    assert.equal(found.state, expected);
    assert.equal(found.text, expected === state ? "mine" : "theirs");
    assert.equal(found.cost, 1);
  });
}

test("two pages that know as much agree after one exchange: they do not correct each other for ever", () => {
  const mine = version(document("b", [a, { ...b, ms: 100 }]));
  const theirs = version(document("b", [a, { ...b, ms: 120 }]));
  assert.deepEqual(merged(base, mine, theirs).document, theirs.document);
});

test("settings, title and model are theirs unless they were changed here", () => {
  const before = version(document("b", [a, b], { settings: { system: "s", temperature: 1, topP: 1 } }));
  const mine = version({ ...before.document, settings: { system: "mine", temperature: 1 } }, { title: "Mine", renamed: true });
  const theirs = version({ ...before.document, settings: { system: "theirs", temperature: 0, topP: 1 } }, { title: "Theirs", renamed: true, model: "n" });
  const both = merged(before, mine, theirs);
  assert.deepEqual(both.document.settings, { system: "mine", temperature: 0 });
  assert.deepEqual([both.title, both.model, both.renamed], ["Mine", "n", true]);
});

test("a message that waits is asked once, and one that was taken away stays away", () => {
  const waiting = [{ id: "w1" }, { id: "w2" }, { id: "w3" }];
  const before = version(document("b", [a, b], { waiting }));
  const mine = version(document("w1", [a, b, node("w1", "b")], { waiting: [{ id: "w2" }, { id: "w3" }, { id: "mine" }] }));
  const theirs = version(document("b", [a, b], { waiting: [{ id: "w1" }, { id: "w2" }, { id: "theirs" }] }));
  const ids = merged(before, mine, theirs).document.waiting.map(({ id }) => id);
  assert.deepEqual(ids.sort(), ["mine", "theirs", "w2"]);
});
