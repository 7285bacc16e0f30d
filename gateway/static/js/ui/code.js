// Code as it is, with signs where it has letters that nobody sees. What is copied has those letters, and not their signs.

import { html, useMemo } from "../lib/html.js";
import { nameOf, splitAtUnseen } from "../lib/unseen.js";

export function Code({ text, class: kind }) {
  const parts = useMemo(() => splitAtUnseen(String(text ?? "")), [text]);
  return html`<code class=${kind}>${parts.map((part, index) => (index % 2 ? html`<span class="unseen" data-name=${nameOf(part)}>${part}</span>` : part))}</code>`;
}

/** The same for an element of code that is there already. */
export function showUnseen(element) {
  if (splitAtUnseen(element.textContent).length < 2) return;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) if (!walker.currentNode.parentElement.matches(".unseen")) texts.push(walker.currentNode);
  for (const node of texts) node.replaceWith(...splitAtUnseen(node.data).map((part, index) => (index % 2 ? signed(part) : part)));
}

function signed(letter) {
  const sign = document.createElement("span");
  Object.assign(sign, { className: "unseen", textContent: letter });
  sign.dataset.name = nameOf(letter);
  return sign;
}
