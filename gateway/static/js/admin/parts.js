// Parts that several sections have: states as badges, filters, pages of a list, definition lists.

import { html, useEffect, useState } from "../lib/html.js";
import { ago, moment, number } from "../lib/format.js";
import { navigate } from "../lib/router.js";
import { own } from "../lib/own.js";
import { Code } from "../ui/code.js";
import { Empty } from "../ui/states.js";
import { t } from "../texts/admin.js";

const TONES = {
  Queued: "info", Started: "info", Executed: "info", Completed: "good", Failed: "bad", Cancelled: "warn",
  Pending: "info", Delivered: "good", Exhausted: "bad", Stopped: "warn",
  Open: "info", Closed: "info", Cancelling: "warn", Ended: "good",
  validating: "info", in_progress: "info", finalizing: "info", completed: "good", expired: "warn", cancelling: "warn", cancelled: "warn", failed: "bad",
  active: "good", paused: "warn",
  online: "good", limited: "info", resting: "warn", offline: "bad", held: "warn", disabled: "", "not asked yet": "", "does not answer": "warn",
};

/** A state of the API in the language of the page; what is new is shown as it is called. */
export const stateName = (state) => (own(TONES, state) === undefined ? state : t(`state.${state}`));

export const StateBadge = ({ state }) => html`<span class="badge ${own(TONES, state) ?? ""}">${stateName(state)}</span>`;

/** A moment as people say it, with the exact one to those who point at it. */
export const Ago = ({ date }) => html`<time datetime=${date} title=${moment(date)}>${ago(date)}</time>`;

const WRITE_MS = 350;

/** Filters that live in the address, so that a list can be bookmarked and sent around. */
export function Filters({ fields, query, path, kept = {}, isFolded = false }) {
  const [values, setValues] = useState(query);
  useEffect(() => setValues(query), [JSON.stringify(query)]);
  const apply = (next) => {
    const given = Object.entries({ ...kept, ...next }).filter(([name, value]) => value && name !== "skip");
    navigate(given.length ? `${path}?${new URLSearchParams(given)}` : path, { replace: true });
  };
  useEffect(() => {
    if (JSON.stringify(values) === JSON.stringify(query)) return undefined;
    const timer = setTimeout(() => apply(values), WRITE_MS);
    return () => clearTimeout(timer);
  }, [values]);
  const set = (name, value) => setValues({ ...values, [name]: value });
  const isFiltered = Object.keys(query).some((name) => name !== "skip");
  // On a phone they would push what they filter off the screen.
  const isOpen = isFolded ? isFiltered : matchMedia("(min-width: 861px)").matches || isFiltered;
  return html`<details class="filters-fold" open=${isOpen}><summary class=${isFolded ? "" : "only-narrow"}>${isFolded ? t("parts.moreFilters") : t("parts.filters")}</summary>
  <form class="filters" role="search" onSubmit=${(event) => { event.preventDefault(); apply(values); }}>
    ${fields.map(({ name, label, options, type = "search" }) => html`<div class="field" key=${name}>
      <label for="filter-${name}">${label}</label>
      ${options
        ? html`<select id="filter-${name}" class="select" value=${values[name] ?? ""} onChange=${(event) => set(name, event.target.value)}>
            <option value="">${t("words.all")}</option>${options.map((option) => html`<option key=${option} value=${option}>${stateName(option)}</option>`)}</select>`
        : html`<input id="filter-${name}" class="input" type=${type} value=${values[name] ?? ""} onInput=${(event) => set(name, event.target.value)} />`}
    </div>`)}
    ${isFiltered && html`<button type="button" class="button quiet" onClick=${() => navigate(path)}>${t("parts.clear")}</button>`}
  </form></details>`;
}

const pageAt = (path, query, skip) => `${path}?${new URLSearchParams({ ...query, skip })}`;

/** What a list shows that has no rows: `children`, if it has none at all; of one that ended before, the way back. */
export const NoRows = ({ skip, path, query, children }) =>
  skip ? html`<${Empty} title=${t("parts.pastTheEnd")}><p><a class="button" href=${pageAt(path, query, 0)}>${t("parts.toTheBeginning")}</a></p></${Empty}>` : children;

/** From where to where of a list, and the ways on. */
export function Pager({ skip, take, shown, total, path, query, label = t("parts.pages") }) {
  const href = (to) => pageAt(path, query, to);
  const hasNext = total == null ? shown === take : skip + shown < total;
  if (skip && !shown) return null;
  if (!skip && !hasNext) return html`<p class="muted small number">${t("parts.inAll", { count: number(total ?? shown) })}</p>`;
  return html`<nav class="row between pager" aria-label=${label}>
    <span class="muted small number">${t(total == null ? "parts.range" : "parts.rangeOf", { from: number(skip + 1), to: number(skip + shown), total: number(total) })}</span>
    <span class="row">
      ${skip > 0 ? html`<a class="button small" href=${href(Math.max(0, skip - take))}>${t("parts.newer")}</a>` : null}
      ${hasNext ? html`<a class="button small" href=${href(skip + take)}>${t("parts.older")}</a>` : null}
    </span>
  </nav>`;
}

/** Names and values; what is not known is left out. A third item says that the value is long. */
export function Facts({ rows }) {
  const known = rows.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return html`<dl class="fact-list">${known.map(([name, value, isLong]) => html`<div key=${name} class=${isLong ? "long" : undefined}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** What of all owners' is shown to one whose key has no scope `admin`. */
export const OwnOnly = ({ who, text }) =>
  who.isAdmin ? null : html`<p class="notice small">${text}</p>`;

/** Whether a key may do what needs this scope: what would be refused is not offered. */
export const may = (who, scope) => who.isAdmin || who.scopes.includes(scope) || (scope === "admin:read" && who.scopes.some((one) => one.startsWith("admin")));

/** Said once where all can be looked at and nothing changed. */
export const LookOnly = ({ who, scope }) =>
  may(who, scope) ? null : html`<p class="notice small">${t("parts.youCanLookAt", { scope })}</p>`;

/** A number that is looked at often, with what it means. */
export function Tile({ label, value, detail, tone = "", href }) {
  const inner = html`<span class="label muted">${label}</span><strong class="number ${tone}">${value}</strong>${detail && html`<span class="muted small">${detail}</span>`}`;
  return href ? html`<a class="card tile" href=${href}>${inner}</a>` : html`<div class="card tile">${inner}</div>`;
}

/** JSON as text to read, whatever it was. */
export function Body({ title, text }) {
  if (text === null || text === undefined) return null;
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON: as it is.
  }
  return html`<section class="card"><h2>${title}</h2><pre class="body" tabindex="0"><${Code} text=${shown} /></pre></section>`;
}
