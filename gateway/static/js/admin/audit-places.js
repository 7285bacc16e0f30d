// Where one looks at what an entry of the audit log names. Pure.

/** An address of these pages; null for what has none. */
export function placeOf({ action, target }) {
  if (/^key_\d+$/.test(target ?? "")) return `/admin/keys?key=${target}`;
  if (action === "CancelWorker") return "/admin/queues";
  return target && /Provider/.test(action) ? `/admin/providers?${new URLSearchParams({ name: target })}` : null;
}
