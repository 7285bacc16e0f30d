// Where people write: text, pictures, send, stop. What is written is kept until it is sent.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { isComposing } from "../lib/keys.js";
import { useStay } from "../lib/stay.js";
import { IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";
import { useRecorder } from "../media/recorder.js";
import { toastError } from "../ui/toast.js";
import { pictureOf, urlOf } from "./picture-file.js";
import { filesMeant, isSound } from "./pictures.js";
import { Thumbnail } from "./pictures-view.js";
import { Player } from "./sounds-view.js";
import { t } from "../texts/chat.js";

/** Whether there is a mouse: to touch screens the focus brings a keyboard. */
const isFine = () => matchMedia("(pointer: fine)").matches;

/**
 * `draftKey` is what the draft is kept under in `drafts`. `onSend(text, pictures)` says what is in the way,
 * empty when it is sent. While an answer runs (`running`) what is sent waits for its end.
 */
export function Composer({ drafts, draftKey, disabled, running, onSend, onStop }) {
  const [text, setText] = useState(drafts.texts.read(draftKey));
  const pictures = usePictures(drafts, draftKey);
  const [problem, setProblem] = useState("");
  /** Whether what is written is there after a reload. */
  const isKept = drafts.texts.keepsAll && pictures.isKept;
  useStay(!isKept);
  /** How many pictures are being read: a message is not sent without those that were added to it. */
  const [reading, setReading] = useState(0);
  const area = useRef(null);
  const file = useRef(null);
  useEffect(() => {
    let isOther = false;
    setText(drafts.texts.read(draftKey));
    setProblem("");
    drafts.adopted.then((found) => found && !isOther && setText(drafts.texts.read(draftKey)));
    if (isFine()) area.current?.focus();
    // Something that waited to be sent is to be edited.
    const readAgain = () => setText(drafts.texts.read(draftKey));
    addEventListener("draft", readAgain);
    return () => {
      isOther = true;
      removeEventListener("draft", readAgain);
    };
  }, [draftKey]);
  useEffect(() => {
    area.current.style.height = "auto";
    area.current.style.height = `${Math.min(area.current.scrollHeight, innerHeight * 0.4)}px`;
  }, [text]);

  const write = (value) => {
    drafts.texts.write(draftKey, value);
    setText(value);
    setProblem("");
  };
  const show = (urls) => {
    pictures.change(urls);
    setProblem("");
  };
  const isEmpty = !(text.trim() || pictures.urls.length);
  const send = () => {
    if (disabled || isEmpty || reading || recorder.isRecording) return;
    const inTheWay = onSend(text.trim(), pictures.urls);
    setProblem(inTheWay);
    if (inTheWay) return;
    write("");
    show([]);
  };
  const stop = () => {
    onStop();
    if (isFine()) area.current.focus();
  };
  const onKeyDown = (event) => {
    const sends = event.key === "Enter" && !event.shiftKey && !isComposing(event) && isFine();
    if (!sends) return;
    event.preventDefault();
    send();
  };
  const addFiles = async (files) => {
    setReading((count) => count + 1);
    const read = await Promise.all([...files].map((one) => pictureOf(one).catch(toastError)));
    setReading((count) => count - 1);
    show((all) => [...all, ...read.filter(Boolean)]);
  };
  const recorder = useRecorder((recording) => urlOf(recording).then((url) => show((all) => [...all, url]), toastError));
  const take = (event, files) => {
    if (!files.length) return;
    event.preventDefault();
    addFiles(files);
  };
  // Text that is dragged into the field is let go of there, as everywhere.
  const isText = ({ target, dataTransfer }) => target === area.current && !dataTransfer.types.includes("Files");
  const onDrop = (event) => {
    if (isText(event)) return;
    event.preventDefault();
    take(event, event.dataTransfer.files);
  };
  const sendLabel = running ? t("composer.sendWhenThisIs") : t("composer.send");
  return html`<form class="composer" onSubmit=${(event) => { event.preventDefault(); send(); }}
      onDragOver=${(event) => isText(event) || event.preventDefault()} onDrop=${onDrop}>
    ${!isKept && html`<p class="notice warn small" role="status">${t("composer.isNotKept")}</p>`}
    ${(problem || recorder.problem) && html`<p class="notice bad small" role="alert">${problem || recorder.problem}</p>`}
    ${pictures.urls.length > 0 && html`<ul class="thumbnails" aria-label=${t("composer.imagesToSend")}>
      ${pictures.urls.map((url, index) => html`<li key=${index}>${isSound(url) ? html`<${Player} sound=${url} name=${t("soundsView.recording", { index: index + 1 })} />` : html`<${Thumbnail} picture=${url} name=${t("picturesView.image", { index: index + 1 })} />`}
        <${IconButton} icon="close" small label=${t(isSound(url) ? "composer.removeRecording" : "composer.removeImage", { index: index + 1 })} onClick=${() => show(pictures.urls.filter((_, i) => i !== index))} /></li>`)}
    </ul>`}
    <textarea ref=${area} rows="1" dir="auto" placeholder=${t("composer.writeAMessage")} aria-label=${t("composer.message")} value=${text}
      onInput=${(event) => write(event.target.value)} onKeyDown=${onKeyDown} onPaste=${(event) => take(event, filesMeant(event.clipboardData))}></textarea>
    <div class="row between">
      <span class="row">
        <${IconButton} icon="image" label=${t("composer.addAnImage")} onClick=${() => file.current.click()} />
        <${IconButton} icon=${recorder.isRecording ? "stop" : "mic"} label=${recorder.isRecording ? t("composer.endRecording", { seconds: recorder.seconds }) : t("composer.record")} onClick=${recorder.toggle} />
      </span>
      <input ref=${file} type="file" accept="image/png,image/jpeg,image/gif,image/webp" multiple hidden
        onChange=${(event) => { addFiles(event.target.files); event.target.value = ""; }} />
      <span class="row">
        ${running && html`<button type="button" class="button ${isEmpty ? "primary" : ""} icon" aria-label=${t("composer.stop")} title=${t("composer.stop")} onClick=${stop}><${Icon} name="stop" /></button>`}
        ${(!running || !isEmpty) && html`<button class="button primary icon" aria-label=${sendLabel} title=${sendLabel} disabled=${disabled || isEmpty || reading > 0 || recorder.isRecording}><${Icon} name="up" /></button>`}
      </span>
    </div>
  </form>`;
}

/** The pictures of a draft, which come a moment after it: {urls, isKept, change}. */
function usePictures(drafts, draftKey) {
  const [urls, setUrls] = useState([]);
  const [isKept, setKept] = useState(true);
  useEffect(() => {
    let isOther = false;
    setUrls([]);
    setKept(true);
    const read = () => drafts.adopted.then(() => drafts.readPictures(draftKey)).then((found) => isOther || setUrls((now) => (found.length ? found : now)));
    read();
    addEventListener("draft", read);
    return () => {
      isOther = true;
      removeEventListener("draft", read);
    };
  }, [draftKey]);
  const change = (next) => setUrls((now) => {
    const wanted = typeof next === "function" ? next(now) : next;
    drafts.writePictures(draftKey, wanted).then((kept) => setKept(kept !== false));
    return wanted;
  });
  return { urls, isKept, change };
}
