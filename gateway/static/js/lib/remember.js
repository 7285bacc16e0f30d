// Small choices that outlive the page, in this browser; where nothing is kept they last as long as the page.

import { readFrom, storage, writeTo } from "./storage.js";

/** What was chosen; null when nothing was, or nothing is kept. */
export const recall = (name) => readFrom(storage("localStorage"), name);

/** Keep a choice, if there is room. */
export const remember = (name, value) => writeTo(storage("localStorage"), name, value);
