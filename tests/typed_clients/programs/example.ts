// Arguments: the gateway's URL, an API key, a model.
import { JsonServiceClient } from "@servicestack/client";
import { GetOpenAiChatStatus, OpenAiChat, OpenAiChatCompletion, OpenAiMessage, QueueOpenAiChatCompletion } from "./dtos.js";

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

// What is refused says why:
try {
    await client.post(new OpenAiChatCompletion({ model: "no-such-model", messages }));
} catch (e: any) {
    console.log("error:", e.responseStatus.errorCode);
}
// [/example]
