// How large pictures may be, each by itself and all of a request together; and how a conversation holds them. Pure.
//
// A picture is a data URL until it is a file of the server; then it is {file, type, bytes}: the file's id,
// its media type and its size. So the conversation's document stays small, however many it has.
//
// Recordings stand among them, and are kept and sent in the same way.

/** Longest side of a picture that is sent (pixels): models look at no more. */
export const MOST_SIDE = 2048;
/** A picture as large as this at most is sent as it is (bytes), if it is not too wide or high. */
export const AS_IT_IS = 512 * 1024;
/** What is left of a body for all that is no conversation (share). */
const ROOM = 0.98;
/** What is around a message in a request (bytes). */
const AROUND = 100;
const KNOWN = /^data:(image\/(png|jpeg|gif|webp)|audio\/(wav|mpeg|ogg|flac));base64,/;
const SOUND = /^(data:)?audio\//;
const FILE = /^file-[\w-]{1,80}$/;

/** The size to draw a picture at: its own, or smaller with the same proportions. */
export function fitted(width, height, most = MOST_SIDE) {
  const share = Math.min(1, most / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** Bytes of a text or a JSON value as it goes over the wire. */
export const bytesOf = (value) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)).length;

/** Whether a body of so many bytes is more than the server takes; `limit` unknown: it is not. */
export const isTooLarge = (bytes, limit) => limit != null && bytes > limit * ROOM;

export const isKept = (picture) => typeof picture === "object" && picture !== null && FILE.test(picture.file ?? "") && typeof picture.type === "string";

/** Whether it is one that may be shown: a data URL or a file of ours, and no other address. */
const isShown = (picture) => isKept(picture) || isLoose(picture);

/** Whether it is a recording. */
export const isSound = (picture) => isShown(picture) && SOUND.test(picture.type ?? picture);

/** Whether it is a picture that may be shown. */
export const isPicture = (picture) => isShown(picture) && !isSound(picture);

/** What OpenAI calls the format of a recording. */
export const soundFormat = (sound) => ((sound.type ?? sound).includes("audio/mpeg") ? "mp3" : "wav");

/** Bytes of a picture in a request: that of a file is sent as a data URL, too. */
export function sentBytes(picture) {
  if (!isKept(picture)) return picture.length;
  return `data:${picture.type};base64,`.length + Math.ceil(picture.bytes / 3) * 4;
}

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
const picturesBytes = ({ images }) => sum((images ?? []).map((one) => sentBytes(one) + AROUND));

/**
 * What of the messages fits into a request of `most` bytes: {left, bytes}. `left` are the ids of messages that go
 * without their pictures, the oldest first; those of the last message are sent in any case.
 */
export function fit(messages, most) {
  const left = new Set();
  let bytes = sum(messages.map((one) => AROUND + bytesOf(JSON.stringify(one.text ?? "")) + picturesBytes(one)));
  for (const one of messages.slice(0, -1)) {
    if (!isTooLarge(bytes, most)) break;
    if (!one.images?.length) continue;
    bytes -= picturesBytes(one);
    left.add(one.id);
  }
  return { left, bytes };
}

/**
 * The files of a paste that are meant. Tables and documents of office programs come with a picture of themselves,
 * beside text with and without its form: there the text is meant. `data` is a DataTransfer.
 */
export const filesMeant = (data) => (data.types.includes("text/html") && data.getData("text/plain").trim() ? [] : [...data.files]);

const isLoose = (picture) => typeof picture === "string" && KNOWN.test(picture);

/** The pictures of a document that are no files yet, each once; those of an answer when it has ended. */
export function loosePictures({ nodes, waiting = [] }) {
  const settled = Object.values(nodes).filter(({ state }) => state !== "running");
  return [...new Set([...settled, ...waiting].flatMap(({ images = [] }) => images.filter(isLoose)))];
}

/** The document with pictures that became files: `kept` is a Map of data URLs to {file, type, bytes}. */
export const withFiles = (document, kept) => withImages(document, (image) => kept.get(image));

/** The document with pictures in place of their files: `urls` is a Map of the files' ids to data URLs. */
export const withUrls = (document, urls) => withImages(document, (image) => isKept(image) && urls.get(image.file));

/** The document with other pictures where `other(image)` gives one. */
function withImages(document, other) {
  const swap = (one) => (one.images?.some(other) ? { ...one, images: one.images.map((image) => other(image) || image) } : one);
  const nodes = Object.fromEntries(Object.entries(document.nodes).map(([id, node]) => [id, swap(node)]));
  return { ...document, nodes, ...(document.waiting ? { waiting: document.waiting.map(swap) } : {}) };
}

/** The ids of all files of a document. */
export function filesOf({ nodes, waiting = [] }) {
  return [...new Set([...Object.values(nodes), ...waiting].flatMap(({ images = [] }) => images.filter(isKept).map(({ file }) => file)))];
}
