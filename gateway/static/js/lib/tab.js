// Which tab this is, by a name that is its own through reloads, and which others are open.
//
// Browsers copy what a tab keeps when somebody duplicates it. So the name is kept only while no page of ours is open that has
// it, and a page whose name another one has, such as the copy of a tab that was elsewhere meanwhile, takes a new one.

import { newId } from "./new-id.js";
import { readFrom, storage, writeTo } from "./storage.js";

const KEPT = "chat.tab";
/** How long others have to say that they are open, where the browser does not tell (milliseconds). */
const ANSWER_MS = 500;

class Tab {
  constructor() {
    this.page = newId();
    this.name = readFrom(storage("sessionStorage"), KEPT) ?? newId();
    this.others = new Set();
    this.onRenamed = () => {};
    this.air = channel();
    if (this.air) this.air.onmessage = ({ data }) => this.hear(data);
    addEventListener("pagehide", () => writeTo(storage("sessionStorage"), KEPT, this.name));
    addEventListener("pageshow", ({ persisted }) => persisted && this.announce());
    this.announce();
  }

  announce() {
    writeTo(storage("sessionStorage"), KEPT, null);
    this.hold();
    this.air?.postMessage({ page: this.page, name: this.name });
  }

  hear({ page, to, name }) {
    if (page) this.air.postMessage({ to: page, name: this.name });
    if (to !== this.page) return;
    this.others.add(name);
    if (name === this.name) this.rename();
  }

  rename() {
    this.name = newId();
    this.hold();
    this.onRenamed();
  }

  /** Browsers tell which locks are held, also by tabs that they have put to sleep. */
  hold() {
    this.waiting?.abort();
    this.waiting = new AbortController();
    const { signal } = this.waiting;
    navigator.locks?.request(KEPT + this.name, { signal }, () => new Promise(() => {})).catch(() => {});
  }

  /** The names of other tabs that are open. */
  async open() {
    try {
      const { held } = await navigator.locks.query();
      return new Set(held.filter(({ name }) => name.startsWith(KEPT)).map(({ name }) => name.slice(KEPT.length)));
    } catch {
      // No secure context, or nothing is kept here.
      await new Promise((done) => setTimeout(done, ANSWER_MS));
      return this.others;
    }
  }
}

function channel() {
  try {
    return new BroadcastChannel(KEPT);
  } catch {
    return null;
  }
}

let tab = null;

/** This tab: {name, open(), onRenamed}. */
export const thisTab = () => (tab ??= new Tab());
