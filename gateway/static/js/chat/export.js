// A whole conversation as a text for people, and names of files. Pure.

import { isSound } from "./pictures.js";
import { path } from "./tree.js";

export const fileName = (title) => title.replace(/[^\p{L}\p{N} _-]+/gu, "").trim().slice(0, 60) || "conversation";

/** The branch that is shown, as Markdown. Pictures are told, not shown: they are large. */
export function asMarkdown(document, title) {
  const parts = [`# ${title}`];
  if (document.settings?.system) parts.push("## System prompt", document.settings.system);
  for (const node of path(document)) {
    parts.push(`## ${node.role === "user" ? "You" : node.model || "Assistant"}`);
    const [sounds, pictures] = [true, false].map((wanted) => (node.images ?? []).filter((one) => isSound(one) === wanted).length);
    if (pictures) parts.push(`*${pictures === 1 ? "A picture" : `${pictures} pictures`}*`);
    if (sounds) parts.push(`*${sounds === 1 ? "A recording" : `${sounds} recordings`}*`);
    if (node.text) parts.push(node.text);
    for (const call of node.toolCalls ?? []) parts.push(`Tool call: \`${call.name}\``, `\`\`\`json\n${call.arguments}\n\`\`\``);
    if (node.state === "failed") parts.push(`> ${node.error}`);
  }
  return `${parts.join("\n\n")}\n`;
}
