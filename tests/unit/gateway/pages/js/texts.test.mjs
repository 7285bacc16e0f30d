// Every text of the pages stands in the catalog, every text of the catalog is used, and its messages are filled in.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { translator } from "../../../../../gateway/static/js/lib/texts.js";
import { readIn } from "./literals.mjs";

const ROOT = new URL("../../../../../gateway/static/js/", import.meta.url);
/** What is no text of ours: names of services and languages, code that is shown, drawings, names of the API. */
const LITERAL_FILES = new Set(["admin/presets.js", "chat/show-code.js", "chat/model-icon.js", "ui/icon.js", "docs/main.js"]);
const NAMES = new Set([
  "ReplyTo", "RefId", "Queued", "Started", "Executed", "Completed", "Failed", "Cancelled", "Pending", "Delivered", "Stopped", "Exhausted",
  "Open", "Closed", "Cancelling", "Ended",
  "Enter", "Escape", "Files", "Convert", "Center", "· ReplyTo", "https://", "Queue", "Given up", "There is no text .", "not asked yet", "does not answer",
]);
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const catalogs = { common: ["common"], errors: ["errors"], chat: ["chat"], media: ["media"], admin: ["admin", "admin-bulk", "admin-jobs", "admin-setup"] };
const messagesOf = async (names) => Object.assign({}, ...(await Promise.all(names.map(async (name) => (await import(new URL(`texts/en/${name}.js`, ROOT))).default))));
const modules = readdirSync(ROOT, { recursive: true }).filter((path) => path.endsWith(".js") && !path.startsWith("texts")).sort();

for (const path of modules.filter((one) => !LITERAL_FILES.has(one))) {
  test(`${path} has its texts from the catalog`, () => {
    assert.deepEqual(readIn(read(path)).filter((text) => !isName(text)), [], "texts belong into gateway/static/js/texts/en/");
  });
}

/** Selectors, media queries, times to search for and the like are no texts. */
function isName(text) {
  return NAMES.has(text) || /^\(|:not\(|^last \d|^[a-z-]+(?:, [a-z-]+)+$|^(?:button|plain) |^noopener|^12px|Error$/.test(text) || !/\p{L}/u.test(text);
}

for (const [room, names] of Object.entries(catalogs)) {
  test(`each text of ${room} is used, and each that is used is there`, async () => {
    const messages = await messagesOf(names);
    const sources = modules.map(read).filter((source) => source.includes(`/texts/${room}.js"`));
    const asked = new Set(sources.flatMap((source) => [...source.matchAll(/\bt\("([^"]+)"/g)].map(([, key]) => key)));
    assert.deepEqual([...asked].filter((key) => !(key in messages)), []);
    const made = sources.flatMap((source) => [...source.matchAll(/\bt\(`([\w.]+)\$/g)].map(([, beginning]) => beginning));
    const written = new Set(sources.flatMap((source) => [...source.matchAll(/"(\w+\.[\w ]+)"/g)].map(([, text]) => text)));
    assert.deepEqual(Object.keys(messages).filter((key) => !written.has(key) && !made.some((beginning) => key.startsWith(beginning))), []);
  });
}

test("what is counted has a form for one of it", async () => {
  const messages = await messagesOf(Object.values(catalogs).flat());
  assert.deepEqual(Object.entries(messages).filter(([, message]) => /\{count\} (?:[a-z]+ )?[a-z]+s\b/.test(message)), []);
});

test("literals are found where people would read them", () => {
  const dollar = "$";
  assert.deepEqual(readIn(`const a = html\`<p title="Read me">Hello ${dollar}{x ? "Good day" : "no"}</p>\`; // A comment here`), ["Hello …", "Read me", "Good day"]);
  assert.deepEqual(readIn('import x from "./Some File.js"; const a = t("a.b"); const b = /[`"A b]/;'), []);
});

test("messages are filled in", () => {
  const t = translator({ en: { plain: "As it is", named: "{name} of {name}, {other}", counted: "{count, plural, one {# job waits} other {# jobs wait}} for {name}" } });
  assert.equal(t("plain"), "As it is");
  assert.equal(t("named", { name: "$&", other: 0 }), "$& of $&, 0");
  assert.equal(t("counted", { count: 1, name: "m" }), "1 job waits for m");
  assert.equal(t("counted", { count: 1200, name: "m" }), "1,200 jobs wait for m");
  assert.throws(() => t("none"), /none/);
});

test("no value turns the direction of the sentence that it stands in", () => {
  const t = translator({ en: { named: "“{name}” is deleted." } });
  assert.equal(t("named", { name: "a\u202eb\u2066c\u2069\u2069" }), "“abc” is deleted.");
  assert.equal(t("named", { name: "שלום" }), "“\u2068שלום\u2069” is deleted.");
  assert.equal(t("named", { name: "name" }), "“name” is deleted.");
});
