// Two versions of a conversation to one in which no message is missing. Pure.
//
// Messages have ids that nobody else gives and are never taken away, so both sides' are kept; what both
// asked below the same message stands side by side as branches. What a side has chosen (the branch that
// is shown, the settings, the title, the model) counts where it differs from what both had: the base.

import { same } from "../lib/changes.js";
import { own } from "../lib/own.js";

/** How far an answer has come: a later state takes the place of an earlier one. */
const PROGRESS = { running: 0, failed: 1, stopped: 2, done: 3 };

/** A version is {document, title, renamed, model}; `base` is the one both were made from. */
export function merged(base, mine, theirs) {
  const title = mine.renamed && mine.title !== base.title ? mine : theirs.title ? theirs : mine;
  return {
    title: title.title,
    renamed: mine.renamed || theirs.renamed,
    model: mine.model !== base.model ? mine.model : theirs.model,
    document: mergedDocument(base.document, mine.document, theirs.document),
  };
}

function mergedDocument(base, mine, theirs) {
  // Other programs give ids, too: one may be called as what every object has.
  const changed = Object.entries(mine.nodes).map(([id, node]) => [id, Object.hasOwn(theirs.nodes, id) ? further(theirs.nodes[id], node) : node]);
  const nodes = Object.fromEntries([...Object.entries(theirs.nodes), ...changed]);
  const both = { ...theirs, ...mine, nodes, leaf: leafOf(base, mine, theirs, nodes), settings: settingsOf(base, mine, theirs) };
  const waiting = waitingOf(base, mine, theirs).filter(({ id }) => !Object.hasOwn(nodes, id));
  return waiting.length || both.waiting ? { ...both, waiting } : both;
}

/** Messages that wait to be asked: those of both, without those that one side has taken away. */
function waitingOf(base, mine, theirs) {
  const [before, here, there] = [base, mine, theirs].map(({ waiting = [] }) => new Map(waiting.map((one) => [one.id, one])));
  return [...new Map([...there, ...here]).values()].filter(({ id }) => !before.has(id) || (here.has(id) && there.has(id)));
}

/** The version of one message that knows more of it. */
function further(theirs, mine) {
  const ahead = rank(mine) - rank(theirs) || (mine.text ?? "").length - (theirs.text ?? "").length;
  // Of two that know as much theirs is taken: else two pages would correct each other for ever.
  return ahead > 0 ? { ...theirs, ...mine } : { ...mine, ...theirs };
}

const rank = ({ state }) => PROGRESS[state] ?? 0;

/** What is looked at here stays; unless it only went on elsewhere: then so does this page. */
function leafOf(base, mine, theirs, nodes) {
  if (!Object.hasOwn(nodes, mine.leaf)) return theirs.leaf;
  if (mine.leaf !== base.leaf) return mine.leaf;
  return isBelow(nodes, theirs.leaf, mine.leaf) ? theirs.leaf : mine.leaf;
}

function isBelow(nodes, id, above) {
  for (let node = own(nodes, id); node; node = own(nodes, node.parent)) if (node.id === above) return true;
  return false;
}

function settingsOf(base, mine, theirs) {
  const names = new Set([...Object.keys(mine.settings ?? {}), ...Object.keys(theirs.settings ?? {})]);
  const chosen = (name) => (same(mine.settings?.[name], base.settings?.[name]) ? theirs : mine).settings?.[name];
  return Object.fromEntries([...names].map((name) => [name, chosen(name)]).filter(([, value]) => value !== undefined));
}
