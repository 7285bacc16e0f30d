// One conversation: its messages, and where to write the next.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { navigate } from "../lib/router.js";
import { useStay } from "../lib/stay.js";
import { ActionButton, IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { Failed, Loading } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { mayPass } from "../lib/api.js";
import { bytes } from "../lib/format.js";
import { Composer } from "./composer.js";
import { ExportDialog } from "./export-dialog.js";
import { Message } from "./message.js";
import { ModelPicker } from "./model-picker.js";
import { fit, isTooLarge } from "./pictures.js";
import { SettingsPanel } from "./settings-panel.js";
import { ShowCode } from "./show-code.js";
import { messagesOf, newestLeaf, requestOf, versionsOf } from "./tree.js";
import { t } from "../texts/chat.js";

/** How near to its end a list counts as being read at its end (pixels). */
const NEAR_PX = 80;
/** How many of the last messages are drawn at first, and how many more when somebody comes near the first of them. */
const DRAWN = 40;
const MORE = 60;
const NEAR_TOP_PX = 1500;

export function ConversationView({ one, models, onModel, onFirst, onMenu }) {
  const { drafts, mostBytes } = one.store;
  const [settingsOpen, setSettingsOpen] = useState(false);
  const [isExporting, setExporting] = useState(false);
  const [shownCode, setShownCode] = useState(null);
  const running = one.isAnswering;
  const shown = one.shown;
  const actions = {
    edit: (node, text) => one.ask(text, node.images, node.parent),
    drafts: drafts.texts,
    retry: (node) => one.answer(node.parent),
    goOn: (node) => one.ask(t("message.pleaseContinue"), [], node.id),
    show: (node) => one.change({ ...one.document, leaf: newestLeaf(one.document, node.id) }),
    showCode: (node) => setShownCode(requestOf(one.document, node.model ?? one.model, node.parent)),
  };
  const send = (text, images) => {
    const { bytes: size, left } = fit([...messagesOf(one.document), { text, images }], mostBytes);
    if (isTooLarge(size, mostBytes)) return tooLarge(size, mostBytes);
    if (left.size && images.length) toast(t("conversationView.oldestImagesLeft"));
    // A new conversation gets its address with its first message.
    if (one.isEmpty) {
      onFirst();
      drafts.begun();
    }
    if (running) one.askNext(text, images);
    else one.ask(text, images);
    return "";
  };
  const setSettings = (fields) => {
    const settings = { ...one.document.settings, ...fields };
    const document = { ...one.document, settings };
    if (!one.isEmpty) return one.change(document);
    drafts.keepSettings(settings);
    return one.set({ document });
  };
  return html`<main class="conversation" id="conversation">
    <header class="row">
      <span class="only-narrow"><${IconButton} icon="menu" label=${t("words.conversations")} onClick=${onMenu} /></span>
      <${ModelPicker} models=${models} value=${one.model} onChange=${onModel} />
      <span class="grow"></span>
      <${Unsaved} one=${one} />
      ${!one.isEmpty && html`<${IconButton} icon="download" label=${t("words.exportThisConversation")} onClick=${() => setExporting(true)} />`}
      <${IconButton} icon="sliders" label=${t("words.settingsOfThisConversation")} onClick=${() => setSettingsOpen(true)} />
    </header>
    ${!(one.loaded && one.isEmpty) && html`<h1 class="visually-hidden">${one.title || t("conversationView.untitled")}</h1>`}
    <${Messages} one=${one} shown=${shown} running=${running} actions=${actions} />
    <div class="foot">
      <${Deleted} one=${one} />
      <${Waiting} one=${one} />
      <${Composer} drafts=${drafts} draftKey=${one.isEmpty ? drafts.newKey : one.id} disabled=${!one.model || !one.loaded} running=${running}
        onSend=${send} onStop=${() => one.stop()} />
    </div>
    ${settingsOpen && html`<${SettingsPanel} settings=${one.document.settings} onClose=${() => setSettingsOpen(false)}
      onChange=${setSettings} />`}
    ${isExporting && html`<${ExportDialog} one=${one} onClose=${() => setExporting(false)} />`}
    ${shownCode && html`<${ShowCode} request=${shownCode} onClose=${() => setShownCode(null)} />`}
  </main>`;
}

const tooLarge = (found, most) =>
  t("conversationView.thisWouldBeA", { found: bytes(found), most: bytes(most) });

function Unsaved({ one }) {
  const isUnsaved = one.problem && one.loaded && !one.isDeleted;
  useStay(isUnsaved && !one.isKept);
  if (!isUnsaved) return null;
  const told = one.isKept ? "conversationView.itIsKeptIn" : "conversationView.itIsKeptNowhere";
  return html`<span class="badge warn" title=${t(told, { message: one.problem.message })}><${Icon} name="warning" /> ${t("conversationView.notSavedYet")}</span>`;
}

/** It was deleted in another tab, or elsewhere: what becomes of what is here is for somebody to say. */
function Deleted({ one }) {
  if (!one.isDeleted) return null;
  const forget = async () => {
    const { id, state, store } = one;
    await store.forget(one);
    navigate("/Chat");
    toast(t("conversationView.isDiscarded"), { undo: () => store.bringBack(id, state).then(() => navigate(`/Chat/${id}`)) });
  };
  return html`<div class="notice warn small offer deleted" role="alert"><${Icon} name="warning" /><span class="grow">${t("conversationView.wasDeletedElsewhere")}</span>
    <${ActionButton} class="small" work=${() => one.saveAnew()}>${t("conversationView.saveAnew")}</${ActionButton}>
    <${ActionButton} class="small" work=${forget}>${t("conversationView.discard")}</${ActionButton}></div>`;
}

/** Messages that are asked when what runs now is answered. */
function Waiting({ one }) {
  if (!one.waiting.length) return null;
  const edit = async (next) => {
    await one.store.drafts.add(one.id, next);
    one.takeWaiting(next.id);
    dispatchEvent(new Event("draft"));
  };
  return html`<ul class="waiting-messages" aria-label=${t("conversationView.messagesThatWait")}>
    ${one.waiting.map((next) => html`<li key=${next.id} class="row small"><${Icon} name="clock" /><span class="truncate grow">${next.text || t("conversationView.anImage")}</span>
      ${!one.isAnswering && html`<button type="button" class="button small" onClick=${() => one.askWaiting()}>${t("conversationView.sendNow")}</button>`}
      <button type="button" class="button small" onClick=${() => edit(next)}>${t("conversationView.edit")}</button></li>`)}
  </ul>`;
}

function Messages({ one, shown, running, actions }) {
  const ref = useRef(null);
  const follows = useRef(true);
  const lastTop = useRef(0);
  const [below, setBelow] = useState(false);
  const [most, setMost] = useState(DRAWN);
  const growing = useRef(0);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = ref.current;
    // What grows takes the end away from nobody: only who scrolls up leaves it.
    if (scrollHeight - scrollTop - clientHeight < NEAR_PX) follows.current = true;
    else if (scrollTop < lastTop.current) follows.current = false;
    lastTop.current = scrollTop;
    setBelow(!follows.current);
    if (scrollTop < NEAR_TOP_PX && most < shown.length && !growing.current) {
      growing.current = scrollHeight - scrollTop;
      setMost(most + MORE);
    }
  };
  // Whoever reads stays at what they read, also at the very top, where browsers do not see to that.
  useLayoutEffect(() => {
    if (growing.current && ref.current && ref.current.scrollTop < 5) ref.current.scrollTop = ref.current.scrollHeight - growing.current;
    growing.current = 0;
  }, [most]);
  useEffect(() => {
    const all = () => setMost(Infinity);
    addEventListener("show-all", all);
    return () => removeEventListener("show-all", all);
  }, []);
  const toEnd = () => { ref.current.scrollTop = ref.current.scrollHeight; };
  // The list grows a frame after its text; whoever reads further up is left alone.
  useEffect(() => {
    const observer = new ResizeObserver(() => follows.current && ref.current && toEnd());
    if (ref.current?.firstElementChild) observer.observe(ref.current.firstElementChild);
    // Less of it is seen when a keyboard comes up, or the window becomes smaller.
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, [one.id, shown.length > 0]);
  useLayoutEffect(() => {
    follows.current = true;
    if (ref.current) toEnd();
  }, [one.id, shown.length]);
  if (!one.loaded) {
    return html`<div class="messages">${one.problem ? html`<${Failed} error=${one.problem} onRetry=${mayPass(one.problem) && (() => one.store.read(one))} />` : html`<${Loading} />`}</div>`;
  }
  if (!shown.length) return html`<${Welcome} />`;
  const versions = versionsOf(one.document);
  return html`<div class="messages" ref=${ref} onScroll=${onScroll} tabindex="0" role="region" aria-label=${t("conversationView.messages")}>
    <ol>
      ${shown.slice(-most).map((node) => html`<${Message} key=${node.id} node=${node} versions=${versions.get(node.id)} running=${running} actions=${actions} />`)}
    </ol>
    ${below && html`<button type="button" class="button icon to-end" aria-label=${t("conversationView.toTheEnd")} title=${t("conversationView.toTheEnd")} onClick=${toEnd}><${Icon} name="down" /></button>`}
  </div>`;
}

function Welcome() {
  return html`<div class="messages welcome">
    <h1>${t("conversationView.whatWouldYouLike")}</h1>
    <p class="muted">${t("conversationView.yourAnswerGoesOn")}</p>
  </div>`;
}
