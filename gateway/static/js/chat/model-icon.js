// A sign for each family of models: our own drawing, a shape and a colour that follow from the name.

import { html } from "../lib/html.js";

const FAMILIES = [
  [/gpt|^o\d|openai|davinci|codex/i, "M12 4l7 4v8l-7 4-7-4V8z", "a"],
  [/claude|anthropic/i, "M12 4v16 M4 12h16 M6.5 6.5l11 11 M17.5 6.5l-11 11", "b"],
  [/llama|meta/i, "M4 15c0-6 2-8 4-8 4 0 4 9 8 9 2.500 0 4-2 4-5s-1.500-4-3.500-4C12 7 12 17 7.500 17 5 17 4 16 4 15z", "c"],
  [/gemini|gemma|palm|google/i, "M12 3c1 6 3 8 9 9-6 1-8 3-9 9-1-6-3-8-9-9 6-1 8-3 9-9z", "c"],
  [/mi[sx]tral|codestral|ministral/i, "M5 19V5l7 7 7-7v14", "b"],
  [/deepseek/i, "M4 13c4-6 12-6 16 0-4 6-12 6-16 0z M12 13h.01", "d"],
  [/qwen|qwq/i, "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z M15 15l4 4", "d"],
  [/grok|xai/i, "M5 5l14 14 M19 5l-5 5 M10 14l-5 5", "a"],
  [/embed/i, "M5 7h4v4H5z M15 5h4v4h-4z M11 15h4v4h-4z", "e"],
  [/demo/i, "M5 6h14v9h-8l-4 4v-4H5z", "e"],
];
const OTHER = "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14z M9 12h6";

export function ModelIcon({ model }) {
  const [, path, tone] = FAMILIES.find(([pattern]) => pattern.test(model)) ?? [null, OTHER, "e"];
  return html`<span class="model-icon tone-${tone}" aria-hidden="true"><svg class="icon-image" viewBox="0 0 24 24"><path d=${path} /></svg></span>`;
}
