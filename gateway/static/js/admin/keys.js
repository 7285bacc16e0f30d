// API keys: issue, change, rotate, revoke. A secret is shown once.

import { html, useState } from "../lib/html.js";
import { get, post } from "../lib/api.js";
import { beginningOf, dayOf } from "../lib/days.js";
import { currency, day, money } from "../lib/format.js";
import { useBusy } from "../lib/busy.js";
import { skipOf } from "../lib/address.js";
import { changesOf } from "../lib/changes.js";
import { useForm } from "../lib/form.js";
import { newId } from "../lib/new-id.js";
import { ActionButton, CopyButton } from "../ui/button.js";
import { Dialog, DialogCancel, apart, confirm } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Restored } from "../ui/restored.js";
import { Empty, Loaded } from "../ui/states.js";
import { toast } from "../ui/toast.js";
import { Ago, LookOnly, NoRows, Pager, may } from "./parts.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const TAKE = 100;
const PATH = "/admin/keys";
const SCOPES = {
  chat: t("keys.submitJobsAndFollow"),
  read: t("keys.readItsOwnHistory"),
  "admin:read": t("keys.lookAtTheOverview"),
  "admin:keys": t("keys.issueAndRevokeKeys"),
  "admin:providers": t("keys.changeProviders"),
  admin: t("keys.everythingTheJobsOf"),
};
const LIMITS = {
  requestsPerMinute: t("words.requestsPerMinute"),
  tokensPerMinute: t("words.tokensPerMinute"),
  concurrentJobs: t("words.concurrentJobs"),
  queuedJobs: t("words.queuedJobs"),
  monthlyTokens: t("keys.tokensPerMonth"),
  monthlyCost: t("keys.costPerMonth"),
};
/** Numbers beside them, with their hints: of all limits, these decide who goes first and who waits. */
const TURNS = {
  weight: [t("keys.weight"), t("keys.weightHint"), 100],
  waitSecs: [t("keys.waitSecs"), t("keys.waitSecsHint"), 3600],
};
const PRIORITIES = { high: t("keys.high"), normal: t("keys.normal"), low: t("keys.low") };

export function KeysSection({ who, query }) {
  const mayChange = may(who, "admin:keys");
  const skip = skipOf(query);
  const all = query.all === "true";
  const [edited, setEdited] = useState(null);
  const isOne = Boolean(query.owner || query.key);
  const load = () => get("QueryApiKeys", isOne ? { take: 1000, includeCancelled: true } : { skip, take: TAKE, includeCancelled: all });
  const from = useData(() => load().then((found) => chosen(found, query)), JSON.stringify(query), 10_000);
  const done = (answer) => {
    setEdited(null);
    if (answer.key) showSecret(answer);
    from.reload();
  };
  return html`<div class="stack"><${LookOnly} who=${who} scope="admin:keys" />
    <div class="row between">${mayChange ? html`<button type="button" class="button primary" onClick=${() => setEdited({})}><${Icon} name="plus" /> ${t("keys.create")}</button>` : html`<span></span>`}
      ${isOne ? html`<a class="button small" href=${PATH}>${t("keys.showAllKeys")}</a>` : html`<a class="button small" href=${all ? PATH : `${PATH}?all=true`}>${all ? t("keys.hideRevokedKeys") : t("keys.showRevokedKeysToo")}</a>`}</div>
    <${Loaded} from=${from}>${({ results, total }) => html`
      ${results.length ? html`<${KeyTable} rows=${results} mayChange=${mayChange} onEdit=${setEdited} onChange=${from.reload} />` : isOne ? html`<${Empty} icon="key" title=${t("keys.noSuchKey")} />` : html`<${NoRows} skip=${skip} path=${PATH} query=${query}><${Empty} icon="key" title=${t("keys.noKeysYet")}><p>${t("keys.theBootstrapKeyWorks")}</p></${Empty}></${NoRows}>`}
      <${Pager} skip=${skip} take=${TAKE} shown=${results.length} total=${total} path=${PATH} query=${query} />`}</${Loaded}>
    ${edited && html`<${KeyForm} one=${edited} onClose=${() => setEdited(null)} onDone=${done} />`}
  </div>`;
}

/** All that were found, or those that the address names: by their owner, or one by its id as the audit log has it. */
function chosen({ results, total }, { owner, key }) {
  if (!owner && !key) return { results, total };
  const named = results.filter((row) => row.owner === owner || `key_${row.id}` === key);
  return { results: named, total: named.length };
}

function KeyTable({ rows, mayChange, onEdit, onChange }) {
  const revoke = async (row) => {
    const sure = await confirm({ title: t("keys.revokeName", { name: row.name }), text: t("keys.itIsRefusedWithin"), action: t("keys.revoke") });
    if (!sure) return;
    await post("RevokeApiKey", { id: row.id });
    toast(t("keys.isRevoked", { name: row.name }));
    onChange();
  };
  const rotate = async (row) => {
    const sure = await confirm({ title: t("keys.rotateName", { name: row.name }), text: t("keys.theOneItHas"), action: t("keys.rotate"), danger: false });
    if (!sure) return;
    showSecret(await post("RotateApiKey", { id: row.id, graceSecs: 86_400 }));
    onChange();
  };
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${t("words.apiKeys")}><table class="table cards">
    <thead><tr><th>${t("words.name")}</th><th class="minor">${t("words.scopes")}</th><th>${t("words.models")}</th><th>${t("words.limits")}</th><th>${t("keys.lastUsed")}</th><th>${t("words.expires")}</th><th><span class="visually-hidden">${t("keys.actions")}</span></th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}>
      <td data-label=${t("words.name")}><strong class="word">${row.name}</strong> ${row.cancelledDate && html`<span class="badge bad">${t("keys.revoked")}</span>`}<span class="muted small block"><span class="word">${row.owner}</span></span><code class="muted small block">${row.visibleKey}</code></td>
      <td data-label=${t("words.scopes")} class="minor">${row.scopes.join(", ")}</td>
      <td data-label=${t("words.models")}><span class="word">${row.models?.join(", ") ?? t("words.allModels")}</span></td>
      <td data-label=${t("words.limits")} class="small">${limitsOf(row)}</td>
      <td data-label=${t("keys.lastUsed")}>${row.lastUsedDate ? html`<${Ago} date=${row.lastUsedDate} />` : t("words.never")}</td>
      <td data-label=${t("words.expires")}>${row.expiryDate ? day(row.expiryDate) : t("words.never")}</td>
      <td class="keys-actions">${mayChange && !row.cancelledDate && html`<span class="row actions"><button type="button" class="button small" onClick=${() => onEdit(row)}>${t("keys.edit")}</button><${ActionButton} class="small" work=${() => rotate(row)}>${t("keys.rotate")}</${ActionButton}><${ActionButton} class="small danger" work=${() => revoke(row)}>${t("keys.revoke")}</${ActionButton}></span>`}</td>
    </tr>`)}</tbody></table></div>`;
}

function limitsOf(row) {
  const shown = (name) => (name === "monthlyCost" ? money(row[name]) : name === "priority" ? PRIORITIES[row[name]] : row[name]);
  const set = [...Object.keys(LIMITS), "priority", ...Object.keys(TURNS)].filter((name) => row[name] != null);
  return set.length ? set.map((name) => t(`limits.${name}`, { count: shown(name) })).join(", ") : t("words.none");
}

function KeyForm({ one, onClose, onDone }) {
  const isNew = one.id === undefined;
  const form = useForm(`key:${one.id ?? "new"}`, valuesOf(one));
  const { before, values, set } = form;
  const [error, setError] = useState(null);
  const [isBusy, once] = useBusy();
  const save = async () => {
    setError(null);
    const changes = isNew ? {} : changedOf(before, values);
    const isSame = !Object.keys(changes).length;
    const answer = isNew ? await issue(values, set) : isSame ? {} : await post("UpdateApiKey", { ...changes, id: one.id });
    form.sent();
    onDone(answer);
  };
  const submit = (event) => {
    event.preventDefault();
    once(save).catch(setError);
  };
  const text = (name, label, hint, extra = {}) => html`<${Field} id="key-${name}" label=${label} hint=${hint} problem=${error?.param === name ? error.message : ""}>
    ${(attributes) => html`<input ...${attributes} class="input" ...${extra} value=${values[name]} onInput=${(event) => set({ [name]: event.target.value })} />`}</${Field}>`;
  const has = (scope) => values.scopes.includes(scope);
  const toggle = (scope) => set({ scopes: has(scope) ? values.scopes.filter((one) => one !== scope) : [...values.scopes, scope].sort() });
  return html`<${Dialog} title=${isNew ? t("keys.create") : t("words.editName", { name: one.name })} wide form=${form} onClose=${onClose}><form class="stack" onSubmit=${submit} autocomplete="off">
    <${Restored} form=${form} />
    ${error && !hasPlace(error.param) && html`<div class="notice bad" role="alert">${error.message}</div>`}
    <div class="form-grid two">${text("name", t("words.name"), t("keys.whatItIsFor"), { required: true, maxlength: 256, autofocus: true })}
      ${isNew && text("userId", t("words.user"), t("keys.keysOfTheSame"))}
      ${text("models", t("words.models"), t("keys.namesWithCommasIs"))}
      ${text("expiryDate", t("words.expires"), t("keys.emptyNever"), { type: "date" })}</div>
    <fieldset class="stack plain"><legend class="label">${t("words.scopes")}</legend>${Object.entries(SCOPES).map(([scope, meaning]) => html`<label class="check" key=${scope}><input type="checkbox" checked=${has(scope)} onChange=${() => toggle(scope)} /><span><code>${scope}</code> <span class="muted small">${meaning}</span></span></label>`)}</fieldset>
    <fieldset class="plain"><legend class="label">${t("keys.limitsEmptyNone")}</legend><div class="form-grid">${Object.entries(LIMITS).map(([name, label]) => text(name, label, name === "monthlyCost" ? t("keys.inCurrency", { currency: currency() }) : "", { type: "number", min: 0, step: "any" }))}</div></fieldset>
    <fieldset class="plain"><legend class="label">${t("keys.turns")}</legend><div class="form-grid">
      <${Field} id="key-priority" label=${t("words.priority")} hint=${t("keys.priorityHint")} problem=${error?.param === "priority" ? error.message : ""}>${(attributes) => html`<select ...${attributes} class="select" value=${values.priority} onChange=${(event) => set({ priority: event.target.value })}><option value="">${PRIORITIES.normal}</option><option value="high">${PRIORITIES.high}</option><option value="low">${PRIORITIES.low}</option></select>`}</${Field}>
      ${Object.entries(TURNS).map(([name, [label, hint, max]]) => text(name, label, hint, { type: "number", min: 1, max, step: 1 }))}</div></fieldset>
    ${text("notes", t("keys.notes"), t("keys.forPeople"))}
    <div class="row"><button class="button primary" aria-busy=${isBusy}>${isBusy ? t("words.saving") : isNew ? t("keys.createIt") : t("words.save")}</button><${DialogCancel} /></div>
  </form></${Dialog}>`;
}

/** Issue a key once: one whose answer was lost is found by its RefId, changed as the form was since, and gets another secret. */
async function issue(values, set) {
  const refId = values.refId || newId();
  set({ refId });
  const made = values.refId && (await get("QueryApiKeys", { refId })).results[0];
  if (!made) return post("CreateApiKey", { ...bodyOf(values), refId });
  if (made.userId !== (values.userId || undefined)) {
    // A key stays its user's.
    await post("RevokeApiKey", { id: made.id });
    set({ refId: "" });
    return issue({ ...values, refId: "" }, set);
  }
  const changes = changedOf(valuesOf(made), values);
  if (Object.keys(changes).length) await post("UpdateApiKey", { ...changes, id: made.id });
  return post("RotateApiKey", { id: made.id });
}

function valueFor(name, text) {
  if (name in LIMITS || name in TURNS) return Number(text);
  if (name === "scopes") return text;
  if (name === "models") return text.split(",").map((part) => part.trim()).filter(Boolean);
  return name === "expiryDate" ? beginningOf(text) : text;
}

function bodyOf(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "");
  return Object.fromEntries(given.map(([name, value]) => [name, valueFor(name, value)]));
}

const valuesOf = (one) => ({
  refId: one.refId ?? "", name: one.name ?? "", userId: one.userId ?? "", notes: one.notes ?? "", models: one.models?.join(", ") ?? "", expiryDate: one.expiryDate ? dayOf(one.expiryDate) : "",
  priority: one.priority === "normal" ? "" : one.priority ?? "", scopes: [...(one.scopes ?? ["chat", "read"])].sort(),
  ...Object.fromEntries([...Object.keys(LIMITS), ...Object.keys(TURNS)].map((name) => [name, String(one[name] ?? "")])),
});

/** What was changed and nothing else: what somebody else changed meanwhile stays. What is emptied is named. */
function changedOf(before, values) {
  const changes = changesOf(before, values);
  const reset = Object.keys(changes).filter((name) => changes[name] === "");
  return { ...bodyOf(changes), ...(reset.length ? { reset } : {}) };
}

/** Whether a field of the form says what is wrong with it; all else is said above them. */
const hasPlace = (param) => !["scopes", "refId"].includes(param) && Object.hasOwn(valuesOf({}), param);

/** Apart from the page: Back, or the end of the session, must not take the only sight of it. */
const showSecret = (row) => apart((close) => html`<${Secret} row=${row} onClose=${close} />`);

function Secret({ row, onClose }) {
  return html`<${Dialog} title=${t("keys.secretOf", { name: row.name })} isLocked onClose=${onClose} footer=${html`<button type="button" class="button primary" onClick=${onClose}>${t("keys.savedIt")}</button>`}>
    <p>${t("keys.copyItNow")}</p>
    <div class="row secret"><code class="grow">${row.key}</code><${CopyButton} text=${row.key} label=${t("keys.copyTheSecret")} small=${false} /></div>
  </${Dialog}>`;
}
