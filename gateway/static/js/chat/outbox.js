// Conversations that the server does not have yet as they are here: kept in this browser until it does.

import { drop, keep, kept } from "../lib/keep.js";

/** The unsaved conversations of one owner. */
export class Outbox {
  constructor(owner) {
    this.prefix = `unsaved:${owner}:`;
  }

  /** Keep a version {document, title, renamed, model, version} with the base that it was made from. */
  keep(id, version, base) {
    return keep(this.prefix + id, { ...version, base });
  }

  drop(id) {
    return drop(this.prefix + id);
  }

  /** All that is unsaved: a Map of ids to versions. */
  async read() {
    const rows = await kept(this.prefix);
    return new Map(rows.map(([key, value]) => [key.slice(this.prefix.length), value]));
  }
}
