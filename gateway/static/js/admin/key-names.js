// Keys by the names that people gave them: what jobs and sums are kept under is an id.

import { html } from "../lib/html.js";
import { get } from "../lib/api.js";
import { own } from "../lib/own.js";
import { may } from "./parts.js";
import { useData } from "../lib/use-data.js";
import { t } from "../texts/admin.js";

const EVERY_MS = 60_000;
const BUILT_IN = { bootstrap: t("keyNames.bootstrapKey"), admin: t("keyNames.admin") };

async function read() {
  const { results } = await get("QueryApiKeys", { take: 1000, includeCancelled: true });
  const names = new Map();
  for (const { owner, name } of results) names.set(owner, [...(names.get(owner) ?? []), name]);
  return names;
}

const none = async () => new Map();

/** A Map of owners to the names of their keys; empty for who may not see keys. */
export function useKeyNames(who) {
  const isAllowed = may(who, "admin:read");
  return useData(isAllowed ? read : none, `key-names-${isAllowed}`, isAllowed ? EVERY_MS : 0).data ?? new Map();
}

export const nameOf = (owner, names) => own(BUILT_IN, owner) ?? names.get(owner)?.join(", ") ?? owner;

/** The owner of the key, or keys, of this name; what it is called itself counts, too. */
export function ownerOf(name, names) {
  const wanted = name.toLowerCase();
  const found = [...Object.entries(BUILT_IN).map(([owner, called]) => [owner, [called]]), ...names]
    .find(([owner, called]) => owner.toLowerCase() === wanted || called.some((one) => one.toLowerCase() === wanted));
  return found?.[0] ?? null;
}

/** The name of a key, with the way to it. */
export function KeyName({ owner, names }) {
  if (!owner) return "–";
  const name = nameOf(owner, names);
  const hasPage = names.has(owner);
  return hasPage
    ? html`<a class="word truncate" href="/admin/keys?owner=${encodeURIComponent(owner)}" title=${owner}>${name}</a>`
    : html`<span class="word truncate" title=${owner}>${name}</span>`;
}
