// Letters that nobody sees are found in code, and those that words and emoji need are left alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, splitAtUnseen } from "../../../../../gateway/static/js/lib/unseen.js";

const unseenIn = (text) => splitAtUnseen(text).filter((_, index) => index % 2).map(nameOf);

for (const [what, text, expected] of [
  ["what turns the direction", 'if (role != "user\u202e \u2066// admin\u2069") {', ["U+202E", "U+2066", "U+2069"]],
  ["what has no width", "pass\u200bword \ufeffx \u00ad", ["U+200B", "U+FEFF", "U+00AD"]],
  ["joiners between letters of ASCII", "a\u200db", ["U+200D"]],
  ["controls", "\u001b[31m\u009b\u0000", ["U+001B", "U+009B", "U+0000"]],
  ["more than one variation", "\u{1f642}\ufe0f\ufe01", ["U+FE01"]],
  ["tags", "hi\u{e0041}", ["U+E0041"]],
]) {
  test(`${what} is shown`, () => assert.deepEqual(unseenIn(text), expected));
}

for (const text of ["a\tb\r\nc", "👨‍👩‍👧 می‌خواهم ✔️", "שלום", "é", ""]) {
  test(`nothing is shown in ${JSON.stringify(text)}`, () => assert.deepEqual(splitAtUnseen(text), [text]));
}

test("the parts are the whole text", () => {
  const text = "a\u202eb\u200bc";
  assert.equal(splitAtUnseen(text).join(""), text);
});
