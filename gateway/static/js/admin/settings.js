// The settings in force. They are environment variables: to change one, restart with it.

import { html, useState } from "../lib/html.js";
import { get } from "../lib/api.js";
import { Loaded } from "./parts.js";
import { useData } from "./use-data.js";

export function SettingsSection() {
  const from = useData(() => get("GetSettings"), "settings");
  const [text, setText] = useState("");
  return html`<${Loaded} from=${from}>${({ results }) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = results.filter((row) => words.every((word) => `${row.name} ${row.description}`.toLowerCase().includes(word)));
    return html`<div class="stack">
      <p class="muted">Environment variables of the gateway that answered. To change one, start it again with another value.</p>
      <input class="input search" type="search" placeholder="Search" aria-label="Search settings" value=${text} onInput=${(event) => setText(event.target.value)} />
      <div class="table-frame" tabindex="0" role="region" aria-label="Settings"><table class="table cards">
        <thead><tr><th>Variable</th><th>Value</th><th>Meaning</th></tr></thead>
        <tbody>${rows.map((row) => html`<tr key=${row.name}>
          <td data-label="Variable"><code>${row.name}</code></td>
          <td data-label="Value">${row.isSecret ? html`<span class="badge">hidden</span>` : html`<code>${row.value || "–"}</code>`} ${!row.isDefault && html`<span class="badge info">set</span>`}</td>
          <td data-label="Meaning" class="meaning">${row.description}</td>
        </tr>`)}</tbody></table></div>
    </div>`;
  }}</${Loaded}>`;
}
