// The pages for pictures, sound and transforms: one frame, a page each.

import { html, render, useEffect } from "../lib/html.js";
import { signOut } from "../lib/api.js";
import { asset } from "../lib/assets.js";
import { navigate, useLocation } from "../lib/router.js";
import { IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { Gate } from "../ui/sign-in.js";
import { ThemeButton } from "../ui/theme-button.js";
import { toastError } from "../ui/toast.js";
import { Audio } from "./audio.js";
import { Images } from "./images.js";
import { Transform } from "./transform.js";

const PAGES = [
  { path: "/Images", title: "Images", icon: "image", View: Images },
  { path: "/Audio", title: "Audio", icon: "sound", View: Audio },
  { path: "/Transform", title: "Transform", icon: "wand", View: Transform },
];
const HINT = "It starts with “ak-”. You have it from whoever runs this ReplyTo; of your own, it is in the file “api_key” of the data directory.";

function Media({ who }) {
  const { path } = useLocation();
  const page = PAGES.find((one) => one.path === path.replace(/\/+$/, "")) ?? PAGES[0];
  useEffect(() => {
    document.title = `${page.title} · ReplyTo`;
  }, [page]);
  return html`<div class="media">
    <header class="top">
      <a class="brand" href="/Chat" aria-label="ReplyTo"><img src=${asset("icons/replyto.svg")} alt="" /> <span class="wide-only">ReplyTo</span></a>
      <nav aria-label="Pages"><ul>
        <li><a href="/Chat" aria-label="Chat"><${Icon} name="chat" /> <span class="wide-only">Chat</span></a></li>
        ${PAGES.map((one) => html`<li key=${one.path}><a href=${one.path} aria-current=${one === page ? "page" : undefined} onClick=${(event) => go(event, one.path)}>
          <${Icon} name=${one.icon} /> ${one.title}</a></li>`)}
      </ul></nav>
      <span class="row end">${who.isAdmin && html`<a class="small wide-only" href="/admin">Admin</a>`}<${ThemeButton} /><${IconButton} icon="leave" label="Sign out" onClick=${leave} /></span>
    </header>
    <main class="content"><h1 class="visually-hidden">${page.title}</h1><${page.View} key=${page.path} who=${who} /></main>
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

render(
  html`<${Gate} hint=${HINT}>${(who) => html`<${Media} who=${who} />`}</${Gate}>`,
  document.getElementById("app"),
);
