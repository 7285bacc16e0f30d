// The microphone: what is said becomes a WAV file, which every engine reads.

import { useEffect, useRef, useState } from "../lib/html.js";
import { useStay } from "../lib/stay.js";
import { wavOf } from "../lib/wav.js";
import { t } from "../texts/media.js";

/** Hertz: what models for speech listen to. */
const RATE = 16_000;

/** {isRecording, seconds, problem, toggle}; `onRecording(file)` gets what was recorded. */
export function useRecorder(onRecording) {
  const [state, setState] = useState({ isRecording: false, seconds: 0, problem: "" });
  const going = useRef(null);
  /** The browser asks whether the page may listen: pressed again meanwhile it would listen twice, and to one for ever. */
  const isAsking = useRef(false);
  const isOver = useRef(false);
  useStay(state.isRecording);
  useEffect(() => () => {
    isOver.current = true;
    going.current?.give();
  }, []);
  const start = async () => {
    if (isAsking.current) return;
    isAsking.current = true;
    setState({ isRecording: false, seconds: 0, problem: "" });
    try {
      going.current = await begin((seconds) => setState((now) => ({ ...now, seconds })));
      setState({ isRecording: true, seconds: 0, problem: "" });
      if (isOver.current) going.current.give();
    } catch (error) {
      setState({ isRecording: false, seconds: 0, problem: reasonOf(error) });
    }
    isAsking.current = false;
  };
  const stop = async () => {
    const recording = going.current;
    going.current = null;
    setState((now) => ({ ...now, isRecording: false }));
    try {
      onRecording(await fileOf(await recording.end()));
    } catch (error) {
      setState((now) => ({ ...now, problem: reasonOf(error) }));
    }
  };
  return { ...state, toggle: () => (going.current ? stop() : start()) };
}

async function begin(onSecond) {
  if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  const startedMs = Date.now();
  const timer = setInterval(() => onSecond(Math.round((Date.now() - startedMs) / 1000)), 500);
  const give = () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
  };
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const ended = new Promise((resolve) => {
    recorder.onstop = () => resolve(new Blob(pieces, { type: recorder.mimeType }));
  });
  recorder.start();
  return {
    give,
    end: () => {
      recorder.stop();
      give();
      return ended;
    },
  };
}

async function fileOf(blob) {
  const heard = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
  const mixer = new OfflineAudioContext(1, Math.max(1, Math.ceil(heard.duration * RATE)), RATE);
  const source = new AudioBufferSourceNode(mixer, { buffer: heard });
  source.connect(mixer.destination);
  source.start();
  const samples = (await mixer.startRendering()).getChannelData(0);
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((one, index) => view.setInt16(index * 2, Math.max(-1, Math.min(1, one)) * 32_767, true));
  const name = t("recorder.recordingWav", { time: new Date().toLocaleTimeString() });
  return new File([wavOf(new Uint8Array(view.buffer), RATE)], name, { type: "audio/wav" });
}

function reasonOf(error) {
  if (error.name === "NotAllowedError") return t("recorder.theBrowserWasNot");
  if (error.name === "NotFoundError") return t("recorder.thereIsNoMicrophone");
  if (error.name === "SecurityError") return t("recorder.browsersGiveTheMicrophone");
  return t("recorder.nothingWasRecorded", { message: error.message });
}
