// The first thing an operator sees: what needs attention, each with the button that leads on; or that all is well.

import { html } from "../lib/html.js";
import { get, mayPass, post } from "../lib/api.js";
import { serverNow } from "../lib/clock.js";
import { asMoments, dayOf } from "../lib/days.js";
import { ActionButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { toast } from "../ui/toast.js";
import { findings } from "./attention-rules.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const EVERY_MS = 10_000;
/** Most findings that are shown before the rest is asked for. */
const SHOWN = 6;

/** What the overview does not have; what a key may not see is null. */
async function read() {
  const since = dayOf(serverNow() - 86_400_000);
  const month = `${new Date(serverNow()).toISOString().slice(0, 7)}-01`;
  let problem = null;
  /** What may not be seen is null for good; what cannot be read now is said. */
  const unread = (error) => {
    if (mayPass(error)) problem = error;
    return null;
  };
  const rows = (answer) => answer.then(({ results }) => results, unread);
  const [providers, keys, usage, exhausted] = await Promise.all([
    rows(get("QueryAiProviders", { take: 1000 })),
    rows(get("QueryApiKeys", { take: 1000 })),
    rows(get("GetUsage", { from: month, groupBy: "owner" })),
    get("GetDeliveries", asMoments({ state: "Exhausted", from: since, take: 1 })).then(({ total }) => total, unread),
  ]);
  return { providers, keys, usage, exhausted, since, problem };
}

export const useSurroundings = () => useData(read, "attention", EVERY_MS);

/** `surroundings` as `useSurroundings` gives them, `now` the overview. */
export function Attention({ now, surroundings: { data, reload }, mayMend }) {
  if (!data) return html`<div class="attention card muted small" role="status">${t("attention.lookingWhatNeedsAttention")}</div>`;
  const found = findings({ overview: now, ...data });
  if (!found.length && data.problem) return html`<p class="attention notice warn" role="status">${t("attention.notAllIsKnown", { message: data.problem.message })}</p>`;
  if (!found.length && !now.notices?.length) {
    return html`<section class="attention notice good" aria-label=${t("attention.needsAttention")}><${Icon} name="check" /><strong>${t("attention.allIsWell")}</strong></section>`;
  }
  if (!found.length) return null;
  return html`<section class="attention card" aria-labelledby="attention"><h2 id="attention">${t("attention.needsAttention")}</h2>
    <ul>${found.slice(0, SHOWN).map((one) => html`<${Finding} key=${one.id} one=${one} reload=${reload} mayMend=${mayMend} />`)}</ul>
    ${data.problem && html`<p class="small">${t("attention.notAllIsKnown", { message: data.problem.message })}</p>`}
    ${found.length > SHOWN && html`<details><summary class="small">${t("attention.more", { count: found.length - SHOWN })}</summary><ul>${found.slice(SHOWN).map((one) => html`<${Finding} key=${one.id} one=${one} reload=${reload} mayMend=${mayMend} />`)}</ul></details>`}
  </section>`;
}

function Finding({ one, reload, mayMend }) {
  return html`<li class=${one.tone}><${Icon} name=${one.tone === "bad" ? "warning" : "info"} /><span class="grow">${one.text}</span>
    ${one.provider && mayMend
      ? html`<${ActionButton} class="small" busy=${t("words.checking")} work=${() => mend(one, reload)}>${one.action}</${ActionButton}><a class="small" href=${one.href}>${t("attention.seeProviders")}</a>`
      : html`<a class="button small" href=${one.href}>${one.provider ? t("attention.seeProviders") : one.action}</a>`}</li>`;
}

async function mend({ provider, isHeld }, reload) {
  if (isHeld) await post("ChangeAiProviderStatus", { provider, online: true });
  const { result, reason } = isHeld ? { result: true } : await post("CheckAiProviderStatus", { provider });
  toast(isHeld ? t("words.getsJobsAgain", { name: provider }) : result ? t("words.answers", { name: provider }) : t("words.doesNotAnswer", { name: provider, reason: reason ?? t("words.noReasonGiven") }));
  reload();
}
