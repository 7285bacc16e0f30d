// OpenAI's npm package on pictures, speech, transcripts, files and uploads.
import assert from "node:assert";
import fs from "node:fs";
import OpenAI, { toFile } from "openai";

const client = new OpenAI({ baseURL: `${process.env.URL}/v1`, apiKey: process.env.KEY, maxRetries: 0 });
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
const isPng = (text) => assert.ok(Buffer.from(text, "base64").subarray(0, 4).equals(PNG));

const made = await client.images.generate({ model: "demo-image", prompt: "a cat", n: 2, size: "64x64" });
made.data.forEach((one) => isPng(one.b64_json));
const picture = Buffer.from(made.data[0].b64_json, "base64");
const image = await Promise.all([1, 2].map((n) => toFile(picture, `${n}.png`, { type: "image/png" })));
const edited = await client.images.edit({ model: "demo-image", image, prompt: "red", size: "64x64" });
isPng(edited.data[0].b64_json);

const kinds = [];
const drawn = await client.images.generate({ model: "demo-image", prompt: "a dog", size: "64x64", stream: true, partial_images: 2 });
for await (const event of drawn) {
  isPng(event.b64_json);
  kinds.push(event.type);
}
assert.deepEqual(kinds, ["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"]);

const spoken = await client.audio.speech.create({ model: "demo-speech", voice: "alloy", input: "One two three.", response_format: "wav" });
const out = fs.createWriteStream("said.wav");
for await (const piece of spoken.body) out.write(piece);
await new Promise((done) => out.end(done));
const sound = fs.readFileSync("said.wav");
assert.equal(sound.subarray(0, 4).toString(), "RIFF");

const hear = (more) => client.audio.transcriptions.create({ model: "demo-transcribe", file: fs.createReadStream("said.wav"), ...more });
for (const response_format of ["json", "verbose_json", "text", "srt", "vtt", "diarized_json"]) {
  const heard = await hear({ response_format });
  assert.match(typeof heard === "string" ? heard : heard.text, /demo transcription/);
}
let text = "";
for await (const event of await hear({ stream: true })) {
  if (event.type === "transcript.text.delta") text += event.delta;
  else assert.equal(event.text, text);
}
assert.match(text, /demo transcription/);

const file = await client.files.create({ file: fs.createReadStream("said.wav"), purpose: "user_data" });
assert.ok(Buffer.from(await (await client.files.content(file.id)).arrayBuffer()).equals(sound));
assert.ok((await client.files.list()).data.some((one) => one.id === file.id));
assert.ok((await client.files.delete(file.id)).deleted);

const upload = await client.uploads.create({ bytes: sound.length, filename: "a.wav", mime_type: "audio/wav", purpose: "user_data" });
const half = sound.length >> 1;
const parts = [];
for (const data of [sound.subarray(0, half), sound.subarray(half)])
  parts.push((await client.uploads.parts.create(upload.id, { data: await toFile(data, "part") })).id);
const whole = await client.uploads.complete(upload.id, { part_ids: parts });
assert.ok(Buffer.from(await (await client.files.content(whole.file.id)).arrayBuffer()).equals(sound));
console.log("all well");
