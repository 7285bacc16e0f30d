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
  if (delta.tool_calls) next.toolCalls = withCalls(next.toolCalls, delta.tool_calls);
  if (Array.isArray(delta.images)) {
    next.images = [...next.images, ...delta.images.map((image) => image?.image_url?.url).filter(isPicture)];
  }
  return next;
}

function withCalls(calls, deltas) {
  const next = [...calls];
  for (const delta of deltas) {
    const at = delta.index ?? next.length;
    const known = next[at] ?? { name: "", arguments: "" };
    next[at] = {
      name: known.name + text(delta.function?.name),
      arguments: known.arguments + text(delta.function?.arguments),
    };
  }
  return next;
}

const text = (value) => (typeof value === "string" ? value : "");
