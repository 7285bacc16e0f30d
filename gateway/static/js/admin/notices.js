// What processes have to complain of: a secret, a database or a clock that is not the others'.

import { html } from "../lib/html.js";
import { t } from "../texts/admin.js";

export function Notices({ rows }) {
  if (!rows?.length) return null;
  return html`<section class="notice bad" aria-labelledby="notices"><div class="stack">
    <h2 id="notices">${t("notices.notAllProcessesAre")}</h2>
    <ul>${rows.map(({ process, text }) => html`<li key=${process + text}><strong>${process}</strong> ${text}</li>`)}</ul>
  </div></section>`;
}
