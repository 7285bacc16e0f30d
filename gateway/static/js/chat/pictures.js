// How large pictures may be: each by itself, and all of a conversation together. Pure.

/** Longest side of a picture that is sent (pixels): models look at no more. */
export const MOST_SIDE = 2048;
/** A picture as large as this at most is sent as it is (bytes), if it is not too wide or high. */
export const AS_IT_IS = 512 * 1024;
/** What is left of a body for all that is no conversation (share). */
const ROOM = 0.98;

/** The size to draw a picture at: its own, or smaller with the same proportions. */
export function fitted(width, height, most = MOST_SIDE) {
  const share = Math.min(1, most / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** Bytes of a text or a JSON value as it goes over the wire. */
export const bytesOf = (value) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)).length;

/** Whether a body of so many bytes is more than the server takes; `limit` unknown: it is not. */
export const isTooLarge = (bytes, limit) => limit != null && bytes > limit * ROOM;
