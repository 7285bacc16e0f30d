// Reasoning that models write into their answer, between <think> tags, apart from the answer. Pure.

const OPEN = /^\s*<(think|thinking|thought)>/i;

/** {reasoning, text} of an answer's text; a thought that has no end yet is all there is. */
export function apart(text) {
  const open = OPEN.exec(text);
  if (!open) return { reasoning: "", text };
  const rest = text.slice(open[0].length);
  const close = `</${open[1].toLowerCase()}>`;
  const end = rest.toLowerCase().indexOf(close);
  if (end < 0) return { reasoning: rest.trim(), text: "" };
  return { reasoning: rest.slice(0, end).trim(), text: rest.slice(end + close.length).replace(/^\s+/, "") };
}
