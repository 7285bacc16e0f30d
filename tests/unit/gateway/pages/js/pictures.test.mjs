// Pictures are summed up before they are sent, and become files apart from the conversation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filesOf, fit, isPicture, loosePictures, sentBytes, withFiles } from "../../../../../gateway/static/js/chat/pictures.js";
import { requestOf } from "../../../../../gateway/static/js/chat/tree.js";

const loose = (bytes) => `data:image/png;base64,${"A".repeat(bytes)}`;
const file = (bytes, name = "file-a") => ({ file: name, type: "image/png", bytes });

test("a file weighs in a request what its data URL does", () => {
  for (const bytes of [0, 1, 2, 3, 4, 1000]) {
    const url = `data:image/png;base64,${Buffer.alloc(bytes).toString("base64")}`;
    assert.equal(sentBytes(file(bytes)), url.length);
  }
});

test("the oldest pictures are left out until the rest fits; those of the last message never", () => {
  const messages = ["a", "b", "c"].map((id) => ({ id, text: id, images: [loose(4000)] }));
  assert.deepEqual([...fit(messages, 20_000).left], []);
  assert.deepEqual([...fit(messages, 10_000).left], ["a"]);
  assert.deepEqual([...fit(messages, 6000).left], ["a", "b"]);
  assert.deepEqual([...fit(messages, 1000).left], ["a", "b"]);
  assert.ok(fit(messages, 1000).bytes > 1000);
  assert.deepEqual([...fit(messages, null).left], []);
});

test("a request says where a picture was left out, and has the others as the document has them", () => {
  const nodes = {
    a: { id: "a", parent: null, role: "user", text: "one", images: [file(9000)] },
    b: { id: "b", parent: "a", role: "user", text: "two", images: [file(9000, "file-b")] },
  };
  const { messages } = requestOf({ nodes, leaf: "b", settings: {} }, "m", "b", 20_000);
  assert.equal(messages[0].content, "one\n\n[An image that was here is left out.]");
  assert.deepEqual(messages[1].content[1].image_url.url, file(9000, "file-b"));
});

test("pictures become files wherever they are, but those of an answer that still comes", () => {
  const url = loose(8);
  const document = {
    nodes: { a: { id: "a", images: [url, file(1)] }, b: { id: "b", state: "running", images: [loose(12)] }, c: { id: "c" } },
    waiting: [{ id: "w", text: "", images: [url] }],
  };
  assert.deepEqual(loosePictures(document), [url]);
  const after = withFiles(document, new Map([[url, file(8, "file-new")]]));
  assert.deepEqual(after.nodes.a.images, [file(8, "file-new"), file(1)]);
  assert.deepEqual(after.waiting[0].images, [file(8, "file-new")]);
  assert.equal(after.nodes.c, document.nodes.c);
  assert.deepEqual(loosePictures(after), []);
  assert.deepEqual(filesOf(after), ["file-new", "file-a"]);
});

test("only data URLs of pictures and our own files are shown", () => {
  for (const good of [loose(1), file(1)]) assert.ok(isPicture(good));
  for (const bad of ["https://tracker.example/p.png", "data:text/html,x", { file: "../x", type: "image/png" }, null, { file: "file-a/../b" }]) assert.ok(!isPicture(bad));
});
