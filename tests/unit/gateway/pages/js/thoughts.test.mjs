// Reasoning between <think> tags is told apart from the answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apart } from "../../../../../gateway/static/js/chat/thoughts.js";

for (const [what, text, expected] of [
  ["an answer without", "Hello <think>", { reasoning: "", text: "Hello <think>" }],
  ["a thought and an answer", "<think>\nHm.\n</think>\n\nYes.", { reasoning: "Hm.", text: "Yes." }],
  ["a thought that goes on", "<think>Hm", { reasoning: "Hm", text: "" }],
  ["an empty thought", "<think>\n\n</think>\nYes.", { reasoning: "", text: "Yes." }],
  ["another tag, in capitals", " <Thinking>a</THINKING>b", { reasoning: "a", text: "b" }],
  ["a tag that only begins so", "<thinker>a</thinker>", { reasoning: "", text: "<thinker>a</thinker>" }],
]) {
  test(what, () => assert.deepEqual(apart(text), expected));
}
