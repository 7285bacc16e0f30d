// API keys: issue, change, rotate, revoke. A secret is shown once.

import { html, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { day, number } from "../lib/format.js";
import { useBusy } from "../lib/busy.js";
import { changesOf, same } from "../lib/changes.js";
import { ActionButton, CopyButton } from "../ui/button.js";
import { Dialog, DialogCancel, confirm } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Empty } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { Ago, Loaded, LookOnly, Pager, may } from "./parts.js";
import { useData } from "./use-data.js";

const TAKE = 100;
const PATH = "/admin/keys";
const SCOPES = {
  chat: "Submit jobs and follow its own",
  read: "Read its own history and usage",
  "admin:read": "Look at the overview, workers, providers, keys, settings and audit log",
  "admin:keys": "Issue and revoke keys",
  "admin:providers": "Change providers",
  admin: "Everything, the jobs of all keys included",
};
const LIMITS = {
  requestsPerMinute: "Requests a minute",
  tokensPerMinute: "Tokens a minute",
  concurrentJobs: "Jobs at once",
  queuedJobs: "Jobs waiting",
  monthlyTokens: "Tokens a month",
  monthlyCost: "Cost a month",
};

export function KeysSection({ who, query }) {
  const mayChange = may(who, "admin:keys");
  const skip = Number(query.skip ?? 0);
  const all = query.all === "true";
  const [edited, setEdited] = useState(null);
  const [secret, setSecret] = useState(null);
  const from = useData(() => get("QueryApiKeys", { skip, take: TAKE, includeCancelled: all }), `${skip}-${all}`, 10_000);
  const done = (answer) => {
    setEdited(null);
    if (answer.key) setSecret(answer);
    from.reload();
  };
  return html`<div class="stack"><${LookOnly} who=${who} scope="admin:keys" />
    <div class="row between">${mayChange ? html`<button type="button" class="button primary" onClick=${() => setEdited({})}><${Icon} name="plus" /> Issue a key</button>` : html`<span></span>`}
      <a class="button small" href=${all ? PATH : `${PATH}?all=true`}>${all ? "Hide revoked keys" : "Show revoked keys, too"}</a></div>
    <${Loaded} from=${from}>${({ results, total }) => html`
      ${results.length ? html`<${KeyTable} rows=${results} mayChange=${mayChange} onEdit=${setEdited} onSecret=${setSecret} onChange=${from.reload} />` : html`<${Empty} icon="key" title="No keys yet"><p>The bootstrap key works without being listed here. Give each application one of its own.</p></${Empty}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />`}</${Loaded}>
    ${edited && html`<${KeyForm} one=${edited} onClose=${() => setEdited(null)} onDone=${done} />`}
    ${secret && html`<${Secret} row=${secret} onClose=${() => setSecret(null)} />`}
  </div>`;
}

function KeyTable({ rows, mayChange, onEdit, onSecret, onChange }) {
  const revoke = async (row) => {
    const sure = await confirm({ title: `Revoke “${row.name}”?`, text: "It is refused within a second, for good. Its jobs go on.", action: "Revoke" });
    if (!sure) return;
    await post("RevokeApiKey", { id: row.id });
    toast(`“${row.name}” is revoked.`);
    onChange();
  };
  const rotate = async (row) => {
    const sure = await confirm({ title: `Give “${row.name}” another secret?`, text: "The one it has goes on working for a day.", action: "Rotate", danger: false });
    if (!sure) return;
    onSecret(await post("RotateApiKey", { id: row.id, graceSecs: 86_400 }));
    onChange();
  };
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="API keys"><table class="table cards">
    <thead><tr><th>Name</th><th>Begins</th><th>Scopes</th><th>Models</th><th>Limits</th><th>Last used</th><th>Expires</th><th><span class="visually-hidden">Actions</span></th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <td data-label="Name"><strong>${row.name}</strong> ${row.cancelledDate && html`<span class="badge bad">revoked</span>`}<span class="muted small block">${row.owner}</span></td>
      <td data-label="Begins"><code>${row.visibleKey}</code></td>
      <td data-label="Scopes">${row.scopes.join(", ")}</td>
      <td data-label="Models">${row.models?.join(", ") ?? "all"}</td>
      <td data-label="Limits" class="small">${limitsOf(row)}</td>
      <td data-label="Last used">${row.lastUsedDate ? html`<${Ago} date=${row.lastUsedDate} />` : "never"}</td>
      <td data-label="Expires">${row.expiryDate ? day(row.expiryDate) : "never"}</td>
      <td>${mayChange && !row.cancelledDate && html`<span class="row actions"><button type="button" class="button small" onClick=${() => onEdit(row)}>Edit</button><${ActionButton} class="small" work=${() => rotate(row)}>Rotate</${ActionButton}><${ActionButton} class="small danger" work=${() => revoke(row)}>Revoke</${ActionButton}></span>`}</td>
    </tr>`)}</tbody></table></div>`;
}

function limitsOf(row) {
  const set = Object.entries(LIMITS).filter(([name]) => row[name] != null);
  return set.length ? set.map(([name, label]) => `${label}: ${number(row[name])}`).join("; ") : "none";
}

function KeyForm({ one, onClose, onDone }) {
  const isNew = one.id === undefined;
  const [before] = useState(() => valuesOf(one));
  const [values, setValues] = useState(before);
  const [scopes, setScopes] = useState(new Set(one.scopes ?? ["chat", "read"]));
  const [error, setError] = useState(null);
  const [isBusy, once] = useBusy();
  const save = async () => {
    setError(null);
    if (isNew) return onDone(await post("CreateApiKey", bodyOf(values, scopes)));
    const changes = changedOf(one, before, values, scopes);
    return onDone(Object.keys(changes).length ? await post("UpdateApiKey", { ...changes, id: one.id }) : {});
  };
  const submit = (event) => {
    event.preventDefault();
    once(save).catch(setError);
  };
  const text = (name, label, hint, extra = {}) => html`<${Field} id="key-${name}" label=${label} hint=${hint} problem=${error?.param === name ? error.message : ""}>
    ${(attributes) => html`<input ...${attributes} class="input" ...${extra} value=${values[name]} onInput=${(event) => setValues({ ...values, [name]: event.target.value })} />`}</${Field}>`;
  const toggle = (scope) => {
    const next = new Set(scopes);
    if (!next.delete(scope)) next.add(scope);
    setScopes(next);
  };
  return html`<${Dialog} title=${isNew ? "Issue a key" : `Edit “${one.name}”`} wide isForm onClose=${onClose}><form class="stack" onSubmit=${submit} autocomplete="off">
    ${error && !(error.param in values) && html`<div class="notice bad" role="alert">${error.message}</div>`}
    <div class="form-grid">${text("name", "Name", "What it is for.", { required: true, maxlength: 256 })}
      ${isNew && text("userId", "User", "Keys of the same user share their jobs. Empty: the key's own.")}
      ${text("models", "Models", "Names with commas; * is any characters. Empty: all.")}
      ${text("expiryDate", "Expires", "Empty: never.", { type: "date" })}</div>
    <fieldset class="stack plain"><legend class="label">Scopes</legend>${Object.entries(SCOPES).map(([scope, meaning]) => html`<label class="check" key=${scope}><input type="checkbox" checked=${scopes.has(scope)} onChange=${() => toggle(scope)} /><span><code>${scope}</code> <span class="muted small">${meaning}</span></span></label>`)}</fieldset>
    <fieldset class="plain"><legend class="label">Limits (empty: none)</legend><div class="form-grid">${Object.entries(LIMITS).map(([name, label]) => text(name, label, "", { type: "number", min: 0, step: "any" }))}</div></fieldset>
    ${text("notes", "Notes", "For people.")}
    <div class="row"><button class="button primary" aria-busy=${isBusy}>${isBusy ? "Saving …" : isNew ? "Issue" : "Save"}</button><${DialogCancel} /></div>
  </form></${Dialog}>`;
}

const valueFor = (name, text) => (name in LIMITS ? Number(text) : name === "models" ? text.split(",").map((part) => part.trim()).filter(Boolean) : text);

function bodyOf(values, scopes) {
  const given = Object.entries(values).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(given.map(([name, value]) => [name, valueFor(name, value)])), scopes: [...scopes] };
}

const valuesOf = (one) => ({
  name: one.name ?? "", userId: one.userId ?? "", notes: one.notes ?? "", models: one.models?.join(", ") ?? "", expiryDate: one.expiryDate?.slice(0, 10) ?? "",
  ...Object.fromEntries(Object.keys(LIMITS).map((name) => [name, one[name] ?? ""])),
});

/** What was changed and nothing else: what somebody else changed meanwhile stays. What is emptied is named. */
function changedOf(one, before, values, scopes) {
  const changes = changesOf(before, values);
  const reset = Object.keys(changes).filter((name) => changes[name] === "");
  const given = Object.entries(changes).filter(([, value]) => value !== "").map(([name, value]) => [name, valueFor(name, value)]);
  const isScoped = !same([...scopes].sort(), [...(one.scopes ?? [])].sort());
  return { ...Object.fromEntries(given), ...(reset.length ? { reset } : {}), ...(isScoped ? { scopes: [...scopes] } : {}) };
}

function Secret({ row, onClose }) {
  return html`<${Dialog} title="The secret of “${row.name}”" isLocked onClose=${onClose} footer=${html`<button type="button" class="button primary" onClick=${onClose}>I have kept it</button>`}>
    <p>Keep it now: it is shown this once, and nowhere kept.</p>
    <div class="row secret"><code class="grow">${row.key}</code><${CopyButton} text=${row.key} label="Copy the secret" small=${false} /></div>
  </${Dialog}>`;
}
