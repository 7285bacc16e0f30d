// Keeps what may be large in this browser until the server has it: a table of IndexedDB, by text keys.
//
// Where there is no IndexedDB (private windows of some browsers), or no room, it is kept as long as the page: through the end of a
// session, and not through a reload.

const NAME = "replyto";
const TABLE = "kept";
/** What the browser does not keep. */
const memory = new Map();
let opened = null;

const asPromise = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function table(mode) {
  opened ??= openAnew();
  try {
    return tableOf(await opened, mode);
  } catch {
    // Browsers close it behind the page, such as Safari in a tab that was long in the background.
    opened = openAnew();
    return tableOf(await opened, mode);
  }
}

const tableOf = (database, mode) => database.transaction(TABLE, mode).objectStore(TABLE);

function openAnew() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
  return asPromise(request);
}

/** Keep a value; true when it outlives the page. */
export async function keep(key, value) {
  try {
    await asPromise((await table("readwrite")).put(value, key));
    memory.delete(key);
    return true;
  } catch {
    memory.set(key, value);
    return false;
  }
}

/** What is kept under keys that begin so, in the order of their keys: [[key, value], …]. */
export async function kept(beginning) {
  const own = [...memory].filter(([key]) => key.startsWith(beginning));
  const all = new Map([...(await keptByBrowser(beginning)), ...own]);
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1));
}

async function keptByBrowser(beginning) {
  try {
    const range = IDBKeyRange.bound(beginning, `${beginning}\uffff`);
    const store = await table("readonly");
    const [keys, values] = await Promise.all([asPromise(store.getAllKeys(range)), asPromise(store.getAll(range))]);
    return keys.map((key, index) => [key, values[index]]);
  } catch {
    return [];
  }
}

/** Keep it no longer. */
export async function drop(key) {
  memory.delete(key);
  try {
    await asPromise((await table("readwrite")).delete(key));
  } catch {
    // It was not kept.
  }
}
