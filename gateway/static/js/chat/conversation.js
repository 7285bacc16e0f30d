// One conversation, opened: what is shown, what is saved, what is being answered.

import { AGAIN_AFTER_MS, ApiError, get, mayPass, post } from "../lib/api.js";
import { same } from "../lib/changes.js";
import { serverNow } from "../lib/clock.js";
import { newId } from "../lib/new-id.js";
import { Answering } from "./answering.js";
import { merged } from "./merge.js";
import { keepAsFile, knownUrls, withPictures } from "./picture-store.js";
import { bytesOf, filesOf, isTooLarge, loosePictures, withFiles, withUrls } from "./pictures.js";
import { added, changed, emptyDocument, path, requestOf, titleOf } from "./tree.js";

const SAVE_AFTER_MS = 600;

/** Tells its store of each change. */
export class Conversation {
  constructor(id, store) {
    this.id = id;
    this.store = store;
    this.version = 0;
    this.title = "";
    this.renamed = false;
    this.model = "";
    this.document = emptyDocument();
    /** As the server has it, as far as this page knows. */
    this.base = this.state;
    this.loaded = false;
    this.problem = null;
    this.running = new Map();
    /** Answers that are about to be asked for. */
    this.beginning = new Set();
    this.timer = null;
    this.saving = null;
    /** Whether this browser keeps what the server does not have yet. */
    this.isKept = true;
    /** Deleted: what comes in later, such as what an answer cost, does not bring it back. */
    this.isGone = false;
  }

  /** Whether something is being answered, from the moment it is asked. */
  get isAnswering() {
    return Object.values(this.document.nodes).some((node) => node.state === "running");
  }

  get isEmpty() {
    return !Object.keys(this.document.nodes).length;
  }

  get state() {
    return { document: this.document, title: this.title, renamed: this.renamed, model: this.model };
  }

  /** Whether the server has it otherwise. */
  get isDirty() {
    return this.document !== this.base.document || this.title !== this.base.title || this.model !== this.base.model;
  }

  /** Whether it was deleted in another tab, or elsewhere, while it is here: it comes back when somebody says so, not by itself. */
  get isDeleted() {
    return this.loaded && this.version > 0 && this.problem?.status === 404;
  }

  get shown() {
    return path(this.document);
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
  ask(text, images, parent = this.document.leaf, ids = {}) {
    const node = { id: ids.id ?? newId(), parent, role: "user", text, images, created: serverNow() };
    this.document = added(this.document, node);
    return this.answer(node.id, ids);
  }

  /** Have the message answered, once more if it was before. */
  async answer(questionId, { answerId = newId(), refId = `chat-${newId()}` } = {}) {
    const node = {
      id: answerId, parent: questionId, role: "assistant", text: "", refId,
      state: "running", model: this.model, created: serverNow(),
    };
    if (!this.renamed) this.title = titleOf(this.document);
    this.beginning.add(node.id);
    this.set({ document: added(this.document, node) });
    // Kept first: whatever happens to this page, its answer can be found again.
    await this.keep();
    await this.save().catch(() => {});
    this.beginning.delete(node.id);
    this.follow(node.id, (answering) => answering.start());
  }

  /** Ask when what runs now is answered. The ids are given now: two pages that ask it ask once. */
  askNext(text, images) {
    const one = { id: newId(), answerId: newId(), refId: `chat-${newId()}`, text, images };
    this.change({ ...this.document, waiting: [...this.waiting, one] });
    return this.keep();
  }

  /** The messages that wait to be asked. */
  get waiting() {
    return this.document.waiting ?? [];
  }

  /** Take one of them away; it is returned. */
  takeWaiting(id) {
    this.change({ ...this.document, waiting: this.waiting.filter((one) => one.id !== id) });
  }

  askWaiting() {
    const [next] = this.waiting;
    if (!next || this.isAnswering) return;
    this.document = { ...this.document, waiting: this.waiting.slice(1) };
    this.ask(next.text, next.images, this.document.leaf, next);
  }

  /** Go on with what was being answered when the page was left. */
  resumeAll() {
    for (const node of Object.values(this.document.nodes)) {
      if (node.state === "running" && !this.beginning.has(node.id)) {
        this.follow(node.id, (answering) => answering.resume());
      }
    }
  }

  follow(nodeId, begin) {
    if (this.running.has(nodeId) || this.store.isClosed) return;
    const { refId, model, parent, created, heard } = this.document.nodes[nodeId];
    const request = () => withPictures(requestOf(this.document, model, parent, this.store.mostBytes));
    const answering = new Answering({ refId, request, askedAt: created, heard }, (answer) => {
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
    if (this.document.nodes[nodeId].state === "done") this.askWaiting();
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

  /** Nothing of it is followed or saved any more. */
  leave() {
    clearTimeout(this.timer);
    for (const answering of this.running.values()) answering.leave();
  }

  /** Keep in this browser what the server does not have yet. */
  keep() {
    if (this.isGone) return Promise.resolve(false);
    const { document, title, renamed, model } = this.base;
    // What both sides chose is needed to merge them, not what both said.
    const base = { title, renamed, model, document: { nodes: {}, leaf: document.leaf, settings: document.settings } };
    return this.store.outbox.keep(this.id, { ...this.state, version: this.version }, base);
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
    // Whoever is signed in by now is somebody else, perhaps.
    if (this.store.isClosed || this.isGone) return;
    try {
      await this.saveMerged();
      this.store.noteSaved(this);
    } catch (error) {
      this.set({ isKept: await this.keep(), problem: error });
      if (mayPass(error)) this.timer = setTimeout(() => this.save().catch(() => {}), AGAIN_AFTER_MS);
      throw error;
    }
  }

  /** Pictures become files of the server. Where it takes none they stay in the document, while that is not too large. */
  async keepPictures() {
    const { store } = this;
    for (const url of store.takesFiles ? loosePictures(this.document) : []) {
      try {
        const kept = await keepAsFile(url);
        this.set({ document: withFiles(this.document, new Map([[url, kept]])) });
      } catch (error) {
        // A picture that cannot be read says nothing of the next one.
        if (!(error instanceof ApiError)) continue;
        store.takesFiles = mayPass(error);
        if (isTooLarge(bytesOf(this.document), store.mostBytes)) throw error;
        return;
      }
    }
  }

  /** Save what was deleted elsewhere as a new conversation. Throws ApiError. */
  async saveAnew() {
    // Its files were deleted with it: those that this page still has become files again.
    const document = withUrls(this.document, await knownUrls(filesOf(this.document)));
    this.set({ document, version: 0 });
    return this.save();
  }

  /** Save; what another page saved meanwhile is merged first. */
  async saveMerged(tries = 5) {
    await this.keepPictures();
    const saved = this.state;
    try {
      const { version } = await post("SaveConversation", {
        id: this.id, title: saved.title || titleOf(saved.document), model: saved.model,
        version: this.version, content: { ...saved.document, renamed: saved.renamed },
      });
      this.base = saved;
      this.set({ version, problem: null });
      if (this.document === saved.document) await this.store.outbox.drop(this.id);
    } catch (error) {
      if (tries <= 1 || error.code !== "conversation_changed") throw error;
      this.merge(await this.store.fetch(this.id));
      await this.saveMerged(tries - 1);
    }
  }

  /** Take in what the server has; true when it lacks something that is here. */
  merge(theirs) {
    const mine = this.state;
    const both = this.loaded || !this.isEmpty ? merged(this.base, mine, theirs) : theirs;
    this.base = { document: theirs.document, title: theirs.title, renamed: theirs.renamed, model: theirs.model };
    this.set({ ...both, version: theirs.version, loaded: true, problem: null });
    this.resumeAll();
    // Which branch is looked at is no news.
    const leaf = null;
    return !same({ ...both, document: { ...both.document, leaf } }, { ...this.base, document: { ...this.base.document, leaf } });
  }
}
