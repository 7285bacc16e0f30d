// What admins did.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { moment } from "../lib/format.js";
import { Empty } from "../ui/states.js";
import { Filters, Loaded, Pager } from "./parts.js";
import { useData } from "./use-data.js";

const TAKE = 100;
const PATH = "/admin/audit";
const FILTERS = [
  { name: "actor", label: "Who" },
  { name: "action", label: "Action" },
  { name: "target", label: "On what" },
  { name: "from", label: "From", type: "date" },
  { name: "to", label: "To", type: "date" },
];

export function AuditSection({ query }) {
  const skip = Number(query.skip ?? 0);
  const asked = { ...query, skip, take: TAKE };
  if (asked.to) asked.to = `${asked.to}T23:59:59.999Z`;
  const from = useData(() => get("QueryAuditLog", asked), JSON.stringify(asked));
  return html`<div class="stack"><${Filters} fields=${FILTERS} query=${query} path=${PATH} />
    <${Loaded} from=${from}>${({ results, total }) => html`
      ${results.length ? html`<div class="table-frame" tabindex="0" role="region" aria-label="Audit log"><table class="table cards">
        <thead><tr><th>When</th><th>Who</th><th>Action</th><th>On what</th><th>Changes</th><th>From</th></tr></thead>
        <tbody>${results.map((row) => html`<tr key=${row.id}><td data-label="When">${moment(row.date)}</td><td data-label="Who">${row.actor}</td><td data-label="Action">${row.action}</td><td data-label="On what">${row.target}</td>
          <td data-label="Changes"><code class="small">${Object.keys(row.changes).length ? JSON.stringify(row.changes) : "–"}</code></td><td data-label="From">${row.address}</td></tr>`)}</tbody></table></div>`
        : html`<${Empty} icon="book" title="Nothing was changed"><p>What admins change is listed here.</p></${Empty}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />`}</${Loaded}></div>`;
}
