// Where the time of a job went, as a bar: received, queued, attempts, answered, callback.

import { html } from "../lib/html.js";
import { serverNow } from "../lib/clock.js";
import { duration } from "../lib/format.js";
import { t } from "../texts/admin.js";

/** Narrowest part (of 1000): what was quick is still to be seen. */
const LEAST = 8;

const ms = (date) => (date ? new Date(date).getTime() : null);

/** [{label, tone, from, to}] in the order of time; unix milliseconds. Pure. */
export function partsOf({ job, listed, attempts, delivery }) {
  const received = ms(job.createdDate);
  const answered = ms(listed?.executedDate) ?? ms(job.completedDate);
  const tries = attempts.map(({ number, outcome, startedDate, durationMs }) => ({
    label: t("timeBar.attempt", { number }), tone: outcome === "answered" ? "good" : "bad", from: ms(startedDate), to: ms(startedDate) + durationMs,
  }));
  const running = ms(job.startedDate) && !answered ? [{ label: t("timeBar.running"), tone: "info", from: ms(job.startedDate), to: serverNow() }] : [];
  // Until a job that was retried is answered, its callback is that of the answer before.
  const posts = ((answered && delivery?.log) || []).map(({ number, status, startedDate, durationMs }) => ({
    label: t("timeBar.callback", { number }), tone: status >= 200 && status < 300 ? "good" : "bad", from: ms(startedDate), to: ms(startedDate) + durationMs,
  }));
  return filled(received, [...tries, ...running], t("words.queued"), answered).concat(filled(answered, posts, t("timeBar.untilTheCallback")));
}

/** The parts, with what lies between them. */
function filled(from, parts, between, end = null) {
  const found = [];
  let at = from;
  for (const part of parts) {
    if (at !== null && part.from > at) found.push({ label: between, tone: "wait", from: at, to: part.from });
    found.push(part);
    at = part.to;
  }
  if (!parts.length && end && from !== null && end > from) found.push({ label: between, tone: "wait", from, to: end });
  return found;
}

export function TimeBar(told) {
  const parts = partsOf(told).map((part) => ({ ...part, ms: Math.max(0, part.to - part.from) }));
  const all = parts.reduce((sum, part) => sum + part.ms, 0);
  if (!parts.length || !all) return null;
  const room = 1000 - LEAST * parts.length;
  let x = 0;
  return html`<figure class="time-bar">
    <svg viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">${parts.map((part, index) => {
      const width = LEAST + (room * part.ms) / all;
      x += width;
      return html`<rect key=${index} class=${part.tone} x=${x - width} width=${Math.max(1, width - 2)} height="12"><title>${part.label}: ${duration(part.ms)}</title></rect>`;
    })}</svg>
    <figcaption class="row small">${parts.map((part, index) => html`<span key=${index} class="row"><i class="dot ${part.tone}"></i>${part.label}: ${duration(part.ms)}</span>`)}</figcaption>
  </figure>`;
}
