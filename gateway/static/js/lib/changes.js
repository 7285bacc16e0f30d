// What somebody changed of a form, and nothing else: what is only shown, masked or rounded, never goes back. Pure.

/** Whether two JSON values say the same; the order of names is no difference. */
export function same(one, other) {
  if (one === other) return true;
  if (!one || !other || typeof one !== "object" || typeof other !== "object") return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => same(one[name], other[name]));
}

/** The fields of `now` that are not as they were in `before`. */
export function changesOf(before, now) {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => !same(before[name], value)));
}
