// Ids that nobody else gives.

/** An id; `randomUUID` is there in secure contexts only. */
export const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
