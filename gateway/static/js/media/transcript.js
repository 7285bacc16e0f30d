// One recording and what it says: each part plays when it is pressed.

import { html, useRef, useState } from "../lib/html.js";
import { CopyButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { SendAgain, useObjectUrl } from "./files.js";
import { problemOf, textsOf, told, useJob, useMade } from "./jobs.js";
import { t } from "../texts/media.js";

export function Transcript({ entry }) {
  const { status, error } = useJob(entry.jobId);
  const texts = useMade(textsOf, entry.jobId, status);
  const [now, setNow] = useState(-1);
  const sound = useRef(null);
  const { name } = entry;
  const url = useObjectUrl(entry.file);
  const state = status?.jobState;
  const failure = entry.error ?? error;
  const isOver = state === "Failed" || state === "Cancelled";
  const parts = texts ? partsOf(texts) : [];
  const play = (part) => {
    sound.current.currentTime = part.start;
    sound.current.play().catch(() => {});
  };
  return html`<article class="card stack transcript" aria-label=${name}>
    <div class="row between"><strong class="truncate">${name}</strong>${texts && html`<${CopyButton} text=${texts[0] ?? ""} label=${t("transcript.copyTheText")} />`}</div>
    ${url && html`<audio ref=${sound} controls preload="metadata" src=${url} onTimeUpdate=${(event) => setNow(event.target.currentTime)}></audio>`}
    ${texts && !url && html`<p class="small muted">${t("transcript.soundIsGone")}</p>`}
    ${!texts && html`<div class="waiting" role="status">${failure || isOver ? html`<${Icon} name="warning" />` : html`<span class="spinner"></span>`}
      <span>${failure ? failure.message : isOver ? problemOf(status) : entry.jobId ? told(status) : t("words.sendingShare", { percent: Math.round(entry.share * 100) })}</span><${SendAgain} entry=${entry} /></div>`}
    ${parts.length > 0 ? html`<ol class="parts" tabindex=${url ? undefined : "0"}>${parts.map((part, index) => html`<li key=${index}><${Part} part=${part} isNow=${part.start <= now && now < part.end} onPlay=${url && (() => play(part))} /></li>`)}</ol>`
      : texts && html`<p dir="auto">${texts[0] || t("transcript.nothingWasSaid")}</p>`}
  </article>`;
}

/** What can be played is a button; of earlier recordings there are the words alone. */
function Part({ part, isNow, onPlay }) {
  const inner = html`<time class="number muted">${clock(part.start)}</time><span dir="auto">${part.text}</span>`;
  if (!onPlay) return html`<div class="part">${inner}</div>`;
  return html`<button type="button" class="part ${isNow ? "now" : ""}" onClick=${onPlay} aria-label=${t("transcript.playFrom", { start: clock(part.start), text: part.text })}>${inner}</button>`;
}

/** The parts with their times: AI Server's second text is a list of them, in JSON. */
export function partsOf(texts) {
  try {
    return JSON.parse(texts[1] ?? "[]").filter((part) => part.text?.trim()).map(({ start, end, text }) => ({ start, end, text: text.trim() }));
  } catch {
    return [];
  }
}

/** Seconds as 1:05 or 1:02:03. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
