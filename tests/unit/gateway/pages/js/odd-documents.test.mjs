// What other programs save as a conversation can be shown, asked about and merged, whatever it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { merged } from "../../../../../gateway/static/js/chat/merge.js";
import { fit } from "../../../../../gateway/static/js/chat/pictures.js";
import { asDocument, messagesOf, path } from "../../../../../gateway/static/js/chat/tree.js";

const odd = JSON.parse('{"type": "img", "props": {"onerror": "hacked()"}, "__proto__": {"hacked": 1}}');
const withNode = (fields, rest = {}) => asDocument({ nodes: { a: { id: "a", parent: null, role: "user", text: "Hello", ...fields } }, leaf: "a", ...rest });

for (const name of ["text", "reasoning", "model", "error", "provider", "answeredBy", "refId", "state", "finish", "waiting", "ms", "firstMs", "thoughtMs", "cost", "created", "toolCalls"]) {
  test(`a ${name} of another kind is left out`, () => assert.equal(withNode({ [name]: odd }).nodes.a[name], undefined));
}

test("of pictures those that are some are left, and their size is known", () => {
  const images = ["data:image/png;base64,AAAA", 7, null, { file: "file-x", type: odd }, { file: "file-y", type: "image/png", bytes: 3 }, "https://elsewhere.example/a.png"];
  const document = withNode({ images });
  assert.equal(document.nodes.a.images.length, 3);
  assert.ok(fit(messagesOf(document), 1000).bytes > 0);
});

test("settings are texts and numbers", () => {
  assert.deepEqual(withNode({}, { settings: { system: odd, temperature: 1, voice: null } }).settings, { temperature: 1 });
});

for (const leaf of [odd, "constructor", null, 7]) {
  test(`messages are shown whose end is said to be ${JSON.stringify(leaf)}`, () => assert.equal(path(withNode({}, { leaf })).length, 1));
}

test("messages that wait have what messages have", () => {
  assert.deepEqual(withNode({}, { waiting: [odd, { id: "w", text: odd, images: [7] }] }).waiting, [{ id: "w", images: [] }]);
});

for (const id of ["__proto__", "constructor", "toString"]) {
  test(`a message that is called ${id} is merged like any other`, () => {
    const version = (...ids) => ({ document: { nodes: Object.fromEntries(ids.map((one) => [one, { id: one, parent: null, role: "user", text: one }])), leaf: ids.at(-1), settings: {} }, title: "t", renamed: false, model: "m" });
    const { document } = merged(version("a"), version("a", id), version("a", "b"));
    assert.deepEqual(Object.keys(document.nodes).sort(), ["a", "b", id].sort());
    assert.equal(Object.getPrototypeOf(document.nodes), Object.prototype);
    assert.equal(document.leaf, id);
    assert.deepEqual(merged(version("a"), version("a"), version("a", id)).document.nodes[id].text, id);
  });
}
