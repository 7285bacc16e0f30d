// The conversations of this page: what is shown, what is saved, what is being answered.

import { AGAIN_AFTER_MS, get, mayPass, post } from "../lib/api.js";
import { Answering } from "./answering.js";
import { added, changed, emptyDocument, newId, path, requestOf, titleOf } from "./tree.js";

const SAVE_AFTER_MS = 600;

/** One conversation, opened. Tells `listeners` of each change. */
class Conversation {
  constructor(id, store) {
    this.id = id;
    this.store = store;
    this.version = 0;
    this.title = "";
    this.renamed = false;
    this.model = "";
    this.document = emptyDocument();
    this.loaded = false;
    this.problem = null;
    this.running = new Map();
    this.timer = null;
    this.saving = null;
  }

  /** Whether something is being answered, from the moment it is asked. */
  get isAnswering() {
    return Object.values(this.document.nodes).some((node) => node.state === "running");
  }

  get isEmpty() {
    return !Object.keys(this.document.nodes).length;
  }

  set(fields) {
    Object.assign(this, fields);
    this.store.tell();
  }

  /** Change the document and save it soon. */
  change(document) {
    this.set({ document });
    this.saveSoon();
  }

  /** Ask: a message of the user below the leaf, or below `parent` for another branch. */
  ask(text, images, parent = this.document.leaf) {
    const node = { id: newId(), parent, role: "user", text, images, created: Date.now() };
    this.document = added(this.document, node);
    this.answer(node.id);
  }

  /** Have the message answered, once more if it was before. */
  async answer(questionId) {
    const node = {
      id: newId(), parent: questionId, role: "assistant", text: "", refId: `chat-${newId()}`,
      state: "running", model: this.model, created: Date.now(),
    };
    const request = requestOf(this.document, this.model, questionId);
    if (!this.renamed) this.title = titleOf(this.document);
    this.set({ document: added(this.document, node) });
    // Saved first: whatever happens to this page, its answer can be found again.
    await this.save().catch(() => {});
    this.follow(node.id, (answering) => answering.start(request));
  }

  /** Go on with what was being answered when the page was left. */
  resumeAll() {
    for (const node of Object.values(this.document.nodes)) {
      if (node.state === "running" && !this.running.has(node.id)) {
        this.follow(node.id, (answering) => answering.resume());
      }
    }
  }

  follow(nodeId, begin) {
    const { refId } = this.document.nodes[nodeId];
    const answering = new Answering(refId, (answer) => {
      this.set({ document: changed(this.document, nodeId, answer) });
      if (answer.state !== "running") this.ended(nodeId);
    });
    this.running.set(nodeId, answering);
    begin(answering);
  }

  ended(nodeId) {
    this.running.delete(nodeId);
    this.saveSoon();
    this.store.tell();
    this.addCost(nodeId);
  }

  /** What it cost is known a moment later, when the job is in the history. */
  async addCost(nodeId, tries = 3) {
    const { refId } = this.document.nodes[nodeId];
    await new Promise((done) => setTimeout(done, 1500));
    try {
      const { results } = await get("QueryJobs", { refId });
      const cost = results?.[0]?.cost;
      if (cost != null) this.change(changed(this.document, nodeId, { cost }));
      else if (tries > 1) await this.addCost(nodeId, tries - 1);
    } catch {
      // Without a history there are no costs.
    }
  }

  stop() {
    for (const answering of this.running.values()) answering.stop();
  }

  get shown() {
    return path(this.document);
  }

  saveSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save().catch(() => {}), SAVE_AFTER_MS);
  }

  /** Save now, one after the other. Throws ApiError, after telling it. */
  save() {
    clearTimeout(this.timer);
    this.saving = (this.saving ?? Promise.resolve()).catch(() => {}).then(() => this.saveNow());
    return this.saving;
  }

  async saveNow() {
    const body = {
      id: this.id, title: this.title || titleOf(this.document), model: this.model,
      version: this.version, content: { ...this.document, renamed: this.renamed },
    };
    try {
      const { version } = await post("SaveConversation", body);
      this.set({ version, problem: null });
      this.store.noteSaved(this);
    } catch (error) {
      this.set({ problem: error });
      if (mayPass(error)) this.timer = setTimeout(() => this.save().catch(() => {}), AGAIN_AFTER_MS);
      throw error;
    }
  }
}

/** All conversations of this page. */
export class Store {
  constructor() {
    this.open = new Map();
    this.heads = null;
    this.text = "";
    this.problem = null;
    this.listeners = new Set();
    this.listAgain = null;
  }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  /** Read the list; `text` narrows it. */
  async list(text = "") {
    clearTimeout(this.listAgain);
    this.text = text;
    try {
      const { results } = await get("QueryConversations", { text, take: 200 });
      this.heads = results;
      this.problem = null;
    } catch (error) {
      this.problem = error;
      if (mayPass(error)) this.listAgain = setTimeout(() => this.list(this.text), AGAIN_AFTER_MS);
    }
    this.tell();
  }

  /** The conversation that is about to be begun. */
  fresh() {
    if (!this.next?.isEmpty) {
      this.next = new Conversation(newId(), this);
      this.next.loaded = true;
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

  async read(one) {
    try {
      const { result } = await get("GetConversation", { id: one.id });
      const { renamed, ...document } = result.content;
      one.set({
        version: result.version, title: result.title, model: result.model, renamed: !!renamed,
        document: { ...emptyDocument(), ...document }, loaded: true, problem: null,
      });
      one.resumeAll();
    } catch (error) {
      one.set({ problem: error });
      if (mayPass(error)) setTimeout(() => this.open.get(one.id) === one && this.read(one), AGAIN_AFTER_MS);
    }
  }

  noteSaved(one) {
    const head = { id: one.id, title: one.title, model: one.model, version: one.version, modifiedDate: new Date().toISOString() };
    const others = (this.heads ?? []).filter(({ id }) => id !== one.id);
    // While somebody searches, the list is what was found.
    const isFound = !this.text || others.length < (this.heads?.length ?? 0);
    this.heads = isFound ? [head, ...others] : others;
    this.tell();
  }

  async rename(id, title) {
    const one = this.find(id);
    while (!one.loaded && !one.problem) await new Promise((done) => setTimeout(done, 30));
    one.set({ title, renamed: true });
    await one.save();
  }

  async remove(id) {
    const one = this.open.get(id);
    if (one) {
      one.stop();
      clearTimeout(one.timer);
      // A save on its way would come behind the deletion.
      await one.saving?.catch(() => {});
      this.open.delete(id);
    }
    await post("DeleteConversation", { id });
    this.heads = (this.heads ?? []).filter((head) => head.id !== id);
    this.tell();
  }
}
