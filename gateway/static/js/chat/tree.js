// A conversation is a tree of messages: to edit or retry makes a branch. Pure.
//
// A document is {nodes: {id: node}, leaf, settings}; a node is {id, parent, role, text, …}. The path
// from the root to `leaf` is what is shown and what the model is sent.

import { own } from "../lib/own.js";
import { fit, isKept, isSound, soundFormat } from "./pictures.js";
import { t } from "../texts/chat.js";

export const emptyDocument = (settings = {}) => ({ nodes: {}, leaf: null, settings });

const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const rowsOf = (value) => Object.entries(isTable(value) ? value : {});
const isText = (value) => typeof value === "string";
const isPlain = (value) => ["string", "number", "boolean"].includes(typeof value);
const every = (isOne) => (value) => Array.isArray(value) && value.every(isOne);
/** A file of ours, or an address; what is not shown is still sent. */
const isImage = (value) => isText(value) || isKept(value);
const isCall = (value) => isTable(value) && isText(value.name) && isText(value.arguments);
/** What fields of a message must be, where they are there. */
const KINDS = {
  ...Object.fromEntries(["text", "reasoning", "model", "error", "provider", "answeredBy", "refId", "state", "finish", "waiting"].map((name) => [name, isText])),
  ...Object.fromEntries(["ms", "firstMs", "thoughtMs", "cost", "created"].map((name) => [name, Number.isFinite])),
  images: every(isImage), toolCalls: every((one) => one === null || isCall(one)), usage: isTable,
};

/** The fields of a message that are what they must be; of its pictures those that are some. */
function asFields(node) {
  const kept = Array.isArray(node.images) ? { ...node, images: node.images.filter(isImage) } : node;
  return Object.fromEntries(Object.entries(kept).filter(([name, value]) => value == null || !own(KINDS, name) || KINDS[name](value)));
}

function asNode(id, node) {
  const isRight = Object.keys(KINDS).every((name) => node[name] == null || KINDS[name](node[name]));
  return node.id === id && isRight ? node : { ...asFields(node), id };
}

/** The nodes, none of which stands above itself: ways up end. */
function withoutCircles(nodes) {
  const found = { ...nodes };
  const ended = new Set();
  for (let id of Object.keys(found)) {
    const way = new Set();
    for (; own(found, id) && !ended.has(id); id = found[id].parent) {
      way.add(id);
      if (way.has(found[id].parent)) found[id] = { ...found[id], parent: null };
    }
    for (const one of way) ended.add(one);
  }
  return found;
}

/** The document in what is kept of a conversation: other programs may have saved it, in a form of their own. */
export function asDocument(content) {
  const { nodes: given, leaf, settings, waiting, ...rest } = content;
  const known = rowsOf(given).filter(([, node]) => isTable(node));
  const nodes = withoutCircles(Object.fromEntries(known.map(([id, node]) => [id, asNode(id, node)])));
  return {
    ...emptyDocument(Object.fromEntries(rowsOf(settings).filter(([, value]) => isPlain(value)))), ...rest, nodes,
    // Where nothing is chosen what was said last is shown.
    leaf: isText(leaf) && own(nodes, leaf) ? leaf : (known.at(-1)?.[0] ?? null),
    ...(Array.isArray(waiting) ? { waiting: waiting.filter((one) => isTable(one) && isText(one.id)).map((one) => asNode(one.id, one)) } : {}),
  };
}

/** The nodes from the first one to the leaf. */
export function path(document, leaf = document.leaf) {
  const found = [];
  for (let node = own(document.nodes, leaf); node; node = own(document.nodes, node.parent)) found.push(node);
  return found.reverse();
}

/** A Map of each node's id to it and those that stand in its place on other branches, oldest first. */
export function versionsOf(document) {
  const below = new Map();
  for (const node of Object.values(document.nodes)) {
    if (!below.has(node.parent)) below.set(node.parent, []);
    below.get(node.parent).push(node);
  }
  for (const nodes of below.values()) if (nodes.length > 1) nodes.sort((a, b) => a.created - b.created);
  return new Map(Object.values(document.nodes).map((node) => [node.id, below.get(node.parent)]));
}

/** The end of the branch below a node: at each fork the newest way. */
export function newestLeaf(document, id) {
  for (;;) {
    const below = Object.values(document.nodes).filter((node) => node.parent === id);
    if (!below.length) return id;
    id = below.reduce((newest, node) => (node.created >= newest.created ? node : newest)).id;
  }
}

/** The document with a node more, shown. */
export function added(document, node) {
  return { ...document, nodes: { ...document.nodes, [node.id]: node }, leaf: node.id };
}

/** The document with a node changed. */
export function changed(document, id, fields) {
  const node = document.nodes[id];
  if (!node) return document;
  return { ...document, nodes: { ...document.nodes, [id]: { ...node, ...fields } } };
}

/** A title of what was asked first. */
export function titleOf(document) {
  const first = Object.values(document.nodes).find((node) => !node.parent && node.role === "user");
  const line = (first?.text ?? "").trim().split("\n")[0];
  // By whole letters: half of an emoji is no text.
  return line.length > 60 ? `${[...line.slice(0, 120)].slice(0, 57).join("").trimEnd()} …` : line || t("words.newConversation");
}

/** The messages of a request up to `leaf`: answers that never came say nothing. */
export const messagesOf = (document, leaf) =>
  path(document, leaf).filter((node) => node.role === "user" || node.text || node.toolCalls?.length);

/**
 * What the model is sent: the path's messages up to `leaf`, behind the system prompt. Pictures stand in it as the
 * document has them. In more than `most` bytes the oldest pictures are left out.
 */
export function requestOf(document, model, leaf, most = null) {
  const { system, temperature, topP, maxTokens, reasoningEffort, voice } = document.settings;
  const messages = messagesOf(document, leaf);
  const { left } = fit(messages, most);
  return {
    model,
    messages: [...(system ? [{ role: "system", content: system }] : []), ...messages.map((node) => asMessage(left.has(node.id) ? withoutPictures(node) : node))],
    // Streams have sound in no other format.
    ...(voice ? { modalities: ["text", "audio"], audio: { voice, format: "pcm16" } } : {}),
    ...given({ temperature, top_p: topP, max_tokens: maxTokens, reasoning_effort: reasoningEffort }),
  };
}

const withoutPictures = (node) => ({ ...node, images: [], text: [node.text, `[${t(node.images.every(isSound) ? "tree.recordingLeftOut" : "tree.imageLeftOut")}]`].filter(Boolean).join("\n\n") });

function asMessage({ role, text, images = [] }) {
  // What a model has said is in its text; it is not told its own sound.
  const sent = role === "user" ? images : images.filter((one) => !isSound(one));
  if (!sent.length) return { role, content: text };
  return { role, content: [...(text ? [{ type: "text", text }] : []), ...sent.map(asPart)] };
}

/** A recording's data is put in where it is sent, as a picture's is (`picture-store.js`). */
const asPart = (one) => (isSound(one)
  ? { type: "input_audio", input_audio: { data: one, format: soundFormat(one) } }
  : { type: "image_url", image_url: { url: one } });

const given = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== ""));
