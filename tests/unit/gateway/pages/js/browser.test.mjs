// What browsers refuse, close or hand over in their own way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filesMeant, withUrls } from "../../../../../gateway/static/js/chat/pictures.js";
import { added, asDocument, changed, emptyDocument, path } from "../../../../../gateway/static/js/chat/tree.js";
import { Store } from "../../../../../gateway/static/js/chat/store.js";
import { ApiError, json, sendForm } from "../../../../../gateway/static/js/lib/api.js";
import { Drafts } from "../../../../../gateway/static/js/lib/drafts.js";
import { copy } from "../../../../../gateway/static/js/lib/clipboard.js";
import { drop, keep, kept } from "../../../../../gateway/static/js/lib/keep.js";
import { holdPlace } from "../../../../../gateway/static/js/lib/router.js";
import { recall, remember } from "../../../../../gateway/static/js/lib/remember.js";
import { storage } from "../../../../../gateway/static/js/lib/storage.js";
import { isComposing } from "../../../../../gateway/static/js/lib/keys.js";

const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true });

define("navigator", {});
define("addEventListener", () => {});
// It would keep the tests from ending.
define("BroadcastChannel", undefined);

/** A document without a clipboard; while a dialog is open what stands beside it cannot be selected. */
function documentWith(dialog, isAllowed = true) {
  let selected = null;
  const place = (name) => ({ name, append(area) { area.place = name; } });
  const [body, open] = [place("body"), place("dialog")];
  const copied = [];
  define("document", {
    body, activeElement: { focus() {} },
    querySelectorAll: () => (dialog ? [open] : []),
    createElement: () => ({ style: {}, select() { selected = this; }, remove() {} }),
    execCommand: () => {
      const isDone = isAllowed && selected.place === (dialog ? "dialog" : "body");
      if (isDone) copied.push(selected.value);
      return isDone;
    },
  });
  return copied;
}

test("a secret in a dialog is copied where there is no clipboard, and a refusal is said", async () => {
  for (const dialog of [true, false]) {
    const copied = documentWith(dialog);
    await copy("ak-1");
    assert.deepEqual(copied, ["ak-1"]);
  }
  documentWith(true, false);
  await assert.rejects(copy("ak-1"), /by hand/);
  define("document", undefined);
});

const data = (types, text, files) => ({ types, files, getData: () => text });

for (const [what, given, count] of [
  ["a picture", data(["Files"], "", ["png"]), 1],
  ["a picture of a page", data(["text/html", "Files"], "", ["png"]), 1],
  ["a file with its name", data(["text/plain", "Files"], "a.png", ["png"]), 1],
  ["cells of a table, with a picture of them", data(["text/plain", "text/html", "Files"], "1\t2", ["png"]), 0],
  ["text", data(["text/plain"], "Hello", []), 0],
]) {
  test(`pasted: ${what}`, () => assert.equal(filesMeant(given).length, count));
}

test("keys of an input method are not those of the page", () => {
  assert.deepEqual([{ isComposing: true }, { isComposing: false, keyCode: 229 }, { isComposing: false, keyCode: 13 }].map(isComposing), [true, true, false]);
});

test("where the browser forbids its storage nothing is kept, and nothing fails", () => {
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(globalThis, name, { configurable: true, get() { throw new DOMException("Access is denied.", "SecurityError"); } });
    assert.equal(storage(name), null);
  }
  remember("theme", "dark");
  assert.equal(recall("theme"), null);
  const drafts = new Drafts("ann", storage("localStorage"));
  assert.equal(drafts.write("c1", "Half a thou"), false);
  assert.equal(drafts.read("c1"), "Half a thou");
  assert.deepEqual(drafts.keys(), ["c1"]);
  assert.ok(!drafts.keepsAll);
});

test("what the browser does not keep is there as long as the page, whoever asks for it", async () => {
  new Drafts("ann", storage("localStorage")).write("c2", "Half a word");
  assert.equal(new Drafts("ann", storage("localStorage")).read("c2"), "Half a word");
  assert.equal(new Drafts("bob", storage("localStorage")).read("c2"), "");
  assert.ok(new Drafts("bob", storage("localStorage")).keepsAll);
  assert.equal(await keep("unsaved:eve:2", "two"), false);
  assert.equal(await keep("unsaved:eve:1", "one"), false);
  assert.deepEqual(await kept("unsaved:eve:"), [["unsaved:eve:1", "one"], ["unsaved:eve:2", "two"]]);
  assert.deepEqual(await kept("unsaved:bob:"), []);
  await drop("unsaved:eve:1");
  assert.deepEqual(await kept("unsaved:eve:"), [["unsaved:eve:2", "two"]]);
});

test("an answer that is no JSON is one of somebody between", async () => {
  define("fetch", async () => new Response("<!doctype html>"));
  await assert.rejects(json("/session"), (error) => error instanceof ApiError && error.status === 0);
});

test("who is signed out while a form with files is sent is asked to sign in, as after any other call", async () => {
  const told = [];
  define("dispatchEvent", ({ type }) => told.push(type));
  define("XMLHttpRequest", class {
    upload = {};
    status = 401;
    responseText = '{"error": {"message": "Sign in."}}';
    open() {}
    getResponseHeader() { return null; }
    setRequestHeader() {}
    send() { this.onload(); }
  });
  await assert.rejects(sendForm("/api/QueueSpeechToText", {}), (error) => error.status === 401);
  assert.deepEqual(told, ["signed-out"]);
});

test("a table that the browser has closed is opened again", async () => {
  let opened = 0;
  const done = (result) => {
    const request = { result };
    queueMicrotask(() => request.onsuccess());
    return request;
  };
  const rows = new Map();
  const database = (isClosed) => ({
    transaction() {
      if (isClosed) throw new DOMException("The database connection is closing.", "InvalidStateError");
      return { objectStore: () => ({ put: (value, key) => done(rows.set(key, value)) }) };
    },
  });
  define("indexedDB", { open: () => done(database(++opened === 1)) });
  assert.ok(await keep("a", 1));
  assert.deepEqual([opened, rows.get("a")], [2, 1]);
  define("indexedDB", undefined);
});

test("a conversation that was deleted does not come back with what its answer cost", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const posted = [];
  define("localStorage", { getItem: () => null, setItem() {}, removeItem() {} });
  define("sessionStorage", { getItem: () => "tab", setItem() {} });
  define("fetch", async (path) => {
    posted.push(path);
    return Response.json({ version: 1 });
  });
  const store = new Store("ann", null);
  const one = store.fresh();
  one.change(added(emptyDocument(), { id: "a", parent: null, role: "assistant", text: "Yes", state: "done" }));
  await one.save();
  await store.remove(one.id);
  one.change(changed(one.document, "a", { cost: 0.1 }));
  await one.save();
  assert.deepEqual(posted, ["/api/SaveConversation", "/api/DeleteConversation"]);
  assert.equal(store.heads.length, 0);
});

test("a conversation that was deleted elsewhere comes back when somebody says so, with all that is here", async () => {
  const posted = [];
  let isDeleted = false;
  define("fetch", async (_, { body }) => {
    const { version, content } = JSON.parse(body);
    posted.push([version, Object.keys(content.nodes).length]);
    if (isDeleted && version) return Response.json({ error: { message: "No such conversation." } }, { status: 404 });
    return Response.json({ version: 1 });
  });
  const question = (id, parent) => ({ id, parent, role: "user", text: id });
  const store = new Store("ann", null);
  const one = store.fresh();
  one.change(added(emptyDocument(), question("first", null)));
  await one.save();
  isDeleted = true;
  one.change(added(one.document, question("second", "first")));
  await assert.rejects(one.save(), /No such conversation/);
  assert.ok(one.isDeleted);
  assert.deepEqual(store.deleted.map(({ title }) => title), ["first"]);
  assert.deepEqual(posted, [[0, 1], [1, 2]]);
  await one.saveAnew();
  assert.deepEqual(posted.at(-1), [0, 2]);
  assert.ok(!one.isDeleted);
});

test("a conversation that another program saved is shown as far as it is one", () => {
  for (const content of [{}, { nodes: null, settings: [] }, { nodes: ["a"], waiting: "b" }, { nodes: { a: 1 } }]) {
    assert.deepEqual(asDocument(content), emptyDocument());
  }
  const whole = { nodes: { a: { id: "a", text: "A" }, b: { text: "B" } }, leaf: "a", settings: { topP: 1 }, waiting: [{ id: "w" }], more: 1 };
  assert.deepEqual(asDocument(whole), { ...whole, nodes: { a: whole.nodes.a, b: { text: "B", id: "b" } } });
  const odd = { a: { id: "a", text: 5, images: "x", toolCalls: null }, b: { id: "b", parent: "c" }, c: { id: "c", parent: "b" }, d: { id: "d", parent: "d" }, e: { id: "e", parent: "constructor" } };
  const { nodes } = asDocument({ nodes: odd });
  assert.deepEqual(nodes.a, { id: "a", toolCalls: null });
  for (const leaf of Object.keys(odd)) assert.ok(path({ nodes, leaf }).length <= 2);
});

test("a picture whose file is gone comes along when its conversation is saved anew", () => {
  const file = { file: "file-1", type: "image/png", bytes: 3 };
  const document = { nodes: { a: { id: "a", images: [file, "data:image/png;base64,AA=="] }, b: { id: "b" } }, leaf: "a", settings: {} };
  const whole = withUrls(document, new Map([["file-1", "data:image/png;base64,BB=="]]));
  assert.deepEqual(whole.nodes.a.images, ["data:image/png;base64,BB==", "data:image/png;base64,AA=="]);
  assert.deepEqual(withUrls(document, new Map()), document);
});

test("who goes Back where something is open stays, and is asked once", () => {
  const listeners = new Set();
  const went = [];
  let [at, asked] = [3, 0];
  define("history", { get state() { return { at }; }, go: (by) => went.push(by) });
  define("addEventListener", (_, listener) => listeners.add(listener));
  define("removeEventListener", (_, listener) => listeners.delete(listener));
  const goTo = (place) => {
    at = place;
    for (const listener of listeners) listener();
  };
  const letGo = holdPlace(() => { asked += 1; });
  goTo(2);
  goTo(3);
  assert.deepEqual([went, asked], [[1], 1]);
  letGo();
  goTo(2);
  assert.deepEqual([went, asked], [[1], 1]);
});
