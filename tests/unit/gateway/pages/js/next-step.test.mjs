// What is done about an answer whose request or stream broke off.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextStep } from "../../../../../gateway/static/js/chat/next-step.js";

const offline = { status: 0 };
const unknown = { status: 404, code: "job_not_found" };

for (const [what, error, at, expected] of [
  ["offline before anything came back: the request is sent again", offline, { how: "ask", isHeard: false, canAsk: true }, "ask"],
  ["offline after something came back: the stream is read again", offline, { how: "ask", isHeard: true, canAsk: true }, "attach"],
  ["offline again and again after a reload: it is looked for, not given up", offline, { how: "attach", isHeard: false, canAsk: true }, "attach"],
  ["not known after a reload: it never arrived, and is sent", unknown, { how: "attach", isHeard: false, canAsk: true }, "ask"],
  ["not known, and too old: the person decides", unknown, { how: "attach", isHeard: false, canAsk: false }, "fail"],
  ["not known any more, but known once: it is not paid twice", unknown, { how: "attach", isHeard: true, canAsk: true }, "fail"],
  ["a model that is not known fails at once", { status: 404, code: "model_not_found" }, { how: "ask", isHeard: false, canAsk: true }, "fail"],
  ["a proxy says that the gateway is away", { status: 502, code: null }, { how: "ask", isHeard: false, canAsk: true }, "ask"],
  ["the model itself failed", { status: 502, code: null, isAnswer: true }, { how: "attach", isHeard: true, canAsk: true }, "fail"],
  ["no provider can answer: the person is told", { status: 503, code: "no_provider" }, { how: "ask", isHeard: false, canAsk: true }, "fail"],
  ["the store is away", { status: 503, code: "store_unavailable" }, { how: "attach", isHeard: true, canAsk: true }, "attach"],
  ["signed out: it waits for who comes back", { status: 401 }, { how: "ask", isHeard: false, canAsk: true }, "leave"],
  ["somebody else signed in in another tab", { status: 403, code: "csrf_failed" }, { how: "ask", isHeard: false, canAsk: true }, "leave"],
  ["it arrived, and the settings were changed since", { status: 422, code: "ref_id_conflict" }, { how: "ask", isHeard: false, canAsk: true }, "attach"],
]) {
  test(what, () => assert.equal(nextStep(error, at), expected));
}
