// What somebody is writing in the chat: texts and pictures by conversation, kept in this browser until sent.
//
// A new conversation has no address yet, so its draft belongs to the tab; that of a tab which is gone
// (the browser ended, the machine was switched off) goes to the next tab that is opened.

import { Drafts } from "../lib/drafts.js";
import { drop, keep, kept } from "../lib/keep.js";
import { storage } from "../lib/storage.js";
import { thisTab } from "../lib/tab.js";

const NEW = "new:";
const SETTINGS = "settings:";

/** Of one owner, in this tab. */
export class ComposerDrafts {
  /** `onOther` is told when a new conversation's draft is another one from now on. */
  constructor(owner, onOther = () => {}) {
    this.texts = new Drafts(owner, storage("localStorage"));
    this.pictures = `pictures:${owner}:`;
    this.tab = thisTab();
    this.tab.onRenamed = onOther;
    this.adopted = this.adopt();
  }

  /** What the draft of a new conversation is kept under. */
  get newKey() {
    return NEW + this.tab.name;
  }

  /** The settings chosen for the conversation that is about to be begun. */
  get settings() {
    try {
      return JSON.parse(this.texts.read(SETTINGS + this.newKey) || "{}");
    } catch {
      // An earlier version of this page cut long ones.
      return {};
    }
  }

  keepSettings(settings) {
    this.texts.write(SETTINGS + this.newKey, Object.keys(settings).length ? JSON.stringify(settings) : "");
  }

  /** What a conversation that was begun takes with it is no draft any more. */
  begun() {
    this.keepSettings({});
  }

  async readPictures(key) {
    const rows = await kept(this.pictures + key);
    return rows.find(([name]) => name === this.pictures + key)?.[1] ?? [];
  }

  /** Keep the pictures; false when this browser does not. */
  writePictures(key, urls) {
    return urls.length ? keep(this.pictures + key, urls) : drop(this.pictures + key);
  }

  /** Put a message before what is being written. */
  add(key, { text, images = [] }) {
    this.texts.write(key, [text, this.texts.read(key)].filter(Boolean).join("\n\n"));
    return this.readPictures(key).then((urls) => this.writePictures(key, [...images, ...urls]));
  }

  async hasDraft(key) {
    return Boolean(this.texts.read(key) || (await this.readPictures(key)).length);
  }

  /** Take over the draft of a tab that is gone; true when there was one. */
  async adopt() {
    const open = await this.tab.open();
    if (await this.hasDraft(this.newKey)) return false;
    const pictured = (await kept(this.pictures + NEW)).map(([name]) => name.slice(this.pictures.length));
    const isGone = (key) => key !== this.newKey && !open.has(key.slice(NEW.length));
    const orphan = [...this.texts.keys(NEW), ...pictured].find(isGone);
    // Somebody may have begun to write meanwhile.
    if (!orphan || this.texts.read(this.newKey)) return false;
    if (this.texts.write(this.newKey, this.texts.read(orphan))) this.texts.write(orphan, "");
    await this.writePictures(this.newKey, await this.readPictures(orphan));
    await this.writePictures(orphan, []);
    return true;
  }
}
