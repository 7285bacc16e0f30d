// What was used and what it cost: by day, model, provider, key and tag.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { serverNow } from "../lib/clock.js";
import { duration, money, number, percent, short } from "../lib/format.js";
import { asCsv, handOutText } from "../lib/csv.js";
import { own } from "../lib/own.js";
import { navigate } from "../lib/router.js";
import { Empty, Loaded } from "../ui/states.js";
import { KeyName, useKeyNames } from "./key-names.js";
import { OwnOnly, Tile } from "./parts.js";
import { Plot } from "./plot.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const PATH = "/admin/usage";
const GROUPS = { model: t("words.model"), provider: t("words.provider"), owner: t("words.key"), tag: t("words.tag"), day: t("usage.day") };
const RANGES = { 7: t("words.days7"), 30: t("usage.days30"), 90: t("usage.days90"), 365: t("usage.aYear") };

export function UsageSection({ who, query }) {
  const days = own(RANGES, query.days) ? query.days : "30";
  const groupBy = own(GROUPS, query.by) ? query.by : "model";
  const since = new Date(serverNow() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
  const from = useData(() => read(since, groupBy), `${since}-${groupBy}`, 30_000);
  const names = useKeyNames(who);
  const go = (fields) => navigate(`${PATH}?${new URLSearchParams({ days, by: groupBy, ...fields })}`, { replace: true });
  return html`<div class="stack"><${OwnOnly} who=${who} text=${t("usage.ownOnly")} />
    <div class="row between">
      <div class="row" role="group" aria-label=${t("words.time")}>${Object.entries(RANGES).map(([value, label]) => html`<button type="button" key=${value} class="button small" aria-pressed=${value === days} onClick=${() => go({ days: value })}>${label}</button>`)}</div>
      <div class="row" role="group" aria-label=${t("usage.by")}>${Object.entries(GROUPS).map(([value, label]) => html`<button type="button" key=${value} class="button small" aria-pressed=${value === groupBy} onClick=${() => go({ by: value })}>${label}</button>`)}</div>
    </div>
    <${Loaded} from=${from}>${(data) => html`<${Shown} ...${data} groupBy=${groupBy} since=${since} names=${names} />`}</${Loaded}>
  </div>`;
}

async function read(since, groupBy) {
  const [byDay, rows] = await Promise.all([
    get("GetUsage", { from: since, groupBy: "day" }),
    groupBy === "day" ? null : get("GetUsage", { from: since, groupBy }),
  ]);
  return { byDay: byDay.results, rows: (rows ?? byDay).results };
}

/** What a row cost; null where nothing of it has a price: unknown is not free. */
const costOf = (row) => (row.isCostKnown === false ? null : row.cost);

function Shown({ byDay, rows, groupBy, since, names }) {
  if (!byDay.length) return html`<${Empty} icon="coins" title=${t("usage.noUsage")}><p>${t("usage.noJobHasEnded")}</p></${Empty}>`;
  const isPriced = byDay.some((row) => costOf(row) !== null && row.totalTokens);
  const sum = (name) => byDay.reduce((total, row) => total + (row[name] ?? 0), 0);
  const sorted = groupBy === "day" ? [...rows].reverse() : [...rows].sort((a, b) => b.cost - a.cost || b.totalTokens - a.totalTokens);
  const all = everyDay(byDay, since);
  const times = all.map(({ name }) => Date.parse(name) / 1000);
  const cost = isPriced ? sum("cost") : null;
  const of = (name) => all.map((row) => row[name] ?? 0);
  return html`
    <div class="tiles">
      <${Tile} label=${t("words.jobs")} value=${short(sum("total"))} detail=${t("usage.failed", { share: percent(sum("failed") / Math.max(1, sum("total"))) })} />
      <${Tile} label=${t("usage.inputTokens")} value=${short(sum("totalPromptTokens"))} detail=${t("usage.cached", { share: percent(sum("cachedTokens") / Math.max(1, sum("totalPromptTokens"))) })} />
      <${Tile} label=${t("usage.outputTokens")} value=${short(sum("totalCompletionTokens"))} />
      ${sum("images") > 0 && html`<${Tile} label=${t("usage.images")} value=${short(sum("images"))} />`}
      ${sum("characters") > 0 && html`<${Tile} label=${t("usage.speech")} value=${short(sum("characters"))} detail=${t("usage.characters")} />`}
      ${sum("audioSeconds") > 0 && html`<${Tile} label=${t("usage.transcribed")} value=${duration(sum("audioSeconds") * 1000)} />`}
      <${Tile} label=${t("words.cost")} value=${money(cost)} detail=${isPriced ? t("usage.byThePricesIn") : t("usage.noModelHasA")} />
    </div>
    <div class="plots">
      <${Plot} title=${t("usage.jobsPerDay")} kind="bars" summary=${t("usage.inAll", { sum: number(sum("total")) })} times=${times} format=${short}
        lines=${[{ label: t("words.endedLine"), color: "plot-1", values: of("total") }, { label: t("words.failedLine"), color: "plot-4", values: of("failed") }]} />
      ${isPriced && html`<${Plot} title=${t("usage.costPerDay")} kind="bars" summary=${t("usage.inAll", { sum: money(cost) })} times=${times} format=${money} lines=${[{ label: t("usage.cost"), color: "plot-2", values: all.map((row) => (row.total ? costOf(row) : 0)) }]} />`}
    </div>
    <div class="row between"><h2>${t("usage.byGroup", { group: GROUPS[groupBy].toLowerCase() })}</h2><button type="button" class="button small" onClick=${() => exportCsv(sorted, groupBy)}>${t("words.exportCsv")}</button></div>
    <div class="table-frame" tabindex="0" role="region" aria-label=${t("usage.usageBy", { group: GROUPS[groupBy] })}><table class="table cards">
      <thead><tr><th>${GROUPS[groupBy]}</th><th class="number">${t("words.jobs")}</th><th class="number">${t("state.Failed")}</th><th class="number">${t("usage.inputTokens")}</th><th class="number">${t("usage.outputTokens")}</th><th class="number minor">${t("usage.tokensS")}</th><th class="number">${t("usage.median")}</th><th class="number minor">${t("words.p95")}</th><th class="number">${t("words.cost")}</th></tr></thead>
      <tbody>${sorted.map((row) => html`<tr key=${row.name}>
        <td data-label=${GROUPS[groupBy]}>${groupBy === "owner" ? html`<${KeyName} owner=${row.name} names=${names} />` : html`<span class="word">${row.name || "–"}</span>`}</td><td data-label=${t("words.jobs")} class="number">${number(row.total)}</td><td data-label=${t("state.Failed")} class="number">${number(row.failed)}</td>
        <td data-label=${t("usage.inputTokens")} class="number">${number(row.totalPromptTokens)}</td><td data-label=${t("usage.outputTokens")} class="number">${number(row.totalCompletionTokens)}</td><td data-label=${t("usage.tokensS")} class="number minor">${number(row.tokensPerSecond)}</td>
        <td data-label=${t("usage.median")} class="number">${duration(row.p50Ms)}</td><td data-label=${t("words.p95")} class="number minor">${duration(row.p95Ms)}</td><td data-label=${t("words.cost")} class="number">${money(costOf(row))}</td>
      </tr>`)}</tbody></table></div>`;
}

/** Days without jobs are days, too. */
function everyDay(rows, since) {
  const known = new Map(rows.map((row) => [row.name, row]));
  const found = [];
  for (let day = Date.parse(since); day <= serverNow(); day += 86_400_000) {
    const name = new Date(day).toISOString().slice(0, 10);
    found.push(known.get(name) ?? { name });
  }
  return found;
}

const COLUMNS = ["name", "total", "completed", "failed", "cancelled", "totalPromptTokens", "totalCompletionTokens", "cachedTokens", "images", "characters", "audioSeconds", "cost", "tokensPerSecond", "p50Ms", "p95Ms", "p99Ms"];

const exportCsv = (rows, groupBy) => handOutText(asCsv(rows.map((row) => ({ ...row, cost: costOf(row) })), COLUMNS), `usage-by-${groupBy}.csv`);
