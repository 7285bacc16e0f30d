// What was said in a job, as messages. Pure.
//
// A message is {role, text, images, toolCalls}; images are data URLs.

import { serverNow } from "../lib/clock.js";

const KNOWN = /^data:image\/(png|jpeg|gif|webp);base64,/;
const texts = (content) => (Array.isArray(content) ? content.filter(({ text }) => typeof text === "string").map(({ text }) => text).join("\n\n") : typeof content === "string" ? content : "");
const urlOf = (part) => part.image_url?.url ?? part.image_url;
const images = (content) => (Array.isArray(content) ? content.map(urlOf).filter((url) => typeof url === "string" && KNOWN.test(url)) : []);

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function messageOf({ role, content, refusal, reasoning_content: reasoning, tool_calls: calls, images: drawn }) {
  return {
    role: role ?? "assistant", reasoning: texts(reasoning), text: texts(content) || texts(refusal), images: [...images(content), ...images(drawn)],
    toolCalls: (calls ?? []).map((call) => ({ name: call.function?.name ?? "", arguments: call.function?.arguments ?? "" })),
  };
}

/** {request, asked: [message], answered: [message]} of a chat job's bodies; null for what is no chat. */
export function talkOf(requestBody, responseBody) {
  try {
    return read(requestBody, responseBody);
  } catch {
    // Others made it, in a form of their own.
    return null;
  }
}

function read(requestBody, responseBody) {
  const request = parse(requestBody ?? "");
  if (!Array.isArray(request?.messages)) return null;
  const answered = (parse(responseBody ?? "")?.choices ?? []).filter(({ message }) => message).map(({ message }) => messageOf(message));
  return { request, asked: request.messages.map(messageOf), answered };
}

/** A document of the chat page that goes on from there. `newId` makes ids. */
export function documentOf({ request, asked, answered }, model, newId, now = serverNow()) {
  const nodes = {};
  let parent = null;
  const said = [...asked.filter(({ role }) => role === "user" || role === "assistant"), ...answered.slice(0, 1)];
  for (const [index, { role, text, images: urls, toolCalls, reasoning }] of said.entries()) {
    const id = newId();
    nodes[id] = { id, parent, role, text, images: urls, created: now + index, ...(role === "assistant" ? { state: "done", model, toolCalls, reasoning } : {}) };
    parent = id;
  }
  const system = asked.filter(({ role }) => role === "system" || role === "developer").map(({ text }) => text).join("\n\n");
  const settings = { system: system || undefined, temperature: request.temperature, topP: request.top_p, maxTokens: request.max_tokens ?? request.max_completion_tokens };
  return { nodes, leaf: parent, settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value != null)) };
}
