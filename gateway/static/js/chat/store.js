// The conversations of this page: the list, and those that are open.

import { AGAIN_AFTER_MS, get, mayPass, post } from "../lib/api.js";
import { Conversation } from "./conversation.js";
import { ComposerDrafts } from "./composer-drafts.js";
import { Outbox } from "./outbox.js";
import { serverNow } from "../lib/clock.js";
import { drop, kept } from "../lib/keep.js";
import { newId } from "../lib/new-id.js";
import { discard } from "./picture-store.js";
import { filesOf } from "./pictures.js";
import { asDocument, emptyDocument, titleOf } from "./tree.js";

/** How often at most what other pages saved is looked for (milliseconds). */
const LOOK_AFTER_MS = 2000;
const TAKE = 200;
/** How long the files of a deleted conversation are kept, in case that is taken back (milliseconds). */
const GONE_AFTER_MS = 15_000;

/** All conversations of this page. */
export class Store {
  /** `mostBytes`: the largest body that the server takes. */
  constructor(owner, mostBytes) {
    this.mostBytes = mostBytes;
    /** Whether pictures can be files there. */
    this.takesFiles = true;
    /** Files of deleted conversations, by the conversations' ids. */
    this.goners = new Map();
    this.open = new Map();
    this.heads = null;
    this.total = 0;
    this.text = "";
    this.problem = null;
    this.listeners = new Set();
    this.listAgain = null;
    this.lookedAt = Date.now();
    this.isClosed = false;
    this.drafts = new ComposerDrafts(owner, () => this.tell());
    this.outbox = new Outbox(owner);
    /** What was not saved when the page was left: read once, at the start. */
    this.unsaved = this.outbox.read();
    this.recover();
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  /** Nobody is signed in any more, or somebody else: nothing is followed or saved. What is unsaved stays here. */
  close() {
    this.keepUnsaved();
    this.isClosed = true;
    clearTimeout(this.listAgain);
    for (const one of this.open.values()) one.leave();
  }

  /** The page goes away: what would be saved soon is kept in this browser. */
  keepAll() {
    this.keepUnsaved();
    for (const id of [...this.goners.keys()]) this.discardFiles(id);
  }

  keepUnsaved() {
    for (const one of this.open.values()) if (one.loaded && !one.isEmpty && one.isDirty) one.keep();
  }

  discardFiles(id) {
    discard(this.goners.get(id) ?? []);
    this.goners.delete(id);
  }

  /** Begin a conversation with what another page left in this browser; returns its id, null when there is nothing. */
  async takeImport(name) {
    const key = `import:${name}`;
    const found = (await kept(key)).find(([one]) => one === key)?.[1];
    if (!found) return null;
    const one = new Conversation(newId(), this);
    this.open.set(one.id, one);
    const model = Object.values(found.nodes).findLast((node) => node.model)?.model ?? "";
    one.set({ document: found, title: titleOf(found), model, loaded: true });
    await one.keep();
    await one.save().catch(() => {});
    await drop(key);
    return one.id;
  }

  /** Save what was not saved when the page was left. */
  async recover() {
    for (const id of (await this.unsaved).keys()) this.find(id);
  }

  /** Read the list; `text` narrows it. */
  async list(text = this.text, take = TAKE) {
    clearTimeout(this.listAgain);
    if (this.isClosed) return;
    this.text = text;
    try {
      const { results, total } = await readHeads(text, take);
      if (text !== this.text) return;
      Object.assign(this, { heads: results, total, problem: null });
    } catch (error) {
      this.problem = error;
      if (mayPass(error)) this.listAgain = setTimeout(() => this.list(this.text, take), AGAIN_AFTER_MS);
    }
    this.tell();
  }

  /** Conversations that were deleted elsewhere while they are here: as heads, with nothing but their names. */
  get deleted() {
    return [...this.open.values()].filter((one) => one.isDeleted).map(({ id, title, document }) => ({ id, title: title || titleOf(document) }));
  }

  /** The list, further down. */
  listMore() {
    return this.list(this.text, (this.heads?.length ?? 0) + TAKE);
  }

  /** The line is back: what could not be read or saved is tried at once. */
  catchUp() {
    if (this.problem) this.list();
    for (const one of this.open.values()) {
      if (!mayPass(one.problem)) continue;
      if (one.loaded) one.save().catch(() => {});
      else this.read(one);
    }
  }

  /** The conversation that is about to be begun. */
  fresh() {
    if (!this.next?.isEmpty) {
      this.next = new Conversation(newId(), this);
      this.next.loaded = true;
      this.next.document = emptyDocument(this.drafts.settings);
      this.open.set(this.next.id, this.next);
    }
    return this.next;
  }

  /** The conversation with this id; it is read if it is not open yet. */
  find(id) {
    if (!this.open.has(id)) {
      const one = new Conversation(id, this);
      this.open.set(id, one);
      this.read(one);
    }
    return this.open.get(id);
  }

  /** A conversation as the server has it. Throws ApiError. */
  async fetch(id) {
    const { result } = await get("GetConversation", { id });
    const { renamed, ...document } = result.content;
    return {
      version: result.version, title: result.title, model: result.model, renamed: !!renamed,
      document: asDocument(document),
    };
  }

  async read(one) {
    const unsaved = (await this.unsaved).get(one.id);
    if (unsaved && !one.loaded) takeUp(one, unsaved);
    try {
      const isAhead = one.merge(await this.fetch(one.id));
      if (unsaved && isAhead) one.saveSoon();
      if (unsaved && !isAhead) this.outbox.drop(one.id);
    } catch (error) {
      this.readFailed(one, error, unsaved);
    }
  }

  readFailed(one, error, unsaved) {
    one.set({ problem: error });
    if (unsaved) {
      // The server never had it, has it no more, or cannot be asked: it goes on from what is here.
      one.resumeAll();
      if (!one.isDeleted) one.saveSoon();
    } else if (mayPass(error)) {
      setTimeout(() => this.open.get(one.id) === one && !one.loaded && this.read(one), AGAIN_AFTER_MS);
    }
  }

  /** Look what other pages saved of the list, and of the conversation that is shown. */
  async look(one) {
    if (Date.now() - this.lookedAt < LOOK_AFTER_MS) return;
    this.lookedAt = Date.now();
    await this.list(this.text, Math.max(TAKE, this.heads?.length ?? 0));
    const head = this.heads?.find(({ id }) => id === one.id);
    if (!one.loaded || !one.version || (head && !one.isDeleted && head.version <= one.version)) return;
    const theirs = await this.fetch(one.id).catch((error) => this.noteDeleted(one, error));
    const isNews = theirs && (one.isDeleted || theirs.version > one.version);
    if (isNews && one.merge(theirs)) one.saveSoon();
  }

  noteDeleted(one, error) {
    if (error.status === 404 && !one.isGone) one.set({ problem: error });
  }

  /** Let go of what was deleted elsewhere. */
  async forget(one) {
    one.leave();
    one.isGone = true;
    this.open.delete(one.id);
    await this.outbox.drop(one.id);
    this.tell();
  }

  noteSaved(one) {
    const before = this.heads?.find(({ id }) => id === one.id);
    const head = { ...before, id: one.id, title: one.title, model: one.model, version: one.version, modifiedDate: new Date(serverNow()).toISOString() };
    const others = (this.heads ?? []).filter(({ id }) => id !== one.id);
    // While somebody searches, the list is what was found.
    const isFound = !this.text || others.length < (this.heads?.length ?? 0);
    this.heads = isFound ? inOrder([head, ...others]) : others;
    this.tell();
  }

  /** Pin it, so that it is listed first, or let it go. Throws ApiError. */
  async pin(id, pinned) {
    await post("PinConversation", { id, pinned });
    this.heads = inOrder((this.heads ?? []).map((head) => (head.id === id ? { ...head, pinned } : head)));
    this.tell();
  }

  async rename(id, title) {
    const one = this.find(id);
    while (!one.loaded && !one.problem) await new Promise((done) => setTimeout(done, 30));
    one.set({ title, renamed: true });
    await one.save();
  }

  /** Delete it; returns what brings it back. Throws ApiError. */
  async remove(id) {
    const one = this.find(id);
    const whole = one.loaded ? one.state : await this.fetch(id);
    one.stop();
    one.leave();
    // A save on its way would come behind the deletion.
    await one.saving?.catch(() => {});
    await post("DeleteConversation", { id });
    one.isGone = true;
    this.open.delete(id);
    await this.outbox.drop(id);
    this.goners.set(id, filesOf(whole.document));
    setTimeout(() => this.discardFiles(id), GONE_AFTER_MS);
    this.heads = (this.heads ?? []).filter((head) => head.id !== id);
    this.tell();
    return () => this.bringBack(id, whole);
  }

  async bringBack(id, { document, title, renamed, model }) {
    this.goners.delete(id);
    const one = new Conversation(id, this);
    this.open.set(id, one);
    one.set({ document, title, renamed, model, loaded: true });
    one.resumeAll();
    await one.save();
  }
}

/** Pinned ones first, then the latest. */
const inOrder = (heads) => heads.sort((one, other) => Boolean(other.pinned) - Boolean(one.pinned) || (other.modifiedDate > one.modifiedDate ? 1 : -1));

/** The first conversations of the list, however many: the server gives a thousand at a time. */
async function readHeads(text, take) {
  const results = [];
  for (;;) {
    const page = await get("QueryConversations", { text, skip: results.length, take: Math.min(1000, take - results.length) });
    results.push(...page.results);
    if (results.length >= take || !page.results.length || results.length >= page.total) return { results, total: page.total };
  }
}

/** Go on from what this browser kept of a conversation. */
function takeUp(one, { base, version, ...state }) {
  one.base = base;
  one.set({ ...state, version, loaded: true });
}
