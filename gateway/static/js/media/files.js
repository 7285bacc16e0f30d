// Files that people give: by a button, by dropping them, by pasting.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { Icon } from "../ui/icon.js";
import { t } from "../texts/media.js";

/** Where files are dropped or chosen. `accept` is that of a file input; `onFiles(files)` gets a list. */
export function Drop({ label, hint, accept, multiple = false, onFiles }) {
  const input = useRef(null);
  const [isOver, setOver] = useState(false);
  const take = (files) => files?.length && onFiles(multiple ? [...files] : [files[0]]);
  const over = (event) => { event.preventDefault(); setOver(true); };
  const drop = (event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files); };
  return html`<div class="drop ${isOver ? "over" : ""}" onDragOver=${over} onDragLeave=${() => setOver(false)} onDrop=${drop}
      onPaste=${(event) => take(event.clipboardData.files)}>
    <${Icon} name="upload" />
    <button type="button" class="button" onClick=${() => input.current.click()}>${label}</button>
    <span class="muted small">${hint}</span>
    <input ref=${input} type="file" accept=${accept} multiple=${multiple} hidden aria-label=${label}
      onChange=${(event) => { take(event.target.files); event.target.value = ""; }} />
  </div>`;
}

/** Said of a chosen file, as `useChosen` has it, that is gone after a reload. */
export const NotKept = ({ chosen }) => (chosen.file && !chosen.isKept ? html`<p class="notice warn small" role="status">${t("files.isNotKept")}</p>` : null);

/** Sends a file again that did not arrive. */
export const SendAgain = ({ entry: { error, again } }) => (error && again ? html`<button type="button" class="button small" onClick=${again}>${t("files.sendAgain")}</button>` : null);

/** Which of AI Server's kinds a file is: image, video, audio; empty for none. */
export function kindOf(file) {
  const [kind] = file.type.split("/");
  if (["image", "video", "audio"].includes(kind)) return kind;
  if (/\.(jpe?g|png|gif|webp|bmp|tiff?)$/i.test(file.name)) return "image";
  if (/\.(mp4|mov|webm|mkv|avi|wmv|mpe?g|ogv)$/i.test(file.name)) return "video";
  return /\.(mp3|wav|aac|flac|ogg|m4a|wma|opus)$/i.test(file.name) ? "audio" : "";
}

/** An address of a file for as long as it is shown. */
export function useObjectUrl(file) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    if (!file) return setUrl("");
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}
