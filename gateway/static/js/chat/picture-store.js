// Pictures of conversations as files of the server: put there once, read when they are shown or sent.

import { json, queryString, request } from "../lib/api.js";
import { madeOnce } from "../lib/once.js";
import { isKept } from "./pictures.js";
import { t } from "../texts/chat.js";

/** How many pictures are remembered that were read or written last. */
const MOST_KNOWN = 60;

/** Data URLs, or what will be one, by id of the file. */
const known = new Map();

/** Keep a data URL as a file; returns {file, type, bytes}. Throws ApiError. */
export async function keepAsFile(url) {
  const blob = blobOf(url);
  const [kind, ending] = blob.type.split("/");
  const purpose = kind === "image" ? "vision" : "user_data";
  const { id } = await madeOnce(url, async (unique, isAgain) => {
    const name = `${kind === "image" ? "picture" : "recording"}-${unique}.${ending}`;
    return (isAgain && (await fileNamed(name, purpose))) || upload(blob, name, purpose);
  });
  remember(id, Promise.resolve(url));
  return { file: id, type: blob.type, bytes: blob.size };
}

function upload(blob, name, purpose) {
  const form = new FormData();
  form.append("purpose", purpose);
  form.append("file", blob, name);
  return json("/v1/files", { method: "POST", body: form });
}

/** A file that was put there lately, if it was: nobody was told. */
async function fileNamed(name, purpose) {
  const { data } = await json(`/v1/files${queryString({ purpose, order: "desc", limit: 100 })}`);
  return data.find(({ filename }) => filename === name);
}

/** The data URL of a picture. Throws ApiError, when its file is gone. */
export function urlOf(picture) {
  if (!isKept(picture)) return Promise.resolve(picture);
  const found = known.get(picture.file) ?? read(picture);
  remember(picture.file, found);
  found.catch(() => known.delete(picture.file));
  return found;
}

/** A Map of the files among these that this page has read or written lately to their data URLs. */
export async function knownUrls(files) {
  const found = await Promise.all(files.map(async (file) => [file, await known.get(file)?.catch?.(() => null)]));
  return new Map(found.filter(([, url]) => url));
}

/** A request with the pictures in it, in place of what names their files. Throws ApiError. */
export async function withPictures(chat) {
  const whole = async (part) => {
    if (part.image_url) return { ...part, image_url: { url: await urlOf(part.image_url.url) } };
    if (!part.input_audio) return part;
    const url = await urlOf(part.input_audio.data);
    return { ...part, input_audio: { ...part.input_audio, data: url.slice(url.indexOf(",") + 1) } };
  };
  const messages = chat.messages.map(async (message) =>
    Array.isArray(message.content) ? { ...message, content: await Promise.all(message.content.map(whole)) } : message);
  return { ...chat, messages: await Promise.all(messages) };
}

/** Delete files, also while the page goes away. What cannot be deleted stays. */
export function discard(files) {
  for (const file of files) {
    known.delete(file);
    request(`/v1/files/${file}`, { method: "DELETE", keepalive: true }).catch(() => {});
  }
}

async function read({ file, type }) {
  const response = await request(`/v1/files/${file}/content`);
  const blob = new Blob([await response.arrayBuffer()], { type });
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(t("words.imageUnreadable")));
    reader.readAsDataURL(blob);
  });
}

function remember(file, url) {
  known.delete(file);
  known.set(file, url);
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value);
}

/** The bytes of a data URL, with their type. */
export function blobOf(url) {
  const [head, data] = url.split(",", 2);
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: /^data:([^;,]+)/.exec(head)[1] });
}
