// One recording and what it says: each part plays when it is pressed.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { CopyButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { useObjectUrl } from "./files.js";
import { problemOf, textsOf, told, useJob } from "./jobs.js";
import { t } from "../texts/media.js";

export function Transcript({ entry }) {
  const { status, error } = useJob(entry.jobId);
  const [texts, setTexts] = useState(null);
  const [now, setNow] = useState(-1);
  const sound = useRef(null);
  const url = useObjectUrl(entry.file);
  const state = status?.jobState;
  useEffect(() => {
    if (state === "Completed") textsOf(entry.jobId).then(setTexts, () => setTexts([]));
  }, [state]);
  const failure = entry.error ?? error;
  const isOver = state === "Failed" || state === "Cancelled";
  const parts = texts ? partsOf(texts) : [];
  const play = (part) => {
    sound.current.currentTime = part.start;
    sound.current.play().catch(() => {});
  };
  return html`<article class="card stack transcript" aria-label=${entry.file.name}>
    <div class="row between"><strong class="truncate">${entry.file.name}</strong>${texts && html`<${CopyButton} text=${texts[0] ?? ""} label=${t("transcript.copyTheText")} />`}</div>
    ${url && html`<audio ref=${sound} controls preload="metadata" src=${url} onTimeUpdate=${(event) => setNow(event.target.currentTime)}></audio>`}
    ${!texts && html`<div class="waiting" role="status">${failure || isOver ? html`<${Icon} name="warning" />` : html`<span class="spinner"></span>`}
      <span>${failure ? failure.message : isOver ? problemOf(status) : entry.jobId ? told(status) : t("words.sendingShare", { percent: Math.round(entry.share * 100) })}</span></div>`}
    ${parts.length > 0 ? html`<ol class="parts">${parts.map((part, index) => html`<li key=${index}>
        <button type="button" class="part ${part.start <= now && now < part.end ? "now" : ""}" onClick=${() => play(part)} aria-label=${t("transcript.playFrom", { start: clock(part.start), text: part.text })}>
          <time class="number muted">${clock(part.start)}</time><span dir="auto">${part.text}</span></button></li>`)}</ol>`
      : texts && html`<p dir="auto">${texts[0] || t("transcript.nothingWasSaid")}</p>`}
  </article>`;
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
