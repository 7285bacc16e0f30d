// The worker that makes HTML of Markdown and of code, and is ended when it takes too long.
//
// In:  {id, kind: "markdown" | "code", text, language?}. Out: {id, html}, or {id, html: null} for what
// could not be read; once at the start {ready: true}.

import { toHtml } from "./markdown-source.js";

const kinds = {
  markdown: ({ text }) => toHtml(text),
  async code({ text, language }) {
    const { default: hljs } = await import("../../vendor/highlight.js");
    const known = language && hljs.getLanguage(language);
    return (known ? hljs.highlight(text, { language }) : hljs.highlightAuto(text)).value;
  },
};

self.onmessage = async ({ data }) => {
  let html = null;
  try {
    html = await kinds[data.kind](data);
  } catch {
    // Too deep for the stack: it is shown as it is.
  }
  self.postMessage({ id: data.id, html });
};
self.postMessage({ ready: true });
