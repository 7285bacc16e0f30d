// What an entry of the audit log names is a link to where it is looked at.

import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../../../../../gateway/static/js/admin/audit-places.js";

for (const [what, entry, place] of [
  ["a key", { action: "RevokeApiKey", target: "key_7" }, "/admin/keys?key=key_7"],
  ["a provider, whatever it is called", { action: "UpdateAiProvider", target: "a&b" }, "/admin/providers?name=a%26b"],
  ["a provider of media", { action: "DeleteMediaProvider", target: "x" }, "/admin/providers?name=x"],
  ["a worker", { action: "CancelWorker", target: "chat@here" }, "/admin/queues"],
  ["a file has no page", { action: "Reload", target: "providers.toml" }, null],
  ["nothing", { action: "CreateAiProvider", target: "" }, null],
]) {
  test(`the place of ${what}`, () => assert.equal(placeOf(entry), place));
}
