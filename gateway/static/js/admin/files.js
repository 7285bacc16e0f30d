// Files that were uploaded or made, and how much each owner stores.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { bytes, moment } from "../lib/format.js";
import { Empty } from "../ui/states.js";
import { Ago, Filters, Loaded, Pager, Tile } from "./parts.js";
import { useData } from "./use-data.js";

const TAKE = 50;
const PATH = "/admin/files";
const EVERY_MS = 30_000;
const FILTERS = [{ name: "owner", label: "Owner" }];

export function FilesSection({ query }) {
  const skip = Number(query.skip ?? 0);
  const asked = { owner: query.owner, skip, take: TAKE };
  const stored = useData(() => get("GetStorage", { take: 10 }), "storage", EVERY_MS);
  const from = useData(() => get("QueryArtifacts", asked), JSON.stringify(asked), EVERY_MS);
  return html`<div class="stack"><${Loaded} from=${stored}>${(told) => html`<div class="tiles">
      <${Tile} label="Stored" value=${bytes(told.bytes)} detail=${told.quotaBytes ? `${bytes(told.quotaBytes)} for each owner` : "no quota"} />
      ${told.results.map((row) => html`<${Tile} key=${row.owner} label=${row.owner} value=${bytes(row.bytes)} href=${`${PATH}?${new URLSearchParams({ owner: row.owner })}`} />`)}</div>`}</${Loaded}>
    <${Filters} fields=${FILTERS} query=${query} path=${PATH} />
    <${Loaded} from=${from}>${({ results }) => html`
      ${results.length ? html`<div class="table-frame" tabindex="0" role="region" aria-label="Files"><table class="table cards">
        <thead><tr><th>File</th><th>Type</th><th>Size</th><th>Owner</th><th>Purpose</th><th>Made</th><th>Goes</th></tr></thead>
        <tbody>${results.map((row) => html`<tr key=${row.id}><td data-label="File"><span class="word truncate" title=${row.id}>${row.name}</span></td><td data-label="Type">${row.mediaType}</td>
          <td data-label="Size" class="number">${bytes(row.size)}</td><td data-label="Owner">${row.owner}</td><td data-label="Purpose">${row.purpose}</td>
          <td data-label="Made"><${Ago} date=${row.createdDate} /></td><td data-label="Goes">${row.expiresDate ? moment(row.expiresDate) : "stays"}</td></tr>`)}</tbody></table></div>`
        : html`<${Empty} icon="layers" title="No files"><p>What is uploaded, and what models make, is listed here.</p></${Empty}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} path=${PATH} query=${query} />`}</${Loaded}></div>`;
}
