// Where people write: text, images, send, stop.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { toast } from "../ui/toast.js";

const MOST_IMAGE_BYTES = 5 * 1024 * 1024;
const drafts = new Map();

/** `draftKey` keeps what was written but not sent while other conversations are looked at. */
export function Composer({ draftKey, disabled, running, onSend, onStop }) {
  const [text, setText] = useState(drafts.get(draftKey) ?? "");
  const [images, setImages] = useState([]);
  const area = useRef(null);
  const file = useRef(null);
  useEffect(() => {
    setText(drafts.get(draftKey) ?? "");
    setImages([]);
    if (matchMedia("(pointer: fine)").matches) area.current?.focus();
  }, [draftKey]);
  useEffect(() => {
    area.current.style.height = "auto";
    area.current.style.height = `${Math.min(area.current.scrollHeight, innerHeight * 0.4)}px`;
  }, [text]);

  const write = (value) => {
    drafts.set(draftKey, value);
    setText(value);
  };
  const send = () => {
    if (disabled || running || !(text.trim() || images.length)) return;
    onSend(text.trim(), images);
    write("");
    setImages([]);
  };
  const onKeyDown = (event) => {
    const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing && matchMedia("(pointer: fine)").matches;
    if (!sends) return;
    event.preventDefault();
    send();
  };
  const addFiles = async (files) => {
    const read = await Promise.all([...files].map(asImage));
    setImages((all) => [...all, ...read.filter(Boolean)]);
  };
  const onPaste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    addFiles(event.clipboardData.files);
  };
  const onDrop = (event) => {
    event.preventDefault();
    addFiles(event.dataTransfer.files);
  };
  return html`<form class="composer" onSubmit=${(event) => { event.preventDefault(); send(); }} onDragOver=${(event) => event.preventDefault()} onDrop=${onDrop}>
    ${images.length > 0 && html`<ul class="thumbnails" aria-label="Images to send">
      ${images.map((url, index) => html`<li key=${index}><img src=${url} alt="Image ${index + 1}" />
        <${IconButton} icon="close" small label="Remove image ${index + 1}" onClick=${() => setImages(images.filter((_, i) => i !== index))} /></li>`)}
    </ul>`}
    <textarea ref=${area} rows="1" placeholder="Write a message" aria-label="Message" value=${text}
      onInput=${(event) => write(event.target.value)} onKeyDown=${onKeyDown} onPaste=${onPaste}></textarea>
    <div class="row between">
      <${IconButton} icon="image" label="Add an image" onClick=${() => file.current.click()} />
      <input ref=${file} type="file" accept="image/png,image/jpeg,image/gif,image/webp" multiple hidden
        onChange=${(event) => { addFiles(event.target.files); event.target.value = ""; }} />
      ${running
        ? html`<button type="button" class="button primary icon" aria-label="Stop" title="Stop" onClick=${onStop}><${Icon} name="stop" /></button>`
        : html`<button class="button primary icon" aria-label="Send" title="Send" disabled=${disabled || !(text.trim() || images.length)}><${Icon} name="up" /></button>`}
    </div>
  </form>`;
}

function asImage(file) {
  if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
    toast(`“${file.name}” is no image in PNG, JPEG, GIF or WebP.`);
    return null;
  }
  if (file.size > MOST_IMAGE_BYTES) {
    toast(`“${file.name}” is larger than 5 MiB.`);
    return null;
  }
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => done(null);
    reader.readAsDataURL(file);
  });
}
