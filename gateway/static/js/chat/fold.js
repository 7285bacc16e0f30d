// Chunks of a streamed answer to what is shown of it. Pure.

import { isPicture } from "./pictures.js";

export const emptyAnswer = () => ({ text: "", reasoning: "", toolCalls: [], images: [], usage: null, finish: null, answeredBy: null });

/** The answer with one `chat.completion.chunk` more. */
export function folded(answer, chunk) {
  const next = { ...answer };
  if (chunk.usage) next.usage = chunk.usage;
  if (chunk.model) next.answeredBy = chunk.model;
  const choice = chunk.choices?.find((one) => (one.index ?? 0) === 0);
  if (!choice) return next;
  const delta = choice.delta ?? {};
  if (choice.finish_reason) next.finish = choice.finish_reason;
  // What is said aloud is written beside it (`sound.js` has the sound).
  next.text += text(delta.content) + text(delta.refusal) + text(delta.audio?.transcript);
  next.reasoning += text(delta.reasoning_content) || text(delta.reasoning);
  if (Array.isArray(delta.tool_calls)) next.toolCalls = withCalls(next.toolCalls, delta.tool_calls);
  if (Array.isArray(delta.images)) {
    next.images = [...next.images, ...delta.images.map((image) => image?.image_url?.url).filter(isPicture)];
  }
  return next;
}

/** Each call under the index that it was given, in the order in which they came: some count from 1, or anyhow. */
function withCalls(calls, deltas) {
  const next = [...calls];
  for (const delta of deltas.filter(Boolean)) {
    const index = delta.index ?? next.length;
    const at = next.findIndex((one) => one.index === index);
    const known = next[at] ?? { name: "", arguments: "" };
    const call = { index, name: known.name + text(delta.function?.name), arguments: known.arguments + text(delta.function?.arguments) };
    next.splice(at < 0 ? next.length : at, 1, call);
  }
  return next;
}

const text = (value) => (typeof value === "string" ? value : "");
