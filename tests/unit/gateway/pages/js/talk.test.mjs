// A job's bodies become messages, and a conversation that goes on from there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { documentOf, talkOf } from "../../../../../gateway/static/js/admin/talk-of.js";
import { partsOf } from "../../../../../gateway/static/js/admin/time-bar.js";

const picture = "data:image/png;base64,AAAA";
const request = JSON.stringify({ model: "m", temperature: 0.5, messages: [
  { role: "system", content: "Be brief." },
  { role: "user", content: [{ type: "text", text: "What is it?" }, { type: "image_url", image_url: { url: picture } }, { type: "image_url", image_url: { url: "https://tracker.example/x.png" } }] },
] });
const response = JSON.stringify({ choices: [{ message: { role: "assistant", content: null, tool_calls: [{ function: { name: "look", arguments: "{}" } }] } }] });

test("messages, with pictures that are in them and no others", () => {
  const { asked, answered } = talkOf(request, response);
  assert.deepEqual(asked.map(({ role, text, images }) => [role, text, images]), [["system", "Be brief.", []], ["user", "What is it?", [picture]]]);
  assert.deepEqual(answered[0].toolCalls, [{ name: "look", arguments: "{}" }]);
});

test("what is no chat is none", () => {
  for (const body of [null, "", "{", '{"input": "x"}', '{"messages": 1}', '{"messages": [null]}']) assert.equal(talkOf(body, null), null);
  for (const choices of ['{}', '[{"message": {"tool_calls": {}}}]', '[{"message": {"content": [null]}}]']) assert.equal(talkOf(request, `{"choices": ${choices}}`), null);
});

test("a conversation goes on from it", () => {
  let count = 0;
  const found = documentOf(talkOf(request, response), "m", () => `n${(count += 1)}`, 1);
  assert.deepEqual(found.settings, { system: "Be brief.", temperature: 0.5 });
  assert.deepEqual([found.leaf, found.nodes.n2.parent, found.nodes.n1.text], ["n2", "n1", "What is it?"]);
});

test("the time of a job is queued, attempts, what was between them, and the callback", () => {
  const at = (s) => new Date(s * 1000).toISOString();
  const parts = partsOf({
    job: { createdDate: at(0), startedDate: at(9), completedDate: at(11) }, listed: { executedDate: at(10) },
    attempts: [{ number: 1, outcome: "failed", startedDate: at(2), durationMs: 1000 }, { number: 2, outcome: "answered", startedDate: at(9), durationMs: 1000 }],
    delivery: { log: [{ number: 1, status: 200, startedDate: at(12), durationMs: 500 }] },
  });
  assert.deepEqual(parts.map(({ label, from, to }) => [label, to - from]), [["Queued", 2000], ["Attempt 1", 1000], ["Queued", 6000], ["Attempt 2", 1000], ["Until the callback", 2000], ["Callback 1", 500]]);
});
