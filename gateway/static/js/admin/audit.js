// What admins did.

import { html } from "../lib/html.js";
import { skipOf } from "../lib/address.js";
import { get } from "../lib/api.js";
import { asMoments } from "../lib/days.js";
import { moment } from "../lib/format.js";
import { Empty, Loaded } from "../ui/states.js";
import { Filters, NoRows, Pager } from "./parts.js";
import { placeOf } from "./audit-places.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const TAKE = 100;
const PATH = "/admin/audit";
const FILTERS = [
  { name: "actor", label: t("audit.actor") },
  { name: "action", label: t("audit.action") },
  { name: "target", label: t("audit.target") },
  { name: "from", label: t("words.from"), type: "date" },
  { name: "to", label: t("words.to"), type: "date" },
];

const Named = ({ text, place }) => (place ? html`<a href=${place}>${text}</a>` : html`${text || "–"}`);

export function AuditSection({ query }) {
  const skip = skipOf(query);
  const asked = asMoments({ ...query, skip, take: TAKE });
  const from = useData(() => get("QueryAuditLog", asked), JSON.stringify(asked));
  return html`<div class="stack"><${Filters} fields=${FILTERS} query=${query} path=${PATH} />
    <${Loaded} from=${from}>${({ results, total }) => html`
      ${results.length ? html`<div class="table-frame" tabindex="0" role="region" aria-label=${t("audit.auditLog")}><table class="table cards">
        <thead><tr><th>${t("audit.when")}</th><th>${t("audit.actor")}</th><th>${t("audit.action")}</th><th>${t("audit.target")}</th><th>${t("audit.changes")}</th><th class="minor">${t("words.from")}</th></tr></thead>
        <tbody>${results.map((row) => html`<tr key=${row.id}><td data-label=${t("audit.when")}><time datetime=${row.date}>${moment(row.date)}</time></td><td data-label=${t("audit.actor")}><span class="word"><${Named} text=${row.actor} place=${placeOf({ action: "", target: row.actor })} /></span></td><td data-label=${t("audit.action")}>${row.action}</td><td data-label=${t("audit.target")}><span class="word"><${Named} text=${row.target} place=${placeOf(row)} /></span></td>
          <td data-label=${t("audit.changes")}><code class="small">${Object.keys(row.changes).length ? JSON.stringify(row.changes) : "–"}</code></td><td data-label=${t("words.from")} class="minor"><code class="small">${row.address}</code></td></tr>`)}</tbody></table></div>`
        : html`<${NoRows} skip=${skip} path=${PATH} query=${query}><${Empty} icon="book" title=${t("audit.nothingWasChanged")}><p>${t("audit.whatAdminsChangeIs")}</p></${Empty}></${NoRows}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />`}</${Loaded}></div>`;
}
