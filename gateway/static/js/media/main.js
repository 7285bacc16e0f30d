// The pages for pictures, sound and transforms: one frame, a page each.

import { html, render, useEffect } from "../lib/html.js";
import { signOut } from "../lib/api.js";
import { asset } from "../lib/assets.js";
import { keepFocus } from "../lib/focus.js";
import { navigate, useLocation } from "../lib/router.js";
import { useStay } from "../lib/stay.js";
import { Boundary } from "../ui/states.js";
import { IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { Gate } from "../ui/sign-in.js";
import { ThemeButton } from "../ui/theme-button.js";
import { toastError } from "../ui/toast.js";
import { Audio } from "./audio.js";
import { Images } from "./images.js";
import { useSent } from "./sent.js";
import { Transform } from "./transform.js";
import { t } from "../texts/media.js";

const PAGES = [
  { path: "/Images", title: t("mediaPage.images"), icon: "image", View: Images },
  { path: "/Audio", title: t("mediaPage.audio"), icon: "sound", View: Audio },
  { path: "/Transform", title: t("mediaPage.transform"), icon: "wand", View: Transform },
];
const HINT = t("mediaPage.keyHint");

function Media({ who }) {
  const { path } = useLocation();
  const page = PAGES.find((one) => one.path === path.replace(/\/+$/, "")) ?? PAGES[0];
  const lists = [useSent("recordings"), useSent("transforms")];
  useStay(lists.some(({ isOnItsWay }) => isOnItsWay));
  useEffect(() => {
    document.title = `${page.title} · ReplyTo`;
  }, [page]);
  return html`<div class="media">
    <header class="top">
      <a class="brand" href="/Chat" aria-label="ReplyTo"><img src=${asset("icons/replyto.svg")} alt="" /> <span class="wide-only">ReplyTo</span></a>
      <nav aria-label=${t("mediaPage.pages")}><ul>
        <li><a href="/Chat" aria-label=${t("mediaPage.chat")}><${Icon} name="chat" /> <span class="wide-only">${t("mediaPage.chat")}</span></a></li>
        ${PAGES.map((one) => html`<li key=${one.path}><a href=${one.path} aria-current=${one === page ? "page" : undefined} onClick=${(event) => go(event, one.path)}>
          <${Icon} name=${one.icon} /> ${one.title}</a></li>`)}
      </ul></nav>
      <span class="row end">${who.isAdmin && html`<a class="small wide-only" href="/admin">${t("mediaPage.admin")}</a>`}<${ThemeButton} /><${IconButton} icon="leave" label=${t("mediaPage.signOut")} onClick=${leave} /></span>
    </header>
    <main class="content"><h1 class="visually-hidden">${page.title}</h1><${Boundary} place=${page.path}><${page.View} key=${page.path} who=${who} /></${Boundary}></main>
  </div>`;
}

function go(event, path) {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(path);
}

async function leave() {
  await signOut().catch(toastError);
  dispatchEvent(new Event("signed-out"));
}

keepFocus();
render(
  html`<${Gate} hint=${HINT}>${(who) => html`<${Media} who=${who} />`}</${Gate}>`,
  document.getElementById("app"),
);
