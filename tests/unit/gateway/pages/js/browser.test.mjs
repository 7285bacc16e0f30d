// What browsers refuse, close or hand over in their own way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filesMeant } from "../../../../../gateway/static/js/chat/pictures.js";
import { added, changed, emptyDocument } from "../../../../../gateway/static/js/chat/tree.js";
import { Store } from "../../../../../gateway/static/js/chat/store.js";
import { ApiError, json, sendForm } from "../../../../../gateway/static/js/lib/api.js";
import { copy } from "../../../../../gateway/static/js/lib/clipboard.js";
import { keep } from "../../../../../gateway/static/js/lib/keep.js";
import { isComposing } from "../../../../../gateway/static/js/lib/keys.js";

const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true });

define("navigator", {});

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
