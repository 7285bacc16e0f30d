// Tables of ours that are asked by names from outside: of an address, of the API, of what somebody wrote. Pure.

/** The entry of this name; undefined where the table has none of its own: every object knows what "constructor" is. */
export const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);
