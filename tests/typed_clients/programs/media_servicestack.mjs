// @servicestack/client with FormData, on AI Server's DTOs as this gateway tells them.
import assert from "node:assert";
import fs from "node:fs";
import { JsonServiceClient } from "@servicestack/client";
import * as dtos from "./dtos.mjs";

const client = new JsonServiceClient(process.env.URL);
client.bearerToken = process.env.KEY;

async function fetched(output) {
  const answer = await fetch(output.url);
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

function form(fields, files = {}) {
  const made = new FormData();
  for (const [name, value] of Object.entries(fields)) made.append(name, String(value));
  for (const [name, [content, file, type]] of Object.entries(files)) made.append(name, new Blob([content], { type }), file);
  return made;
}

async function asked(request, fields, files) {
  const api = await client.apiForm(request, form(fields, files));
  assert.ok(api.succeeded, JSON.stringify(api.error));
  return api.response;
}

const drawn = await client.api(new dtos.TextToImage({ model: "demo-image", positivePrompt: "a cat", width: 64, height: 64 }));
assert.ok(drawn.succeeded, JSON.stringify(drawn.error));
const png = await fetched(drawn.response.results[0]);
const picture = [png, "my.png", "image/png"];

const changed = await asked(new dtos.ImageToImage(), { model: "demo-image", positivePrompt: "red" }, { image: picture });
assert.equal((await fetched(changed.results[0])).subarray(1, 4).toString(), "PNG");
const masked = await asked(new dtos.ImageWithMask(), { model: "demo-image", positivePrompt: "red" }, { image: picture, mask: picture });
assert.equal(masked.results.length, 1);
const webp = await asked(new dtos.ConvertImage(), { outputFormat: "webp" }, { image: picture });
assert.equal((await fetched(webp.results[0])).subarray(8, 12).toString(), "WEBP");
await asked(new dtos.WatermarkImage(), { position: "Center" }, { image: picture, watermark: picture });

const said = await client.api(new dtos.TextToSpeech({ model: "demo-speech", input: "One two three." }));
assert.ok(said.succeeded, JSON.stringify(said.error));
const mp3 = [await fetched(said.response.results[0]), "a.mp3", "audio/mpeg"];
const heard = await asked(new dtos.SpeechToText(), { model: "demo-transcribe" }, { audio: mp3 });
assert.equal(heard.results.length, 2);
await asked(new dtos.ConvertAudio(), { outputFormat: "wav" }, { audio: mp3 });

const queued = await asked(new dtos.QueueImageToImage(), { model: "demo-image", positivePrompt: "blue", refId: `npm-${Date.now()}` }, { image: picture });
let status;
do {
  status = (await client.api(new dtos.GetArtifactGenerationStatus({ jobId: queued.jobId }))).response;
} while (!["Completed", "Failed"].includes(status.jobState));
assert.equal(status.results.length, 1);

const refused = await client.apiForm(new dtos.ConvertImage(), form({ outputFormat: "png" }, { image: [Buffer.from("<html>"), "a.png", "image/png"] }));
assert.ok(refused.failed);
assert.match(refused.error.message, /picture/);
fs.writeFileSync("done", "all well");
console.log("all well");
