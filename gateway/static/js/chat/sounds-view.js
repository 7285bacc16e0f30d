// Recordings of a message: what was said to a model, and what it said aloud.

import { html, useEffect, useState } from "../lib/html.js";
import { AGAIN_AFTER_MS, json, mayPass } from "../lib/api.js";
import { blobOf } from "./picture-store.js";
import { isKept, isSound } from "./pictures.js";
import { t } from "../texts/chat.js";

export function Sounds({ sounds }) {
  return html`<div class="stack sounds">${sounds.filter(isSound).map((sound, index) => html`<${Player} key=${sound.file ?? index} sound=${sound} name=${t("soundsView.recording", { index: index + 1 })} />`)}</div>`;
}

/** An address to play it from: a file's own, of which browsers read the parts that they need. */
function useAddress(sound) {
  const [made, setMade] = useState("");
  const name = isKept(sound) ? null : sound;
  useEffect(() => {
    if (!name) return undefined;
    const url = addressOf(name);
    setMade(url);
    return () => url && URL.revokeObjectURL(url);
  }, [name]);
  return name ? made : `/v1/files/${sound.file}/content`;
}

/** The address of a data URL; null for one that cannot be read: models send anything. */
function addressOf(url) {
  try {
    return URL.createObjectURL(blobOf(url));
  } catch {
    return null;
  }
}

export function Player({ sound, name }) {
  const address = useAddress(sound);
  const [isGone, setGone] = useState(false);
  const [tries, setTries] = useState(0);
  /** Browsers do not say why: a file that cannot be reached is not gone. */
  const look = async () => {
    const problem = isKept(sound) ? await json(`/v1/files/${sound.file}`).then(() => null, (error) => error) : null;
    if (mayPass(problem)) setTimeout(() => setTries((count) => count + 1), AGAIN_AFTER_MS);
    else setGone(true);
  };
  if (isGone || address === null) return html`<span class="badge warn">${t("soundsView.gone")}</span>`;
  return address && html`<audio key=${tries} controls preload="metadata" src=${address} aria-label=${name} onError=${look}></audio>`;
}
