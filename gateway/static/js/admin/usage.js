// What was used and what it cost: by day, model, provider, key and tag.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { duration, money, number, percent, short } from "../lib/format.js";
import { asCsv, handOutText } from "../lib/csv.js";
import { navigate } from "../lib/router.js";
import { Empty } from "../ui/states.js";
import { KeyName, useKeyNames } from "./key-names.js";
import { Loaded, OwnOnly, Tile } from "./parts.js";
import { Plot } from "./plot.js";
import { useData } from "./use-data.js";

const PATH = "/admin/usage";
const GROUPS = { model: "Model", provider: "Provider", owner: "Key", tag: "Tag", day: "Day" };
const RANGES = { 7: "7 days", 30: "30 days", 90: "90 days", 365: "a year" };

export function UsageSection({ who, query }) {
  const days = query.days in RANGES ? query.days : "30";
  const groupBy = query.by in GROUPS ? query.by : "model";
  const since = new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
  const from = useData(() => read(since, groupBy), `${since}-${groupBy}`, 30_000);
  const names = useKeyNames(who);
  const go = (fields) => navigate(`${PATH}?${new URLSearchParams({ days, by: groupBy, ...fields })}`, { replace: true });
  return html`<div class="stack"><${OwnOnly} who=${who} what="the sums" />
    <div class="row between">
      <div class="row" role="group" aria-label="Time">${Object.entries(RANGES).map(([value, label]) => html`<button type="button" key=${value} class="button small" aria-pressed=${value === days} onClick=${() => go({ days: value })}>${label}</button>`)}</div>
      <div class="row" role="group" aria-label="By">${Object.entries(GROUPS).map(([value, label]) => html`<button type="button" key=${value} class="button small" aria-pressed=${value === groupBy} onClick=${() => go({ by: value })}>${label}</button>`)}</div>
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
  if (!byDay.length) return html`<${Empty} icon="coins" title="Nothing was used"><p>No job has ended in this time.</p></${Empty}>`;
  const isPriced = byDay.some((row) => costOf(row) !== null && row.totalTokens);
  const sum = (name) => byDay.reduce((total, row) => total + (row[name] ?? 0), 0);
  const sorted = groupBy === "day" ? [...rows].reverse() : [...rows].sort((a, b) => b.cost - a.cost || b.totalTokens - a.totalTokens);
  const all = everyDay(byDay, since);
  const times = all.map(({ name }) => Date.parse(name) / 1000);
  const of = (name) => all.map((row) => row[name] ?? 0);
  return html`
    <div class="tiles">
      <${Tile} label="Jobs" value=${short(sum("total"))} detail=${`${percent(sum("failed") / Math.max(1, sum("total")))} failed`} />
      <${Tile} label="Tokens in" value=${short(sum("totalPromptTokens"))} detail=${`${percent(sum("cachedTokens") / Math.max(1, sum("totalPromptTokens")))} cached`} />
      <${Tile} label="Tokens out" value=${short(sum("totalCompletionTokens"))} />
      ${sum("images") > 0 && html`<${Tile} label="Pictures" value=${short(sum("images"))} />`}
      ${sum("characters") > 0 && html`<${Tile} label="Speech" value=${short(sum("characters"))} detail="characters" />`}
      ${sum("audioSeconds") > 0 && html`<${Tile} label="Heard" value=${duration(sum("audioSeconds") * 1000)} />`}
      <${Tile} label="Cost" value=${isPriced ? money(sum("cost")) : "–"} detail=${isPriced ? "by the prices in providers.toml" : "no model has a price"} />
    </div>
    <div class="plots">
      <${Plot} title="Jobs a day" kind="bars" summary="${number(sum("total"))} in all" times=${times} format=${short}
        lines=${[{ label: "ended", color: "plot-1", values: of("total") }, { label: "failed", color: "plot-4", values: of("failed") }]} />
      <${Plot} title="Cost a day" kind="bars" summary="${money(sum("cost"))} in all" times=${times} format=${money} lines=${[{ label: "cost", color: "plot-2", values: of("cost") }]} />
    </div>
    <div class="row between"><h2>By ${GROUPS[groupBy].toLowerCase()}</h2><button type="button" class="button small" onClick=${() => exportCsv(sorted, groupBy)}>Export CSV</button></div>
    <div class="table-frame" tabindex="0" role="region" aria-label="Usage by ${GROUPS[groupBy]}"><table class="table cards">
      <thead><tr><th>${GROUPS[groupBy]}</th><th class="number">Jobs</th><th class="number">Failed</th><th class="number">Tokens in</th><th class="number">Tokens out</th><th class="number">Tokens/s</th><th class="number">Median</th><th class="number">95 %</th><th class="number">Cost</th></tr></thead>
      <tbody>${sorted.map((row) => html`<tr key=${row.name}>
        <td data-label=${GROUPS[groupBy]}>${groupBy === "owner" ? html`<${KeyName} owner=${row.name} names=${names} />` : row.name || "–"}</td><td data-label="Jobs" class="number">${number(row.total)}</td><td data-label="Failed" class="number">${number(row.failed)}</td>
        <td data-label="Tokens in" class="number">${number(row.totalPromptTokens)}</td><td data-label="Tokens out" class="number">${number(row.totalCompletionTokens)}</td><td data-label="Tokens/s" class="number">${number(row.tokensPerSecond)}</td>
        <td data-label="Median" class="number">${duration(row.p50Ms)}</td><td data-label="95 %" class="number">${duration(row.p95Ms)}</td><td data-label="Cost" class="number">${money(costOf(row))}</td>
      </tr>`)}</tbody></table></div>`;
}

/** Days without jobs are days, too. */
function everyDay(rows, since) {
  const known = new Map(rows.map((row) => [row.name, row]));
  const found = [];
  for (let day = Date.parse(since); day <= Date.now(); day += 86_400_000) {
    const name = new Date(day).toISOString().slice(0, 10);
    found.push(known.get(name) ?? { name });
  }
  return found;
}

const COLUMNS = ["name", "total", "completed", "failed", "cancelled", "totalPromptTokens", "totalCompletionTokens", "cachedTokens", "images", "characters", "audioSeconds", "cost", "tokensPerSecond", "p50Ms", "p95Ms", "p99Ms"];

const exportCsv = (rows, groupBy) => handOutText(asCsv(rows, COLUMNS), `usage-by-${groupBy}.csv`);
