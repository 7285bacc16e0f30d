// The list of conversations: search, open, rename, delete, export.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { get, signOut } from "../lib/api.js";
import { dayGroup, grouped } from "../lib/days.js";
import { handOutText } from "../lib/csv.js";
import { isComposing } from "../lib/keys.js";
import { navigate } from "../lib/router.js";
import { asset } from "../lib/assets.js";
import { IconButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { Icon } from "../ui/icon.js";
import { fileName } from "./export.js";
import { Boundary } from "../ui/states.js";
import { ThemeButton } from "../ui/theme-button.js";
import { toast, toastError } from "../ui/toast.js";
import { t } from "../texts/chat.js";

const SEARCH_AFTER_MS = 250;

const groupOf = ({ pinned, modifiedDate }) => (pinned ? t("sidebar.pinned") : dayGroup(modifiedDate));

export function Sidebar({ store, who, current, onNew, onClose }) {
  const [text, setText] = useState("");
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      store.list();
      return undefined;
    }
    const timer = setTimeout(() => store.list(text), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<nav class="sidebar" aria-label=${t("words.conversations")}>
    <header class="row between">
      <a class="brand" href="/Chat"><img src=${asset("icons/replyto.svg")} alt="" /> ReplyTo</a>
      <span class="row"><${ThemeButton} /><span class="only-narrow"><${IconButton} icon="close" label=${t("sidebar.closeTheList")} onClick=${onClose} /></span></span>
    </header>
    <button type="button" class="button" onClick=${onNew}><${Icon} name="plus" /> ${t("words.newConversation")}</button>
    <input class="input" type="search" maxlength="200" placeholder=${t("sidebar.search")} aria-label=${t("sidebar.searchConversations")} value=${text} onInput=${(event) => setText(event.target.value)} />
    <${Boundary} place=${store.heads}><${Heads} store=${store} current=${current} text=${text} onOpen=${onClose} /></${Boundary}>
    <footer class="row between small">
      <span class="truncate muted" title=${who.owner}>${who.owner}</span>
      <span class="row"><a href="/Images">${t("sidebar.images")}</a><${AdminLink} who=${who} />
        <${IconButton} icon="leave" small label=${t("sidebar.signOut")} onClick=${async () => { await signOut().catch(toastError); dispatchEvent(new Event("signed-out")); }} /></span>
    </footer>
  </nav>`;
}

/** Whoever has the bootstrap key runs this ReplyTo; the admin pages ask for the admin secret. */
function AdminLink({ who }) {
  return who.isAdmin || who.owner === "bootstrap" ? html`<a href="/admin">${t("sidebar.admin")}</a>` : html`<a href="/admin/me">${t("sidebar.myUsage")}</a>`;
}

function Heads({ store, current, text, onOpen }) {
  const { heads, problem, deleted } = store;
  if (!heads) return problem ? html`<p class="notice bad small" role="alert">${problem.message}</p>` : html`<p class="muted small" role="status">${t("sidebar.loading")}</p>`;
  // What was read last stays: without a line old titles are better than none.
  const stale = problem && html`<p class="notice warn small" role="alert">${t("sidebar.mayBeOld", { message: problem.message })}</p>`;
  if (!heads.length && !deleted.length) {
    return html`${stale}<p class="muted small none grow">${text ? t("sidebar.nothingFound") : t("sidebar.whatYouAskWill")}</p>`;
  }
  return html`${stale}<ul class="heads grow">
    ${deleted.length > 0 && html`<li class="day"><h3 class="small muted">${t("sidebar.deletedElsewhere")}</h3></li>`}
    ${deleted.map((head) => html`<${Deleted} key=${head.id} head=${head} isCurrent=${head.id === current} onOpen=${onOpen} />`)}
    ${grouped(heads.filter(({ id }) => !deleted.some((one) => one.id === id)), groupOf).map(([name, heads]) => html`<li key=${name} class="day"><h3 class="small muted">${name}</h3></li>
      ${heads.map((head) => html`<${Head} key=${head.id} head=${head} store=${store} isCurrent=${head.id === current} onOpen=${onOpen} />`)}`)}
    ${store.total > heads.length && html`<li><button type="button" class="button quiet small grow" onClick=${() => store.listMore()}>${t("sidebar.showMore")}</button></li>`}
  </ul>`;
}

/** What can be done with it is said where it is read. */
const Deleted = ({ head, isCurrent, onOpen }) => html`<li class=${isCurrent ? "current" : ""}>
    <a class="truncate grow" href="/Chat/${head.id}" aria-current=${isCurrent ? "page" : undefined} onClick=${onOpen}>${head.title}</a></li>`;

function Head({ head, store, isCurrent, onOpen }) {
  const [renaming, setRenaming] = useState(false);
  const link = useRef(null);
  const running = store.open.get(head.id)?.isAnswering ?? false;
  const remove = async () => {
    const sure = await confirm({ title: t("sidebar.deleteThisConversation"), text: t("sidebar.andItsAnswersAre", { title: head.title }), action: t("words.delete") });
    if (!sure) return;
    const goTo = (path) => isCurrent && navigate(path);
    goTo("/Chat");
    try {
      const bringBack = await store.remove(head.id);
      toast(t("sidebar.isDeleted", { title: head.title }), { undo: () => bringBack().then(() => goTo(`/Chat/${head.id}`)) });
    } catch (error) {
      goTo(`/Chat/${head.id}`);
      toastError(error);
    }
  };
  if (renaming) {
    const done = (title, by) => {
      setRenaming(false);
      // The field is gone then, and what it stood for is there again.
      if (by) setTimeout(() => link.current?.focus());
      if (title.trim() && title !== head.title) store.rename(head.id, title.trim()).catch(toastError);
    };
    return html`<li><${Renaming} title=${head.title} onDone=${done} /></li>`;
  }
  return html`<li class=${isCurrent ? "current" : ""}>
    <a ref=${link} class="truncate grow" href="/Chat/${head.id}" aria-current=${isCurrent ? "page" : undefined} onClick=${onOpen}>${head.title}</a>
    ${running && html`<span class="spinner" role="img" aria-label=${t("sidebar.beingAnswered")}></span>`}
    <span class="row actions">
      <${IconButton} icon=${head.pinned ? "unpin" : "pin"} small label="${head.pinned ? t("sidebar.unpin") : t("sidebar.pin")} “${head.title}”" onClick=${() => store.pin(head.id, !head.pinned).catch(toastError)} />
      <${IconButton} icon="edit" small label=${t("sidebar.rename", { title: head.title })} onClick=${() => setRenaming(true)} />
      <${IconButton} icon="download" small label=${t("sidebar.export", { title: head.title })} onClick=${() => exportAs(head).catch(toastError)} />
      <${IconButton} icon="trash" small label=${t("sidebar.delete", { title: head.title })} onClick=${remove} />
    </span>
  </li>`;
}

/** Enter and a click elsewhere rename; Escape does not. */
function Renaming({ title, onDone }) {
  const [value, setValue] = useState(title);
  const input = useRef(null);
  // The field is taken away while it has the focus: that is a blur, too.
  const isOver = useRef(false);
  useEffect(() => {
    input.current.focus();
    input.current.select();
  }, []);
  const done = (wanted, by = "") => {
    if (isOver.current) return;
    isOver.current = true;
    onDone(wanted, by);
  };
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || isComposing(event)) return;
    event.preventDefault();
    done(title, "key");
  };
  return html`<form class="grow" onSubmit=${(event) => { event.preventDefault(); done(value, "key"); }}>
    <input ref=${input} class="input" aria-label=${t("sidebar.newTitle")} maxlength="300" value=${value} onInput=${(event) => setValue(event.target.value)}
      onBlur=${() => done(value)} onKeyDown=${onKeyDown} />
  </form>`;
}

/** Hand the conversation out as a file: all of its branches, as JSON. */
async function exportAs(head) {
  const { result } = await get("GetConversation", { id: head.id });
  handOutText(JSON.stringify(result, null, 2), `${fileName(head.title)}.json`, "application/json");
}
