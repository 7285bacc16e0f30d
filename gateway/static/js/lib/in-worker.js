// Asks the worker that reads Markdown and code, one thing at a time, and ends it when it takes too long.
//
// No parser of Markdown is linear in all that one can write, and a page that waits for one is frozen.

import { newId } from "./new-id.js";

/** Longest time for one text (milliseconds), and longest text (characters). */
const MOST_MS = 1500;
const MOST_TEXT = 500_000;
/** How many texts are remembered that took too long. */
const MOST_REFUSED = 50;

const refused = new Set();
let worker = null;
let last = Promise.resolve();

/** Return HTML, not cleaned yet; null for a text that is to be shown as it is. */
export function inWorker(kind, text, language) {
  if (text.length > MOST_TEXT || refused.has(text)) return Promise.resolve(null);
  const answer = last.then(() => ask({ kind, text, language }));
  last = answer.catch(() => null);
  return answer;
}

async function ask(wanted) {
  const { running, ready } = (worker ??= start());
  if (!(await ready)) {
    // It could not be fetched, as while the server restarts: it is fetched again with the next text.
    worker = null;
    return null;
  }
  return new Promise((resolve) => {
    const id = newId();
    const late = setTimeout(() => { stop(wanted.text); resolve(null); }, MOST_MS);
    running.onmessage = ({ data }) => {
      if (data.id !== id) return;
      clearTimeout(late);
      resolve(data.html);
    };
    running.postMessage({ ...wanted, id });
  });
}

function start() {
  const running = newWorker();
  if (!running) return { running, ready: Promise.resolve(false) };
  const ready = new Promise((resolve) => {
    running.onmessage = () => resolve(true);
    running.onerror = () => resolve(false);
  });
  return { running, ready };
}

/** The worker; null where the browser forbids the page to have one. */
function newWorker() {
  try {
    return new Worker(new URL("./markdown-worker.js", import.meta.url), { type: "module" });
  } catch {
    return null;
  }
}

function stop(text) {
  worker.running.terminate();
  worker = null;
  refused.add(text);
  if (refused.size > MOST_REFUSED) refused.delete(refused.values().next().value);
}
