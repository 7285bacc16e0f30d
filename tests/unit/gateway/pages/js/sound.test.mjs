// Sound that a model answers with becomes a file; recordings are sent as OpenAI takes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyAnswer, folded } from "../../../../../gateway/static/js/chat/fold.js";
import { fit, isPicture, isSound } from "../../../../../gateway/static/js/chat/pictures.js";
import { Sound } from "../../../../../gateway/static/js/chat/sound.js";
import { requestOf } from "../../../../../gateway/static/js/chat/tree.js";

const chunk = (audio) => ({ choices: [{ index: 0, delta: { audio } }] });
const base64 = (text) => Buffer.from(text, "latin1").toString("base64");
const heard = (...pieces) => {
  const sound = new Sound();
  for (const data of pieces) sound.take(chunk({ data }));
  return sound.url;
};

test("raw samples become a WAV file, whatever the padding of their pieces", () => {
  const [head, data] = heard(base64("abcd"), base64("ef")).split(",");
  const file = Buffer.from(data, "base64");
  assert.equal(head, "data:audio/wav;base64");
  assert.equal(file.toString("latin1", 0, 4) + file.toString("latin1", 8, 16), "RIFFWAVEfmt ");
  assert.deepEqual([file.readUInt32LE(24), file.readUInt32LE(40), file.toString("latin1", 44)], [24_000, 6, "abcdef"]);
});

for (const [begins, type] of [["RIFFxxxxWAVEfmt ", "wav"], ["ID3\x04", "mpeg"], ["\xff\xf3\x84", "mpeg"], ["OggS", "ogg"], ["fLaC", "flac"]]) {
  test(`a file of ${type} stays as it is`, () => assert.equal(heard(base64(`${begins}…`.slice(0, -1))), `data:audio/${type};base64,${base64(begins)}`));
}

test("what is no sound is passed over, and none is none", () => {
  assert.equal(heard("no base64!", 7, null), null);
  for (const odd of [{}, { choices: [] }, { choices: [{ index: 1, delta: { audio: { data: "YQ==" } } }] }]) new Sound().take(odd);
});

test("what is said aloud is written beside it", () => {
  const told = [{ id: "a" }, { transcript: "Good " }, { data: "YQ==" }, { transcript: "day" }, { expires_at: 1 }];
  assert.equal(told.map(chunk).reduce(folded, emptyAnswer()).text, "Good day");
});

test("recordings are sent by who speaks; a model is told its words alone", () => {
  const spoken = { file: "file-a", type: "audio/wav", bytes: 900 };
  const nodes = {
    a: { id: "a", parent: null, role: "user", text: "", images: [spoken] },
    b: { id: "b", parent: "a", role: "assistant", text: "Good day", images: [spoken, "data:image/png;base64,AA"] },
    c: { id: "c", parent: "b", role: "user", text: "And?" },
  };
  const { messages, modalities, audio } = requestOf({ nodes, settings: { voice: "alloy" } }, "m", "c");
  assert.deepEqual(messages[0].content, [{ type: "input_audio", input_audio: { data: spoken, format: "wav" } }]);
  assert.deepEqual(messages[1].content.map(({ type }) => type), ["text", "image_url"]);
  assert.deepEqual([modalities, audio], [["text", "audio"], { voice: "alloy", format: "pcm16" }]);
  assert.equal(requestOf({ nodes, settings: {} }, "m", "c").modalities, undefined);
  assert.ok(isSound(spoken) && !isPicture(spoken) && !isSound("data:audio/evil;base64,AA"));
  const left = requestOf({ nodes, settings: {} }, "m", "c", 900).messages;
  assert.equal(left[0].content, "[A recording that was here is left out.]");
  assert.ok(fit([nodes.a, nodes.c], 900).left.has("a"));
});
