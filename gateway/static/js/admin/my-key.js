// What somebody's own key may do, what it has used of its limits, and what it cost.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { day, money, number } from "../lib/format.js";
import { Facts, Loaded } from "./parts.js";
import { Meter } from "./stages.js";
import { useData } from "./use-data.js";

const EVERY_MS = 5000;
const SCOPES = { chat: "may submit jobs and follow them", read: "may read its history and usage" };

/** Each limit with what is taken of it: its name, the field of the limit, that of what is taken, and how it is shown. */
const LIMITS = [
  ["Requests in the last minute", "requestsPerMinute", "requests", number],
  ["Tokens in the last minute", "tokensPerMinute", "tokens", number],
  ["Jobs at once", "concurrentJobs", "liveJobs", number],
  ["Jobs waiting", "queuedJobs", null, number],
  ["Tokens this month", "monthlyTokens", "monthTokens", number],
  ["Cost this month", "monthlyCost", "monthCost", money],
];

export function MyKeySection() {
  const from = useData(() => get("GetMyKey"), "my-key", EVERY_MS);
  return html`<${Loaded} from=${from}>${(key) => html`<div class="stack">
    <section class="card"><h2>${key.name}</h2>
      <${Facts} rows=${[["Scopes", key.scopes.map((scope) => (SCOPES[scope] ? `${scope}: ${SCOPES[scope]}` : scope)).join("; ")], ["Models", key.models?.join(", ") ?? "all"], ["Expires", key.expiryDate ? day(key.expiryDate) : "never"]]} /></section>
    <section class="card"><h2>Limits</h2>
      <dl class="fact-list wide">${LIMITS.map(([label, limit, taken, show]) => html`<${Limit} key=${limit} label=${label} most=${key[limit]} taken=${taken && key.taken[taken]} show=${show} />`)}</dl>
      <p class="muted small">A call beyond a limit is answered with 429 and a time to wait. Months are those of UTC.</p></section>
    <p class="row"><a class="button" href="/admin/jobs">My jobs</a><a class="button" href="/admin/usage">My usage, by day and model</a><a class="button" href="/Chat">Chat</a></p>
  </div>`}</${Loaded}>`;
}

function Limit({ label, most, taken, show }) {
  const value = most == null ? (taken == null ? "no limit" : `${show(taken)}, no limit`) : taken == null ? `at most ${show(most)}` : html`<${Meter} taken=${taken} of=${most} what="" format=${show} />`;
  return html`<div><dt>${label}</dt><dd class="number">${value}</dd></div>`;
}
