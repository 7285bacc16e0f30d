// The chat page.

import { html, render, useEffect, useMemo, useReducer, useRef } from "../lib/html.js";
import { partsOf } from "../lib/address.js";
import { json, queryString } from "../lib/api.js";
import { useDrawer } from "../lib/drawer.js";
import { keepFocus } from "../lib/focus.js";
import { recall, remember } from "../lib/remember.js";
import { followLinks, navigate, useLocation } from "../lib/router.js";
import { useData } from "../lib/use-data.js";
import { Boundary, Empty, Failed } from "../ui/states.js";
import { Gate } from "../ui/sign-in.js";
import { ConversationView } from "./conversation-view.js";
import { isOdd } from "./model-picker.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { t } from "../texts/chat.js";

const LAST_MODEL = "chat.model";
const HINT = t("chatPage.keyHint");

function Chat({ who }) {
  const store = useMemo(() => new Store(who.owner, who.maxBodyBytes), [who.owner]);
  const [, redraw] = useReducer((count) => count + 1, 0);
  const from = useData(() => json("/v1/models?operation=chat").then(({ data }) => inOrder(data.map(({ id }) => id))), "models");
  const models = from.data ?? null;
  const [menuOpen, setMenuOpen] = useDrawer(".sidebar");
  const { path, query } = useLocation();
  const shown = useRef(null);
  useEffect(() => {
    const unsubscribe = store.subscribe(redraw);
    return () => {
      unsubscribe();
      store.close();
    };
  }, [store]);
  useEffect(() => {
    const look = () => document.hidden || store.look(shown.current);
    const keepAll = () => store.keepAll();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    const onLine = () => store.catchUp();
    addEventListener("pagehide", keepAll);
    addEventListener("online", onLine);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
      removeEventListener("pagehide", keepAll);
      removeEventListener("online", onLine);
    };
  }, [store]);
  useEffect(() => {
    const { import: kept, ...rest } = query;
    if (!kept) return;
    store.takeImport(kept).then((id) => navigate(id ? `/Chat/${id}` : `/Chat${queryString(rest)}`, { replace: true }));
  }, [query.import]);
  const id = partsOf(path)[1] || null;
  const one = id === null ? store.fresh() : store.find(id);
  shown.current = one;
  const known = models ?? [];
  // What was said can be read, whatever can be asked now.
  const isUnused = one.loaded && one.isEmpty;
  if (models && one.loaded && !known.includes(one.model) && one.isEmpty) {
    const last = recall(LAST_MODEL);
    one.model = known.includes(last) ? last : (known[0] ?? "");
  }
  useEffect(() => {
    document.title = one.title ? `${one.title} · ReplyTo` : `${t("chatPage.chat")} · ReplyTo`;
  }, [one.title]);

  const chooseModel = (model) => {
    remember(LAST_MODEL, model);
    one.set({ model });
    if (!one.isEmpty) one.saveSoon();
  };
  const startNew = () => {
    setMenuOpen(false);
    navigate("/Chat");
  };
  const skip = (event) => {
    event.preventDefault();
    (document.querySelector(".messages[tabindex]") ?? document.querySelector(".composer")?.querySelector("textarea"))?.focus();
  };
  return html`<div class="chat ${menuOpen ? "menu-open" : ""}">
    <a class="skip-link" href="#conversation" onClick=${skip}>${t("chatPage.skipToTheConversation")}</a>
    <${Sidebar} store=${store} who=${who} current=${one.id} onNew=${startNew} onClose=${() => setMenuOpen(false)} />
    <div class="veil only-narrow" onClick=${() => setMenuOpen(false)}></div>
    ${isUnused && !models && from.error
      ? html`<main class="conversation" id="conversation"><${Failed} error=${from.error} onRetry=${from.reload} /></main>`
      : isUnused && models && !models.length
        ? html`<main class="conversation" id="conversation"><${Empty} icon="plug" title=${t("chatPage.noModelCanBe")}>
            <p>${t("chatPage.addAProviderTo")}</p></${Empty}></main>`
        : html`<${Boundary} place=${one.id}><${ConversationView} key=${one.id} one=${one} models=${known} onModel=${chooseModel}
            onFirst=${() => navigate(`/Chat/${one.id}`, { replace: true })} onMenu=${() => setMenuOpen(true)} /></${Boundary}>`}
  </div>`;
}

/** The first of the file is what one begins with. */
const inOrder = (names) => [...names.filter((name) => !isOdd(name)), ...names.filter(isOdd)];

followLinks("/Chat");
keepFocus();
render(
  html`<${Gate} hint=${HINT}>${(who) => html`<${Chat} who=${who} />`}</${Gate}>`,
  document.getElementById("app"),
);
