// What somebody is writing in the chat: texts and pictures by conversation, kept in this browser until sent.
//
// A new conversation has no address yet, so its draft belongs to the tab; that of a tab which is gone
// (the browser ended, the machine was switched off) goes to the next tab that is opened.

import { Drafts } from "../lib/drafts.js";
import { drop, keep, kept } from "../lib/keep.js";
import { newId } from "./tree.js";

const TAB = "chat.tab";
const NEW = "new:";
const SETTINGS = "settings:";

/** Of one owner, in this tab. */
export class ComposerDrafts {
  constructor(owner) {
    this.texts = new Drafts(owner, localStorage);
    this.pictures = `pictures:${owner}:`;
    this.newKey = NEW + tabId();
    this.adopted = this.adopt();
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

  /** Take over the draft of a tab that is gone; true when there was one. */
  async adopt() {
    const held = await heldTabs();
    hold(this.newKey);
    if (this.texts.read(this.newKey)) return false;
    const orphan = this.texts.keys(NEW).find((key) => key !== this.newKey && !held.has(key));
    if (!orphan) return false;
    if (this.texts.write(this.newKey, this.texts.read(orphan))) this.texts.write(orphan, "");
    await this.writePictures(this.newKey, await this.readPictures(orphan));
    await this.writePictures(orphan, []);
    return true;
  }
}

function tabId() {
  const known = sessionStorage.getItem(TAB) ?? newId();
  sessionStorage.setItem(TAB, known);
  return known;
}

/** The keys of tabs that are open; empty where the browser does not tell (no secure context). */
async function heldTabs() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(held.map(({ name }) => name));
}

function hold(name) {
  navigator.locks?.request(name, () => new Promise(() => {}));
}
