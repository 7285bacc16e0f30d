// What recordings say, and texts as speech.

import { html } from "../lib/html.js";
import { useBusy } from "../lib/busy.js";
import { get } from "../lib/api.js";
import { useForm } from "../lib/form.js";
import { moment, number } from "../lib/format.js";
import { useData } from "../lib/use-data.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Boundary } from "../ui/states.js";
import { toastError } from "../ui/toast.js";
import { Drop, kindOf } from "./files.js";
import { Gallery, useGallery } from "./gallery.js";
import { TAGS, queue } from "./jobs.js";
import { useRecorder } from "./recorder.js";
import { useSent } from "./sent.js";
import { Transcript } from "./transcript.js";
import { t } from "../texts/media.js";

/** Longest text that is spoken (characters): more than that no service takes. */
const MOST_TEXT = 4096;
/** How many of the earlier transcripts are shown. */
const TAKE = 5;
const SOUND = "audio/*,video/mp4,video/webm,.m4a,.aac,.flac,.wma";

export function Audio() {
  const { data: voices, error } = useData(() => get("QueryTextToSpeechVoices", {}).then(({ results }) => results), "voices");
  return html`<div class="halves"><${Boundary} place="listen"><${Listen} /></${Boundary}><${Boundary} place=${voices}><${Speak} voices=${voices ?? []} isKnown=${Boolean(voices || error)} problem=${error} /></${Boundary}></div>`;
}

function Listen() {
  const sent = useSent("recordings");
  // What was written down before this page was opened.
  const { data: jobs = [] } = useData(() => get("QueryJobs", { tag: TAGS.transcripts, take: TAKE }).then(({ results }) => results), "transcripts");
  const earlier = jobs.filter(({ id }) => !sent.rows.some(({ jobId }) => jobId === id)).map(({ id, createdDate }) => ({ jobId: id, name: moment(createdDate) }));
  const { values: { language }, set } = useForm("transcribe", { language: "" });
  const send = (file) => sent.add(file, {}, (onSent) => queue("QueueSpeechToText", { language, tag: TAGS.transcripts }, { audio: file }, { onSent }));
  const recorder = useRecorder(send);
  const take = (files) => files.forEach((file) => (["audio", "video"].includes(kindOf(file)) ? send(file) : toastError(new Error(t("audio.isNoRecording", { name: file.name })))));
  return html`<section class="stack" aria-labelledby="listen"><h2 id="listen">${t("audio.transcribe")}</h2>
    <div class="card stack">
      <div class="row"><button type="button" class="button ${recorder.isRecording ? "danger" : "primary"}" aria-pressed=${recorder.isRecording} onClick=${recorder.toggle}>
        <${Icon} name=${recorder.isRecording ? "stop" : "mic"} /> ${recorder.isRecording ? t("audio.stopS", { seconds: recorder.seconds }) : t("audio.record")}</button>
        ${recorder.problem && html`<span class="small bad-text" role="alert">${recorder.problem}</span>`}</div>
      <${Drop} label=${t("audio.chooseRecordings")} hint=${t("words.orDropThemHere")} accept=${SOUND} multiple onFiles=${take} />
      <${Field} id="language" label=${t("audio.language")} hint=${t("audio.twoLettersSuchAs")}>${(at) => html`<input ...${at} class="input" maxlength="3" value=${language}
          onInput=${(event) => set({ language: event.target.value.trim() })} />`}</${Field}>
    </div>
    ${sent.rows.map((one) => html`<${Transcript} key=${one.key} entry=${one} />`)}
    ${earlier.map((one) => html`<${Transcript} key=${one.jobId} entry=${one} />`)}
  </section>`;
}

function Speak({ voices, isKnown, problem }) {
  const { values: form, set } = useForm("speak", { text: "", voice: "" });
  const voice = voices.some(({ model }) => model === form.voice) ? form.voice : voices[0]?.model;
  const isTooLong = form.text.length > MOST_TEXT;
  const [isBusy, run] = useBusy();
  const gallery = useGallery(TAGS.speech);
  const submit = (event) => {
    event.preventDefault();
    if (!form.text.trim() || isTooLong) return;
    run(async () => {
      const id = await queue("QueueTextToSpeech", { text: form.text, model: voice, tag: TAGS.speech });
      gallery.add({ id, model: voice ?? "", prompt: form.text.trim() });
    }).catch(toastError);
  };
  return html`<section class="stack" aria-labelledby="speak"><h2 id="speak">${t("audio.textToSpeech")}</h2>
    <form class="card stack" onSubmit=${submit}>
      <${Field} id="text" label=${t("audio.text")} problem=${isTooLong ? t("audio.textIsTooLong", { most: number(MOST_TEXT), count: number(form.text.length) }) : ""}>${(at) => html`<textarea ...${at} class="textarea" rows="4" required value=${form.text}
          onInput=${(event) => set({ text: event.target.value })}></textarea>`}</${Field}>
      ${(voices.length > 0 || !isKnown) && html`<${Field} id="voice" label=${t("audio.voice")}>${(at) => html`<select ...${at} class="select" disabled=${!isKnown} value=${voice} onChange=${(event) => set({ voice: event.target.value })}>
        ${voices.map((one) => html`<option key=${one.model} value=${one.model}>${one.id} (${one.model})</option>`)}</select>`}</${Field}>`}
      ${problem && html`<p class="notice warn small" role="status">${t("audio.voicesUnknown", { message: problem.message })}</p>`}
      <button class="button primary" aria-busy=${isBusy}>${isBusy ? t("words.sending") : t("audio.generate")}</button>
    </form>
    <${Gallery} gallery=${gallery} icon="sound" empty=${t("audio.whatIsSpokenIs")} />
  </section>`;
}
