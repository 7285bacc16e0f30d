// What goes back of a form, what is kept of what was written, and how large pictures are sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, same } from "../../../../../gateway/static/js/lib/changes.js";
import { Drafts } from "../../../../../gateway/static/js/lib/drafts.js";
import { changesIn, draftOf, hasPassword } from "../../../../../gateway/static/js/lib/form.js";
import { bytesOf, fitted, isTooLarge } from "../../../../../gateway/static/js/chat/pictures.js";

test("only what was changed goes back: a masked URL that was not touched never does", () => {
  const before = { apiBaseUrl: "https://***@host/v1", priority: 0, models: ["a", "b"], apiKey: "" };
  assert.deepEqual(changesOf(before, { ...before, models: ["a", "b"] }), {});
  assert.deepEqual(changesOf(before, { ...before, priority: 5, models: ["b", "a"] }), { priority: 5, models: ["b", "a"] });
});

test("values are the same by what they say", () => {
  assert.ok(same({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }));
  assert.ok(same({ a: undefined }, {}));
  for (const [one, other] of [[0, ""], [null, undefined], [[], {}], [{ a: 1 }, { a: "1" }], ["0", 0]]) assert.ok(!same(one, other));
});

/** localStorage, with room for so many characters. */
function storage(room = Infinity) {
  const used = (rows) => Object.values(rows).join("").length;
  const rows = {};
  return new Proxy(rows, {
    get: (_, name) =>
      ({
        getItem: (key) => rows[key] ?? null,
        removeItem: (key) => delete rows[key],
        setItem: (key, value) => {
          if (used(rows) + value.length > room) throw new Error("QuotaExceededError");
          rows[key] = value;
        },
      })[name],
  });
}

test("a draft outlives the page and is nobody else's", () => {
  const place = storage();
  new Drafts("ann", place).write("c1", "Half a thou");
  assert.equal(new Drafts("ann", place).read("c1"), "Half a thou");
  assert.equal(new Drafts("bob", place).read("c1"), "");
  new Drafts("ann", place).write("c1", "");
  assert.deepEqual(Object.keys(place), []);
});

test("the drafts that were touched last are kept, a hundred of them", () => {
  let now = 0;
  const drafts = new Drafts("ann", storage(), () => (now += 1));
  for (let n = 0; n < 130; n += 1) drafts.write(`c${n}`, "text");
  assert.equal(drafts.keys().length, 100);
  assert.equal(drafts.read("c0"), "");
  assert.equal(drafts.keys()[0], "c129");
});

test("where nothing can be kept a draft lasts as long as the page", () => {
  const drafts = new Drafts("ann", storage(10));
  drafts.write("c1", "longer than there is room for");
  assert.equal(drafts.read("c1"), "longer than there is room for");
  drafts.write("c1", "");
  assert.equal(drafts.read("c1"), "");
});

test("a draft is kept whole, however long, or it is said that it is not", () => {
  const long = "word ".repeat(100_000);
  const drafts = new Drafts("ann", storage(long.length + 100));
  assert.ok(drafts.write("c1", long));
  assert.equal(drafts.read("c1"), long);
  assert.equal(drafts.write("c2", long), false);
  assert.ok(!drafts.keepsAll);
  drafts.write("c1", "");
  assert.ok(drafts.write("c2", long));
  assert.ok(drafts.keepsAll);
});

test("a form's draft has what was changed of it, and no secrets", () => {
  const before = { name: "", scopes: ["chat"], batch: false, limit: "5", apiKey: "", baseUrl: "https://h/v1", file: "" };
  const isSecret = (name, value) => name === "apiKey" || hasPassword(value);
  const written = { name: "Invoices", scopes: ["chat", "read"], batch: true, limit: "", apiKey: "sk-1", baseUrl: "https://ann:pw@h/v1", file: {} };
  const draft = draftOf(changesOf(before, written), isSecret);
  assert.deepEqual(JSON.parse(draft), { name: "Invoices", scopes: ["chat", "read"], batch: true, limit: "" });
  assert.deepEqual(changesIn(draft, before), JSON.parse(draft));
  assert.equal(draftOf({ apiKey: "sk-1" }, isSecret), "");
});

test("a draft of another form, or of none, changes nothing", () => {
  const before = { name: "a", scopes: [], batch: false };
  for (const draft of ["", "{", "null", "7", '{"name": ["x"], "scopes": "chat", "batch": "yes", "other": 1, "__proto__": {"name": "x"}}', '{"name": "a"}']) {
    assert.deepEqual(changesIn(draft, before), {});
  }
});

test("pictures are made smaller, never larger, with their proportions", () => {
  assert.deepEqual(fitted(4096, 1024), { width: 2048, height: 512 });
  assert.deepEqual(fitted(1000, 5000), { width: 410, height: 2048 });
  assert.deepEqual(fitted(30, 20), { width: 30, height: 20 });
  assert.deepEqual(fitted(100_000, 1), { width: 2048, height: 1 });
});

test("a conversation is summed up in bytes before it is sent", () => {
  assert.equal(bytesOf("ä"), 2);
  assert.equal(bytesOf(["ä"]), 6);
  assert.ok(isTooLarge(99, 100));
  assert.ok(!isTooLarge(97, 100));
  assert.ok(!isTooLarge(1e9, undefined));
});
