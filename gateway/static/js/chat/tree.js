// A conversation is a tree of messages: to edit or retry makes a branch. Pure.
//
// A document is {nodes: {id: node}, leaf, settings}; a node is {id, parent, role, text, …}. The path
// from the root to `leaf` is what is shown and what the model is sent.

export const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

export const emptyDocument = (settings = {}) => ({ nodes: {}, leaf: null, settings });

/** The nodes from the first one to the leaf. */
export function path(document, leaf = document.leaf) {
  const found = [];
  for (let node = document.nodes[leaf]; node; node = document.nodes[node.parent]) found.unshift(node);
  return found;
}

/** The node and those that stand in its place on other branches, oldest first. */
export function siblings(document, node) {
  return Object.values(document.nodes)
    .filter((other) => other.parent === node.parent)
    .sort((a, b) => a.created - b.created);
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
  return line.length > 60 ? `${line.slice(0, 57).trimEnd()} …` : line || "New conversation";
}

/** What the model is sent: the path's messages up to `leaf`, behind the system prompt. */
export function requestOf(document, model, leaf) {
  const { system, temperature, topP, maxTokens, reasoningEffort } = document.settings;
  const messages = path(document, leaf).filter((node) => node.role === "user" || node.text || node.toolCalls?.length);
  return {
    model,
    messages: [...(system ? [{ role: "system", content: system }] : []), ...messages.map(asMessage)],
    ...given({ temperature, top_p: topP, max_tokens: maxTokens, reasoning_effort: reasoningEffort }),
  };
}

function asMessage({ role, text, images }) {
  if (!images?.length) return { role, content: text };
  return {
    role,
    content: [
      ...(text ? [{ type: "text", text }] : []),
      ...images.map((url) => ({ type: "image_url", image_url: { url } })),
    ],
  };
}

const given = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== ""));
