// The admin pages: a list of sections at the side, one of them shown.

import { html, render, useEffect, useRef } from "../lib/html.js";
import { setPage, signOut } from "../lib/api.js";
import { partsOf } from "../lib/address.js";
import { asset } from "../lib/assets.js";
import { useDrawer } from "../lib/drawer.js";
import { keepFocus } from "../lib/focus.js";
import { followLinks, navigate, useLocation } from "../lib/router.js";
import { IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { Gate } from "../ui/sign-in.js";
import { Boundary, Empty } from "../ui/states.js";
import { ThemeButton } from "../ui/theme-button.js";
import { toastError } from "../ui/toast.js";
import { AuditSection } from "./audit.js";
import { BulkSection } from "./bulk.js";
import { CallbacksSection } from "./callbacks.js";
import { FilesSection } from "./files.js";
import { JobsSection } from "./jobs.js";
import { KeysSection } from "./keys.js";
import { MyKeySection } from "./my-key.js";
import { OverviewSection } from "./overview.js";
import { ProvidersSection } from "./providers.js";
import { QueuesSection } from "./queues.js";
import { SettingsSection } from "./settings.js";
import { UsageSection } from "./usage.js";
import { t } from "../texts/admin.js";

const SECTIONS = [
  { path: "", title: t("adminPage.overview"), icon: "gauge", View: OverviewSection },
  { path: "jobs", title: t("words.jobs"), icon: "list", View: JobsSection },
  { path: "queues", title: t("adminPage.queuesAndWorkers"), icon: "layers", View: QueuesSection },
  { path: "bulk", title: t("bulk.title"), icon: "clock", View: BulkSection },
  { path: "callbacks", title: t("words.callbacks"), icon: "bell", View: CallbacksSection },
  { path: "providers", title: t("adminPage.providers"), icon: "plug", View: ProvidersSection },
  { path: "keys", title: t("words.apiKeys"), icon: "key", View: KeysSection },
  { path: "usage", title: t("adminPage.usageAndCost"), icon: "coins", View: UsageSection },
  { path: "files", title: t("words.files"), icon: "image", View: FilesSection },
  { path: "settings", title: t("words.settings"), icon: "gear", View: SettingsSection },
  { path: "audit", title: t("adminPage.audit"), icon: "book", View: AuditSection },
];
/** What everybody has who may not look at the rest: their own key, and what was done with it. */
const OWN = [{ path: "me", title: t("adminPage.myUsageAndLimits"), icon: "key", View: MyKeySection }, ...SECTIONS.filter(({ path }) => ["jobs", "callbacks", "usage"].includes(path))];
const isAdmin = (who) => who.isAdmin || who.scopes.some((scope) => scope.startsWith("admin"));
const sectionsOf = (who) => (isAdmin(who) ? [...SECTIONS, ...OWN.slice(0, 1)] : who.scopes.includes("read") ? OWN : OWN.slice(0, 1));
const nameOf = (path) => partsOf(path)[1] ?? "";
const HINT = t("adminPage.theAdminSecretReplyto");

function Admin({ who }) {
  const { path, query } = useLocation();
  const [menuOpen, setMenuOpen] = useDrawer(".side");
  const [, name = "", ...rest] = partsOf(path);
  const sections = sectionsOf(who);
  const section = sections.find((one) => one.path === name);
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${[rest[0], section?.title ?? t("adminPage.admin")].filter(Boolean).join(" · ")} · ReplyTo`;
    setMenuOpen(false);
  }, [path]);
  return html`<div class="admin ${menuOpen ? "menu-open" : ""}">
    <a class="skip-link" href="#content" onClick=${(event) => { event.preventDefault(); heading.current?.focus(); }}>${t("adminPage.skipToContent")}</a>
    <${Navigation} sections=${isAdmin(who) ? SECTIONS : sections} current=${section} onGo=${() => setMenuOpen(false)} />
    <div class="veil only-narrow" onClick=${() => setMenuOpen(false)}></div>
    <main>
      <header class="row bar">
        <span class="only-narrow"><${IconButton} icon="menu" label=${t("adminPage.sections")} onClick=${() => setMenuOpen(true)} /></span>
        <h1 ref=${heading} id="content" tabindex="-1">${section?.title ?? t("adminPage.notFound")}</h1>
      </header>
      <div class="content">
        ${section ? html`<${Boundary} place=${`${path} ${JSON.stringify(query)}`}><${section.View} key=${name} who=${who} place=${rest} query=${query} /></${Boundary}>` : html`<${Empty} title=${t("adminPage.pageNotFound")}><p><a href="/admin">${t("adminPage.toTheOverview")}</a></p></${Empty}>`}
      </div>
    </main>
  </div>`;
}

function Navigation({ sections, current, onGo }) {
  const leave = async () => {
    await signOut().catch(toastError);
    dispatchEvent(new Event("signed-out"));
  };
  return html`<nav class="side" aria-label=${t("adminPage.sections")}>
    <header class="row between"><a class="brand" href="/admin"><img src=${asset("icons/replyto.svg")} alt="" /> ReplyTo</a><${ThemeButton} /></header>
    <ul>
      ${sections.map((section) => html`<li key=${section.path}>
        <a href=${section.path ? `/admin/${section.path}` : "/admin"} onClick=${onGo} aria-current=${section === current ? "page" : undefined}><${Icon} name=${section.icon} /> ${section.title}</a>
      </li>`)}
    </ul>
    <footer class="row between small"><span class="row"><a href="/Chat">${t("words.chat")}</a><a href="/Images">${t("adminPage.images")}</a></span><${IconButton} icon="leave" small label=${t("adminPage.signOut")} onClick=${leave} /></footer>
  </nav>`;
}

setPage("admin");
keepFocus();
followLinks("/admin");
render(
  html`<${Gate} label=${t("adminPage.secretOrKey")} hint=${HINT} isEnough=${(who) => isAdmin(who) || sectionsOf(who).some(({ path }) => path === nameOf(location.pathname))}
    onOther=${() => navigate("/admin/me", { replace: true })}>${(who) => html`<${Admin} who=${who} />`}</${Gate}>`,
  document.getElementById("app"),
);
