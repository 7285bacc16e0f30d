// Files that were given to be worked on, and how far each is. They go on while another of these pages is looked at; those
// that have a job are there again after a reload.

import { mayPass } from "../lib/api.js";
import { Drafts } from "../lib/drafts.js";
import { whose } from "../lib/form.js";
import { useEffect, useReducer } from "../lib/html.js";
import { newId } from "../lib/new-id.js";
import { storage } from "../lib/storage.js";

/** How many are there again after a reload. */
const MOST = 20;

/** The lists of this page, by their owners and names. */
const lists = new Map();

/** The rows of a list as it was kept; none of what is no list. Pure. */
export function rowsOf(text) {
  try {
    return JSON.parse(text || "[]").filter((row) => typeof row?.key === "string" && row.jobId);
  } catch {
    return [];
  }
}

class Sent {
  constructor(owner, name) {
    this.drafts = new Drafts(owner, storage("sessionStorage"));
    this.name = `sent:${name}`;
    this.rows = rowsOf(this.drafts.read(this.name));
    this.listeners = new Set();
  }

  /** Whether there are some that would be lost with the page. */
  get isOnItsWay() {
    return this.rows.some(({ jobId, error }) => !jobId && (!error || mayPass(error)));
  }

  put(rows) {
    this.rows = rows;
    const made = rows.filter(({ jobId }) => jobId).slice(0, MOST);
    this.drafts.write(this.name, made.length ? JSON.stringify(made.map(({ key, name, size, what, jobId }) => ({ key, name, size, what, jobId }))) : "");
    for (const tell of this.listeners) tell();
  }

  /** Send a file by `work(onSent)`, which gives the job's id. `about` is shown with it. */
  add(file, about, work) {
    const row = { key: newId(), name: file.name, size: file.size, ...about, file };
    row.again = () => this.run(row, work);
    this.put([row, ...this.rows]);
    return row.again();
  }

  async run({ key }, work) {
    const change = (next) => this.put(this.rows.map((one) => (one.key === key ? { ...one, ...next } : one)));
    change({ error: null, share: 0, jobId: null });
    try {
      change({ jobId: await work((share) => change({ share })) });
    } catch (error) {
      change({ error });
    }
  }

  /** Take away what is not on its way any more. */
  clear() {
    this.put(this.rows.filter(({ jobId, error }) => !jobId && !error));
  }
}

/** The list of this name: {rows, isOnItsWay, add, clear}, drawn again as it changes. */
export function useSent(name) {
  const key = `${whose()} ${name}`;
  if (!lists.has(key)) lists.set(key, new Sent(whose(), name));
  const sent = lists.get(key);
  const [, redraw] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    sent.listeners.add(redraw);
    return () => sent.listeners.delete(redraw);
  }, [sent]);
  return sent;
}
