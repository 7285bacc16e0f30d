// Files that were uploaded or made, and how much each owner stores.

import { html } from "../lib/html.js";
import { skipOf } from "../lib/address.js";
import { get } from "../lib/api.js";
import { bytes } from "../lib/format.js";
import { Empty, Loaded } from "../ui/states.js";
import { KeyName, nameOf, useKeyNames } from "./key-names.js";
import { Ago, Filters, NoRows, Pager, Tile } from "./parts.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const TAKE = 50;
const PATH = "/admin/files";
const EVERY_MS = 30_000;
const FILTERS = [{ name: "owner", label: t("words.owner") }];

export function FilesSection({ who, query }) {
  const names = useKeyNames(who);
  const skip = skipOf(query);
  const asked = { owner: query.owner, skip, take: TAKE };
  const stored = useData(() => get("GetStorage", { take: 10 }), "storage", EVERY_MS);
  const from = useData(() => get("QueryArtifacts", asked), JSON.stringify(asked), EVERY_MS);
  return html`<div class="stack"><${Loaded} from=${stored}>${(told) => html`<div class="tiles">
      <${Tile} label=${t("files.stored")} value=${bytes(told.bytes)} detail=${told.quotaBytes ? t("files.forEachOwner", { quota: bytes(told.quotaBytes) }) : t("files.noQuota")} />
      ${told.results.map((row) => html`<${Tile} key=${row.owner} label=${nameOf(row.owner, names)} value=${bytes(row.bytes)} href=${`${PATH}?${new URLSearchParams({ owner: row.owner })}`} />`)}</div>
    <${Filters} fields=${FILTERS} query=${query} path=${PATH} />
    <${Loaded} from=${from}>${({ results }) => html`
      ${results.length ? html`<div class="table-frame" tabindex="0" role="region" aria-label=${t("words.files")}><table class="table cards">
        <thead><tr><th>${t("files.file")}</th><th class="minor">${t("words.type")}</th><th class="number">${t("files.size")}</th><th>${t("words.owner")}</th><th class="minor">${t("files.purpose")}</th><th class="minor">${t("files.made")}</th><th>${t("files.expires")}</th></tr></thead>
        <tbody>${results.map((row) => html`<tr key=${row.id}><td data-label=${t("files.file")}><span class="word truncate" title=${row.id}>${row.name}</span></td><td data-label=${t("words.type")} class="minor">${row.mediaType}</td>
          <td data-label=${t("files.size")} class="number">${bytes(row.size)}</td><td data-label=${t("words.owner")}><${KeyName} owner=${row.owner} names=${names} /></td><td data-label=${t("files.purpose")} class="minor">${row.purpose}</td>
          <td data-label=${t("files.made")} class="minor"><${Ago} date=${row.createdDate} /></td><td data-label=${t("files.expires")}>${row.expiresDate ? html`<${Ago} date=${row.expiresDate} />` : t("words.never")}</td></tr>`)}</tbody></table></div>`
        : html`<${NoRows} skip=${skip} path=${PATH} query=${query}><${Empty} icon="layers" title=${t("files.noFiles")}><p>${t("files.whatIsUploadedAnd")}</p></${Empty}></${NoRows}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} path=${PATH} query=${query} />`}</${Loaded}>`}</${Loaded}></div>`;
}
