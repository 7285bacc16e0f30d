// What somebody's own key may do, what it has used of its limits, and what it cost.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { day, money, number } from "../lib/format.js";
import { own } from "../lib/own.js";
import { Facts } from "./parts.js";
import { Meter } from "./stages.js";
import { useData } from "../lib/use-data.js";
import { Loaded } from "../ui/states.js";
import { t } from "../texts/admin.js";

const EVERY_MS = 5000;
const SCOPES = { chat: t("myKey.maySubmitJobsAnd"), read: t("myKey.mayReadItsHistory") };

/** Each limit with what is taken of it: its name, the field of the limit, that of what is taken, and how it is shown. */
const LIMITS = [
  [t("myKey.requestsInTheLast"), "requestsPerMinute", "requests", number],
  [t("myKey.tokensInTheLast"), "tokensPerMinute", "tokens", number],
  [t("words.concurrentJobs"), "concurrentJobs", "liveJobs", number],
  [t("words.queuedJobs"), "queuedJobs", null, number],
  [t("myKey.tokensThisMonth"), "monthlyTokens", "monthTokens", number],
  [t("myKey.costThisMonth"), "monthlyCost", "monthCost", money],
];

export function MyKeySection() {
  const from = useData(() => get("GetMyKey"), "my-key", EVERY_MS);
  return html`<${Loaded} from=${from}>${(key) => html`<div class="stack">
    <section class="card"><h2>${key.name}</h2>
      <${Facts} rows=${[[t("words.scopes"), key.scopes.map((scope) => (own(SCOPES, scope) ? `${scope}: ${SCOPES[scope]}` : scope)).join("; ")], [t("words.models"), key.models?.join(", ") ?? t("words.allModels")], [t("words.expires"), key.expiryDate ? day(key.expiryDate) : t("words.never")]]} /></section>
    <section class="card"><h2>${t("words.limits")}</h2>
      <dl class="fact-list wide">${LIMITS.map(([label, limit, taken, show]) => html`<${Limit} key=${limit} label=${label} most=${key[limit]} taken=${taken && key.taken[taken]} show=${show} />`)}</dl>
      <p class="muted small">${t("myKey.aCallBeyondA")}</p></section>
    <p class="row"><a class="button" href="/admin/jobs">${t("myKey.myJobs")}</a><a class="button" href="/admin/usage">${t("myKey.myUsageByDay")}</a><a class="button" href="/Chat">${t("words.chat")}</a></p>
  </div>`}</${Loaded}>`;
}

function Limit({ label, most, taken, show }) {
  const value = most == null ? (taken == null ? t("words.noLimit") : t("myKey.noLimit", { taken: show(taken) })) : taken == null ? t("myKey.atMost", { most: show(most) }) : html`<${Meter} taken=${taken} of=${most} what="" format=${show} />`;
  return html`<div><dt>${label}</dt><dd class="number">${value}</dd></div>`;
}
