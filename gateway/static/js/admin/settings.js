// The settings in force. They are environment variables: to change one, restart with it.

import { html, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { useData } from "../lib/use-data.js";
import { Loaded } from "../ui/states.js";
import { t } from "../texts/admin.js";

export function SettingsSection() {
  const from = useData(() => get("GetSettings"), "settings");
  const [text, setText] = useState("");
  return html`<${Loaded} from=${from}>${({ results }) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = results.filter((row) => words.every((word) => `${row.name} ${row.description}`.toLowerCase().includes(word)));
    return html`<div class="stack">
      <p class="muted">${t("settings.environmentVariablesOfThe")}</p>
      <input class="input search" type="search" placeholder=${t("settings.search")} aria-label=${t("settings.searchSettings")} value=${text} onInput=${(event) => setText(event.target.value)} />
      <div class="table-frame" tabindex="0" role="region" aria-label=${t("words.settings")}><table class="table cards">
        <thead><tr><th>${t("settings.variable")}</th><th>${t("settings.value")}</th><th>${t("settings.meaning")}</th></tr></thead>
        <tbody>${rows.map((row) => html`<tr key=${row.name}>
          <td data-label=${t("settings.variable")}><code class="variable">${row.name}</code></td>
          <td data-label=${t("settings.value")}>${row.isSecret ? html`<span class="badge">${t("settings.hidden")}</span>` : html`<code>${row.value || "–"}</code>`} ${!row.isDefault && html`<span class="badge info">${t("settings.set")}</span>`}</td>
          <td data-label=${t("settings.meaning")} class="meaning">${marked(row.description)}</td>
        </tr>`)}</tbody></table></div>
    </div>`;
  }}</${Loaded}>`;
}

/** What stands between backticks, as code. */
const marked = (text) => text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));
