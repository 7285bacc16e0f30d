// A whole conversation as a text for people, and names of files. Pure.

import { isSound } from "./pictures.js";
import { t } from "../texts/chat.js";
import { path } from "./tree.js";

export const fileName = (title) => title.replace(/[^\p{L}\p{N} _-]+/gu, "").trim().slice(0, 60) || t("export.fileName");

/** The branch that is shown, as Markdown. Pictures are told, not shown: they are large. */
export function asMarkdown(document, title) {
  const parts = [`# ${title}`];
  if (document.settings?.system) parts.push(`## ${t("settingsPanel.systemPrompt")}`, document.settings.system);
  for (const node of path(document)) {
    parts.push(`## ${node.role === "user" ? t("message.you") : node.model || t("export.assistant")}`);
    const [sounds, pictures] = [true, false].map((wanted) => (node.images ?? []).filter((one) => isSound(one) === wanted).length);
    if (pictures) parts.push(`*${t("export.images", { count: pictures })}*`);
    if (sounds) parts.push(`*${t("export.recordings", { count: sounds })}*`);
    if (node.text) parts.push(node.text);
    for (const call of (node.toolCalls ?? []).filter(Boolean)) parts.push(`${t("message.toolCall")} \`${call.name}\``, `\`\`\`json\n${call.arguments}\n\`\`\``);
    if (node.state === "failed") parts.push(`> ${node.error}`);
  }
  return `${parts.join("\n\n")}\n`;
}
