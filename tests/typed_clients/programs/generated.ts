// What openapi-typescript makes of /openapi.json, called with openapi-fetch.
// Arguments: the gateway's URL, an API key, a model.
import createClient from "openapi-fetch";
import type { paths } from "./openapi.js";

declare const process: { argv: string[] };
const [url, key, model] = process.argv.slice(2);

const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });
const messages = [{ role: "user", content: "Hello!" }];

const answer = await client.POST("/v1/chat/completions", { body: { model, messages } });
// It is a text where a stream was asked for.
console.log("sync:", typeof answer.data === "object" && answer.data.choices[0].message.content);

const refId = `generated-${Date.now()}`;
const queued = await client.POST("/api/QueueOpenAiChatCompletion", { body: { refId, request: { model, messages } } });
console.log("queued:", queued.data?.refId === refId);

const ask = () => client.GET("/api/GetOpenAiChatStatus", { params: { query: { refId } } });
let job = await ask();
while (job.data && job.data.jobState !== "Completed" && job.data.jobState !== "Failed") {
    await new Promise(done => setTimeout(done, 200));
    job = await ask();
}
console.log("status:", job.data?.jobState);

const refused = await client.POST("/v1/chat/completions", { body: { model: "no-such-model", messages } });
console.log("error:", refused.error?.responseStatus.errorCode);

const file = await client.POST("/v1/files", {
    body: { purpose: "user_data", file: "hello" },
    bodySerializer: ({ purpose, file }) => {
        const form = new FormData();
        form.set("purpose", purpose as string);
        form.set("file", new Blob([file]), "hello.txt");
        return form;
    },
});
console.log("file:", file.data?.bytes);
