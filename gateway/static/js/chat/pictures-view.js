// Pictures of a message, read from the server when somebody scrolls to them; a click shows one as large as the page.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { AGAIN_AFTER_MS, mayPass } from "../lib/api.js";
import { useSeen } from "../lib/seen.js";
import { Dialog } from "../ui/dialog.js";
import { urlOf } from "./picture-store.js";
import { isKept, isPicture } from "./pictures.js";
import { t } from "../texts/chat.js";

export function Pictures({ pictures }) {
  return html`<div class="row images">${pictures.filter(isPicture).map((picture, index) => html`<${Picture} key=${picture.file ?? index} picture=${picture} name=${t("picturesView.image", { index: index + 1 })} />`)}</div>`;
}

/** {url, problem} of a picture, from when it is wanted. */
function useUrl(picture, isWanted) {
  const [found, setFound] = useState({});
  const name = isKept(picture) ? picture.file : picture;
  useEffect(() => {
    if (!isWanted || !isKept(picture)) return undefined;
    let isOver = false;
    let timer;
    const read = () => urlOf(picture).then((url) => isOver || setFound({ name, url }), (problem) => {
      if (isOver) return;
      setFound({ name, problem });
      // What cannot be reached is not gone.
      if (mayPass(problem)) timer = setTimeout(read, AGAIN_AFTER_MS);
    });
    read();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isWanted, name]);
  if (!isKept(picture)) return { url: picture };
  return found.name === name ? found : {};
}

/** A small picture of what is about to be sent. */
export const Thumbnail = ({ picture, name }) => html`<img src=${useUrl(picture, true).url} alt=${name} />`;

function Picture({ picture, name }) {
  const ref = useRef(null);
  const { url, problem } = useUrl(picture, useSeen(ref));
  const [isLarge, setLarge] = useState(false);
  if (problem) return html`<span class="badge warn" title=${problem.message}>${problem.status === 404 ? t("picturesView.gone") : t("picturesView.unreadable")}</span>`;
  return html`<button ref=${ref} type="button" class="picture" aria-label=${t("picturesView.showLarge", { name })} disabled=${!url} onClick=${() => setLarge(true)}>
    ${url && html`<img src=${url} alt=${name} />`}</button>
    ${isLarge && html`<${Dialog} title=${name} wide onClose=${() => setLarge(false)}><img src=${url} alt=${name} /></${Dialog}>`}`;
}
