// What somebody has written and not sent yet, kept in this browser through reloads, each person's own.
//
// Pure but for `storage`, which is localStorage or sessionStorage; where that is full, or forbidden and null, drafts last as long as
// the page. A draft is kept whole or not at all.

/** Most drafts that are kept; the ones not touched for longest go first. */
const MOST = 100;

/** What a storage has no room for, by the storage: it outlives whoever reads it, such as the end of a session. */
const memories = new Map();

function memoryOf(storage) {
  if (!memories.has(storage)) memories.set(storage, new Map());
  return memories.get(storage);
}

/** The drafts of one owner. `storage` is as localStorage, `clock` gives milliseconds. */
export class Drafts {
  constructor(owner, storage, clock = Date.now) {
    this.prefix = `draft:${owner}:`;
    this.storage = storage;
    this.clock = clock;
    this.memory = memoryOf(storage);
  }

  /** The text under a key; empty when there is none. */
  read(key) {
    return this.#row(this.prefix + key)?.text ?? "";
  }

  /** Keep the text; an empty one takes the draft away. False when it lasts only as long as the page. */
  write(key, text) {
    const name = this.prefix + key;
    this.memory.delete(name);
    try {
      if (text) this.storage.setItem(name, JSON.stringify({ text, at: this.clock() }));
      else this.storage.removeItem(name);
      this.#tidy();
      return true;
    } catch {
      if (text) this.memory.set(name, { text, at: this.clock() });
      return !text;
    }
  }

  /** Whether all of them outlive the page. */
  get keepsAll() {
    return ![...this.memory.keys()].some((name) => name.startsWith(this.prefix));
  }

  /** Keys that begin so, the last touched first. */
  keys(beginning = "") {
    return this.#names()
      .filter((name) => name.startsWith(this.prefix + beginning))
      .sort((one, other) => (this.#row(other)?.at ?? 0) - (this.#row(one)?.at ?? 0))
      .map((name) => name.slice(this.prefix.length));
  }

  #names() {
    try {
      return [...new Set([...Object.keys(this.storage), ...this.memory.keys()])];
    } catch {
      return [...this.memory.keys()];
    }
  }

  #row(name) {
    try {
      return this.memory.get(name) ?? JSON.parse(this.storage.getItem(name));
    } catch {
      return null;
    }
  }

  #tidy() {
    // While somebody writes not all of them are read with each letter.
    if (this.#names().filter((name) => name.startsWith(this.prefix)).length <= MOST) return;
    for (const key of this.keys().slice(MOST)) this.storage.removeItem(this.prefix + key);
  }
}
