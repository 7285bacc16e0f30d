// What is made once, though nobody may be told that it was.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../../../gateway/static/js/lib/api.js";
import { madeOnce } from "../../../../../gateway/static/js/lib/once.js";

const failing = (status) => () => Promise.reject(new ApiError(status));
const named = (name, isAgain) => Promise.resolve([name, isAgain]);

/** The name that was tried under when this status was answered; 0 is none. */
async function failed(asked, status) {
  let tried;
  await assert.rejects(madeOnce(asked, (name) => {
    tried = name;
    return failing(status)();
  }));
  return tried;
}

test("what may have been made is made again under its name, until somebody has answered", async () => {
  const first = await failed(["a"], 0);
  assert.equal(await failed(["a"], 503), first);
  assert.deepEqual(await madeOnce(["a"], named), [first, true]);
  const [next, isAgain] = await madeOnce(["a"], named);
  assert.notEqual(next, first);
  assert.equal(isAgain, false);
});

test("what was refused was not made, and something else is not the same", async () => {
  const refused = await failed(["b"], 400);
  assert.notEqual((await madeOnce(["b"], named))[0], refused);
  const lost = await failed(["c"], 0);
  assert.notEqual((await madeOnce(["c", 1], named))[0], lost);
});

test("what is asked twice at once is two", async () => {
  const lost = await failed(["d"], 0);
  const [[one], [other]] = await Promise.all([madeOnce(["d"], named), madeOnce(["d"], named)]);
  assert.equal(one, lost);
  assert.notEqual(one, other);
});
