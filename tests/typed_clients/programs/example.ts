// Arguments: the gateway's URL, an API key, a model.
import { JsonServiceClient } from "@servicestack/client";
import { GetOpenAiChatStatus, OpenAiChat, OpenAiChatCompletion, OpenAiMessage, QueueOpenAiChatCompletion, TextToImage } from "./dtos.js";

declare const process: { argv: string[] };
const [url, key, model] = process.argv.slice(2);

// [example]
const client = new JsonServiceClient(url);
client.bearerToken = key;
const messages = [new OpenAiMessage({ role: "user", content: "Hello!" })];

// Wait for the answer:
const answer = await client.post(new OpenAiChatCompletion({ model, messages }));
console.log("sync:", answer.choices[0].message.content);

// Or queue it; a callback comes to replyTo, if you give one.
const request = new OpenAiChat({ model, messages });
const queued = await client.post(new QueueOpenAiChatCompletion({ refId: `order-${Date.now()}`, request }));
let status = await client.get(new GetOpenAiChatStatus({ refId: queued.refId }));
while (status.jobState !== "Completed" && status.jobState !== "Failed") {
    await new Promise(done => setTimeout(done, 200));
    status = await client.get(new GetOpenAiChatStatus({ refId: queued.refId }));
}
console.log("queued:", status.jobState, status.result?.choices[0].message.content);

// A picture; speech, transcripts and transforms go the same way. What is made comes as a link:
const made = await client.post(new TextToImage({ positivePrompt: "A red kite", width: 256, height: 256 }));
console.log("media:", made.results[0].url);

// What is refused says why:
try {
    await client.post(new OpenAiChatCompletion({ model: "no-such-model", messages }));
} catch (e: any) {
    console.log("error:", e.responseStatus.errorCode);
}
// [/example]
