// One box to find jobs by words, with what is known offered; and the ranges that are asked for most.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { moment } from "../lib/format.js";
import { navigate } from "../lib/router.js";
import { offers } from "./job-search.js";
import { t } from "../texts/admin.js";

const WRITE_MS = 400;
const RANGES = { "1h": t("words.lastHour"), "24h": t("words.lastDay"), "7d": t("words.days7"), "": t("words.all") };

export function SearchBox({ query, path, known }) {
  const [text, setText] = useState(query.q ?? "");
  /** What this box has just put into the address: who writes on keeps what was written since. */
  const sent = useRef(null);
  const latest = useRef(query);
  latest.current = query;
  const asked = query.q ?? "";
  const go = (fields) => {
    const { skip: _skip, ...rest } = { ...latest.current, ...fields };
    const given = Object.entries(rest).filter(([, value]) => value);
    navigate(given.length ? `${path}?${new URLSearchParams(given)}` : path, { replace: true });
  };
  const search = () => {
    if (text.trim() !== (latest.current.q ?? "")) sent.current = text.trim();
    go({ q: text.trim() });
  };
  useEffect(() => {
    if (sent.current !== asked) setText(asked);
    sent.current = null;
  }, [asked]);
  useEffect(() => {
    if (text.trim() === asked) return undefined;
    const timer = setTimeout(search, WRITE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const submit = (event) => {
    event.preventDefault();
    const id = /^#(\d+)$/.exec(text.trim());
    if (id) navigate(`${path}/${id[1]}`);
    else search();
  };
  const hasMoments = [query.from, query.to].some((one) => one?.includes("T"));
  return html`<form class="row search-row" role="search" aria-label=${t("searchBox.searchJobs")} onSubmit=${submit}>
    <input class="input grow" type="search" list="job-offers" autocomplete="off" placeholder=${t("searchBox.search429Gpt4o")} aria-label=${t("searchBox.searchJobs")} value=${text} onInput=${(event) => setText(event.target.value)} />
    <datalist id="job-offers">${offers(text, known).map((one) => html`<option key=${one} value=${one}></option>`)}</datalist>
    <span class="row" role="group" aria-label=${t("words.time")}>${Object.entries(RANGES).map(([value, label]) => html`<button type="button" key=${value} class="button small" aria-pressed=${(query.last ?? "") === value} onClick=${() => go({ last: value })}>${label}</button>`)}</span>
    ${hasMoments && html`<button type="button" class="button small" aria-pressed="true" title=${t("searchBox.showAllTimes")} onClick=${() => go({ from: "", to: "" })}>${moment(query.from)} – ${moment(query.to)} ×</button>`}
  </form>`;
}
