// A job as a conversation: what was asked and answered, to read, to copy, to go on with, to run again.

import { html, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { copy } from "../lib/clipboard.js";
import { keep } from "../lib/keep.js";
import { madeOnce } from "../lib/once.js";
import { newId } from "../lib/new-id.js";
import { own } from "../lib/own.js";
import { navigate } from "../lib/router.js";
import { LANGUAGES } from "../chat/show-code.js";
import { MarkdownView } from "../chat/markdown-view.js";
import { ActionButton } from "../ui/button.js";
import { Code } from "../ui/code.js";
import { toast } from "../ui/toast.js";
import { documentOf, talkOf } from "./talk-of.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const NAMES = { system: t("jobTalk.system"), developer: t("jobTalk.developer"), user: t("words.user"), assistant: t("jobTalk.assistant"), tool: t("jobTalk.tool") };

export function Talk({ job, model }) {
  const talk = talkOf(job.requestBody, job.responseBody);
  if (!talk) return null;
  const copyAs = async (text, said) => {
    await copy(text);
    toast(said);
  };
  const openInChat = async () => {
    const id = newId();
    const kept = await keep(`import:${id}`, documentOf(talk, model ?? talk.request.model, newId));
    if (!kept) throw new Error(t("jobTalk.thisBrowserKeepsNothing"));
    // A tab of its own: not a copy of this one, with its drafts.
    open(`/Chat?import=${id}`, "_blank", "noopener");
  };
  const answer = talk.answered.map(({ text }) => text).join("\n\n");
  return html`<section class="card talk"><h2 class="row between">${t("jobTalk.conversation")}
      <span class="row">${answer && html`<${ActionButton} class="small" work=${() => copyAs(answer, t("jobTalk.theAnswerIsCopied"))}>${t("jobTalk.copyAnswer")}</${ActionButton}>`}
        <${ActionButton} class="small" work=${() => copyAs(LANGUAGES.curl(talk.request, location.origin), t("jobTalk.theRequestIsCopied"))}>${t("jobTalk.copyAsCurl")}</${ActionButton}>
        <${ActionButton} class="small" work=${openInChat}>${t("jobTalk.openInChat")}</${ActionButton}></span></h2>
    <ol>${[...talk.asked, ...talk.answered].map((one, index) => html`<${Said} key=${index} one=${one} />`)}</ol>
    <${RunAgain} job=${job} request=${talk.request} />
  </section>`;
}

function Said({ one }) {
  return html`<li class=${one.role}>
    <h3 class="small muted">${own(NAMES, one.role) ?? one.role}</h3>
    ${one.reasoning && html`<details><summary class="small">${t("jobTalk.reasoning")}</summary><${MarkdownView} text=${one.reasoning} live=${false} /></details>`}
    ${one.text && html`<${MarkdownView} text=${one.text} live=${false} />`}
    ${one.images.length > 0 && html`<div class="row images">${one.images.map((url, index) => html`<img key=${index} src=${url} alt=${t("jobTalk.image", { index: index + 1 })} />`)}</div>`}
    ${one.toolCalls.map((call, index) => html`<pre key=${index} class="body" tabindex="0"><${Code} text=${`${call.name}(${call.arguments})`} /></pre>`)}
  </li>`;
}

/** The same request as another job, of the same model or another one. */
function RunAgain({ job, request }) {
  const { data: models } = useData(() => get("QueryAiModels", { take: 1000 }).then(({ results }) => results.map(({ id }) => id)), "models");
  const [model, setModel] = useState(request.model);
  const run = async () => {
    const asked = { request: { ...request, model, stream: undefined }, tag: job.tag ?? undefined };
    const made = await madeOnce(["RunAgain", job.id, model], (refId) => post("QueueOpenAiChatCompletion", { ...asked, refId }));
    toast(t("jobTalk.jobIsQueued", { id: made.id }));
    navigate(`/admin/jobs/${made.id}`);
  };
  const names = [...new Set([request.model, ...(models ?? [])])];
  return html`<div class="row run-again"><label class="label" for="again-model">${t("jobTalk.runAgainWith")}</label>
    <select id="again-model" class="select" value=${model} onChange=${(event) => setModel(event.target.value)}>${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select>
    <${ActionButton} class="small" busy=${t("jobTalk.queueing")} work=${run}>${t("jobTalk.runAgain")}</${ActionButton}></div>`;
}
