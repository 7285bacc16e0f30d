// One message: what was asked or answered, how it went, and what can be done with it.

import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { duration, money, number } from "../lib/format.js";
import { isComposing } from "../lib/keys.js";
import { Boundary } from "../ui/states.js";
import { CopyButton, IconButton } from "../ui/button.js";
import { Code } from "../ui/code.js";
import { Icon } from "../ui/icon.js";
import { MarkdownView } from "./markdown-view.js";
import { ModelIcon } from "./model-icon.js";
import { Pictures } from "./pictures-view.js";
import { isPicture, isSound } from "./pictures.js";
import { Sounds } from "./sounds-view.js";
import { apart } from "./thoughts.js";
import { t } from "../texts/chat.js";

/** Drawn again when the message has changed, not with each word of another one. `actions` look up what is now. */
export function Message({ node, versions, running, actions }) {
  const View = node.role === "user" ? Question : Answer;
  return useMemo(() => html`<${Boundary} place=${node}><${View} node=${node} running=${running} actions=${actions}
    branches=${html`<${Branches} node=${node} versions=${versions} onShow=${actions.show} />`} /></${Boundary}>`,
  [node, running, versions.map(({ id }) => id).join()]);
}

function Question({ node, branches, running, actions }) {
  const [editing, setEditing] = useState(false);
  const edit = useRef(null);
  const cancel = () => {
    setEditing(false);
    setTimeout(() => edit.current?.focus());
  };
  if (editing) {
    return html`<li class="message question"><${Editor} text=${node.text} drafts=${actions.drafts} draftKey="edit:${node.id}" running=${running} onCancel=${cancel}
      onDone=${(text) => { setEditing(false); actions.edit(node, text); }} /></li>`;
  }
  return html`<li class="message question">
    <h2 class="visually-hidden">${t("message.you")}</h2>
    <div class="bubble">
      <${Attached} node=${node} />
      ${node.text && html`<p class="said" dir="auto">${node.text}</p>`}
    </div>
    <div class="tools row">${branches}
      <${CopyButton} text=${node.text} label=${t("message.copyMessage")} />
      <${IconButton} icon="edit" small focusRef=${edit} label=${t("message.editMessage")} disabled=${running} onClick=${() => setEditing(true)} />
    </div>
  </li>`;
}

/** Pictures and recordings. */
function Attached({ node: { images = [] } }) {
  return html`${images.some(isPicture) && html`<${Pictures} pictures=${images} />`}${images.some(isSound) && html`<${Sounds} sounds=${images} />`}`;
}

/** What is written and given up is there again when it is edited again. */
function Editor({ text, drafts, draftKey, running, onCancel, onDone }) {
  const [value, setValue] = useState(drafts.read(draftKey) || text);
  const area = useRef(null);
  useEffect(() => area.current.focus(), []);
  const write = (next) => {
    drafts.write(draftKey, next === text ? "" : next);
    setValue(next);
  };
  const send = (event) => {
    event.preventDefault();
    if (running || !value.trim()) return;
    drafts.write(draftKey, "");
    onDone(value.trim());
  };
  return html`<form class="stack editor" onSubmit=${send}>
    <textarea ref=${area} class="textarea" rows="4" dir="auto" aria-label=${t("message.editedMessage")} value=${value}
      onInput=${(event) => write(event.target.value)} onKeyDown=${(event) => event.key === "Escape" && !isComposing(event) && onCancel()}></textarea>
    <div class="row"><button class="button primary small" disabled=${running || !value.trim()}>${t("message.sendAsANew")}</button>
      <button type="button" class="button small" onClick=${onCancel}>${t("words.cancel")}</button></div>
  </form>`;
}

function Answer({ node, branches, running, actions }) {
  const live = node.state === "running";
  const written = apart(node.text ?? "");
  const reasoning = [node.reasoning, written.reasoning].filter(Boolean).join("\n\n");
  const silent = live && !node.text && !node.reasoning && !node.toolCalls?.length;
  return html`<li class="message answer">
    <h2 class="by row small" title=${node.answeredBy ?? undefined}><${ModelIcon} model=${node.model ?? ""} /><span class="truncate">${node.model}</span></h2>
    ${reasoning && html`<details class="fold" open=${live && !written.text}>
      <summary><${Icon} name="thought" /> ${thoughtFor(node, live && !written.text)}</summary><${MarkdownView} text=${reasoning} live=${live} /></details>`}
    ${silent && html`<p class="row muted waiting" role="status"><span class="spinner"></span>${node.waiting ?? t("message.waitingForTheModel")}</p>`}
    ${written.text && html`<${MarkdownView} text=${written.text} live=${live} />`}
    ${live && !silent && node.waiting && html`<p class="row muted" role="status"><span class="spinner"></span>${node.waiting}</p>`}
    <${Attached} node=${node} />
    ${node.toolCalls?.filter(Boolean).map((call, index) => html`<details class="fold" key=${index}>
      <summary><${Icon} name="tool" /> ${t("message.toolCall")} <${Code} text=${call.name} /></summary><pre tabindex="0"><${Code} text=${pretty(call.arguments)} /></pre></details>`)}
    ${node.state === "failed" && html`<div class="notice bad" role="alert"><${Icon} name="warning" /><span>${node.error}</span></div>`}
    ${node.state === "stopped" && html`<p class="muted small">${t("words.stopped")}</p>`}
    ${node.finish === "length" && html`<p class="muted small">${t("message.itStoppedAtThe")}</p>`}
    <${NextSteps} node=${node} isWritten=${Boolean(written.text)} running=${running} actions=${actions} />
    ${!live && html`<div class="tools row">${branches}
      <${CopyButton} text=${written.text} label=${t("message.copyAnswer")} />
      <${IconButton} icon="retry" small label=${t("message.answerAgain")} disabled=${running} onClick=${() => actions.retry(node)} />
      <${IconButton} icon="code" small label=${t("message.showTheRequestAs")} onClick=${() => actions.showCode(node)} />
      <${Facts} node=${node} /></div>`}
  </li>`;
}

/** What is done most about an answer that did not come to its end, as words. */
function NextSteps({ node, isWritten, running, actions }) {
  const isCut = node.state === "stopped" || (node.state === "done" && node.finish === "length");
  if (running || (node.state !== "failed" && !isCut)) return null;
  return html`<div class="row">
    ${isCut && isWritten && html`<button type="button" class="button small" onClick=${() => actions.goOn(node)}>${t("message.continue")}</button>`}
    <button type="button" class="button small" onClick=${() => actions.retry(node)}>${t("message.tryAgain")}</button></div>`;
}

function thoughtFor({ thoughtMs }, isThinking) {
  if (isThinking) return t("message.reasoningNow");
  return thoughtMs == null ? t("message.reasoning") : t("message.reasoned", { time: duration(thoughtMs) });
}

/** Tokens, time and cost, as far as they are known. */
function Facts({ node }) {
  const { usage, ms, firstMs, cost, provider } = node;
  const rate = usage?.completion_tokens && ms > firstMs ? usage.completion_tokens / ((ms - (firstMs ?? 0)) / 1000) : null;
  const facts = [
    Number.isFinite(usage?.prompt_tokens) && Number.isFinite(usage.completion_tokens) && t("message.tokens", { prompt: number(usage.prompt_tokens), completion: number(usage.completion_tokens) }),
    ms != null && duration(ms),
    rate && Number.isFinite(rate) && rate < 100_000 && t("message.tokensS", { rate: number(rate) }),
    cost != null && money(cost),
    provider,
  ].filter(Boolean);
  return html`<span class="muted small number facts">${facts.join(" · ")}</span>`;
}

function Branches({ node, versions, onShow }) {
  if (versions.length < 2) return null;
  const at = versions.findIndex((other) => other.id === node.id);
  const step = (by) => onShow(versions[at + by]);
  return html`<span class="row branches" role="group" aria-label=${t("message.versions")}>
    <${IconButton} icon="left" small label=${t("message.versionBefore")} disabled=${at === 0} onClick=${() => step(-1)} />
    <span class="small number">${at + 1} / ${versions.length}</span>
    <${IconButton} icon="right" small label=${t("message.versionAfter")} disabled=${at === versions.length - 1} onClick=${() => step(1)} />
  </span>`;
}

function pretty(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
