// The sound of an answer, from its pieces to a file that browsers play. Pure.

import { wavOf } from "../lib/wav.js";

/** Samples a second of raw sound: OpenAI's `pcm16`. https://platform.openai.com/docs/guides/audio */
const PCM_RATE = 24_000;
/** What files begin with, by their type. */
const BEGINNINGS = [
  [/^RIFF....WAVE/s, "audio/wav"],
  [/^ID3|^\xff[\xe2-\xfb]/, "audio/mpeg"],
  [/^OggS/, "audio/ogg"],
  [/^fLaC/, "audio/flac"],
];

/** Gathers the pieces of a stream; each is base64 by itself, as chunks have it in `delta.audio.data`. */
export class Sound {
  pieces = [];

  /** Take what a chunk has of it, if it has some. */
  take(chunk) {
    const choice = chunk.choices?.find((one) => (one.index ?? 0) === 0);
    const data = (choice?.delta ?? choice?.message)?.audio?.data;
    if (typeof data !== "string") return;
    try {
      this.pieces.push(atob(data));
    } catch {
      // No base64: nothing that could be heard.
    }
  }

  /** A data URL; none where nothing came. */
  get url() {
    const whole = this.pieces.join("");
    if (!whole) return null;
    const known = BEGINNINGS.find(([begins]) => begins.test(whole.slice(0, 16)));
    const bytes = Uint8Array.from(whole, (letter) => letter.charCodeAt(0));
    return known ? `data:${known[1]};base64,${btoa(whole)}` : `data:audio/wav;base64,${base64(wavOf(bytes, PCM_RATE))}`;
  }
}

/** In steps: a function takes so many arguments and no more. */
function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
