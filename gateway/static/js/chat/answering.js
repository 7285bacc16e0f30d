// One answer on its way, from the request to its last chunk, through lost connections and reloads.
//
// Each answer is a job with a RefId that is saved before it is sent. So whatever breaks, the job
// goes on, and whoever knows the RefId can read its stream again from where it stopped.

import { ApiError, get, post, stream } from "../lib/api.js";
import { serverNow } from "../lib/clock.js";
import { emptyAnswer, folded } from "./fold.js";
import { SEND_WITHIN_MS, isPassing, nextStep } from "./next-step.js";
import { Sound } from "./sound.js";
import { apart } from "./thoughts.js";
import { t } from "../texts/chat.js";

const POSITION_EVERY_MS = 1500;
/** What was asked so shortly ago may be on its way from another page. */
const YOUNG_MS = 2000;
const RETRY_MS = [500, 1000, 2000, 4000, 5000];

/** Something that the job itself answered, not the way to it. */
class AnswerError extends ApiError {
  isAnswer = true;
}

/** Follows one answer; `onChange` is told {text, reasoning, …, state, waiting, heard} as it grows. */
export class Answering {
  /** `request()` makes what is asked, which was asked at `askedAt` (unix milliseconds); `heard`: a job of it is known. */
  constructor({ refId, request, askedAt, heard }, onChange) {
    this.refId = refId;
    this.request = request;
    this.askedAt = askedAt;
    this.isHeard = !!heard;
    this.answer = emptyAnswer();
    this.sound = new Sound();
    this.lastId = null;
    this.onChange = onChange;
    this.abort = new AbortController();
    this.stopped = false;
    this.begun = performance.now();
    this.firstMs = null;
    /** How long it thought before it said something, where this page was there from the start (milliseconds). */
    this.thoughtMs = null;
  }

  /** Ask for an answer that was not asked for before. */
  start() {
    this.isWhole = true;
    return this.#run("ask");
  }

  /** Go on with an answer that was asked for, here or before a reload. */
  async resume() {
    // The page that asks it saves first: give its request a moment to arrive.
    if (serverNow() - this.askedAt < YOUNG_MS) await this.#pause(YOUNG_MS);
    return this.#run("attach");
  }

  /** End the job; what has come stays. */
  async stop() {
    this.stopped = true;
    this.abort.abort();
    await this.#cancel();
  }

  /** Without a connection the word to stop waits for one. */
  async #cancel(tries = 20) {
    try {
      await post("CancelJob", { refId: this.refId });
    } catch (error) {
      if (!isPassing(error) || tries <= 1) return;
      await new Promise((done) => setTimeout(done, RETRY_MS.at(-1)));
      await this.#cancel(tries - 1);
    }
  }

  /** Let go without ending the job. */
  leave() {
    this.left = true;
    this.abort.abort();
  }

  async #run(how) {
    const watch = setInterval(() => this.#tellPosition(), POSITION_EVERY_MS);
    try {
      await this.#follow(how);
    } catch (error) {
      if (!this.left) this.#tell({ state: this.stopped ? "stopped" : "failed", error: this.stopped ? null : this.#why(error) });
    } finally {
      clearInterval(watch);
    }
  }

  /** Until the end, whatever breaks: the request may or may not have arrived, so it is sent again with its RefId. */
  async #follow(how) {
    let failures = 0;
    for (;;) {
      try {
        if (await this.#read(how)) return;
        [failures, how] = [0, "attach"];
      } catch (error) {
        const next = this.stopped || this.left ? "fail" : nextStep(error, { how, isHeard: this.isHeard, canAsk: this.#canAsk });
        if (next === "leave") this.left = true;
        if (next === "fail" || next === "leave") throw error;
        how = next;
        if (error.status === 404) continue;
        this.#tell({ state: "running", waiting: this.isHeard ? t("answering.theConnectionIsLost") : t("answering.notSentYetTrying") });
        await this.#pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
        failures += 1;
      }
    }
  }

  get #canAsk() {
    return serverNow() - this.askedAt < SEND_WITHIN_MS;
  }

  #why(error) {
    const isUnsent = error.status === 404 && !this.isHeard;
    return isUnsent ? t("answering.thisWasNeverSent") : error.message;
  }

  /** Wait; less when the browser says that it is online again, or somebody presses Stop. */
  #pause(ms) {
    return new Promise((done) => {
      const go = () => {
        clearTimeout(timer);
        removeEventListener("online", go);
        this.abort.signal.removeEventListener("abort", go);
        done();
      };
      const timer = setTimeout(go, ms);
      addEventListener("online", go);
      this.abort.signal.addEventListener("abort", go);
    });
  }

  async #where(how) {
    if (how === "attach") {
      const headers = this.lastId === null ? {} : { "Last-Event-ID": this.lastId };
      return { path: `/api/StreamOpenAiChat?RefId=${encodeURIComponent(this.refId)}`, options: { headers } };
    }
    const body = { ...(await this.request()), stream: true, stream_options: { include_usage: true }, refId: this.refId };
    return { path: "/v1/chat/completions", options: { method: "POST", body } };
  }

  /** Read a stream; true when it came to its end, false when it only stopped. */
  async #read(how) {
    const { path, options } = await this.#where(how);
    const onResponse = (response) => {
      if (!this.isHeard) this.#tell({ state: "running", heard: (this.isHeard = true) });
      this.provider = response.headers.get("x-provider") ?? this.provider;
    };
    for await (const { id, event, data } of stream(path, { ...options, signal: this.abort.signal, onResponse })) {
      if (event === "queued") {
        this.#tell({ state: "running", waiting: JSON.parse(data).status ?? t("answering.queued") });
        continue;
      }
      if (id) this.lastId = id;
      if (data === "[DONE]") {
        await this.#end();
        return true;
      }
      if (event !== "message") continue;
      this.#take(JSON.parse(data));
    }
    if (this.stopped) throw new ApiError(499, { message: t("words.stopped") });
    return false;
  }

  #take(chunk) {
    if (chunk.error) throw new AnswerError(502, chunk.error);
    this.firstMs ??= performance.now() - this.begun;
    this.answer = folded(this.answer, chunk);
    this.sound.take(chunk);
    if (this.isWhole && this.thoughtMs === null) this.#time();
    this.#tell({ state: "running" });
  }

  #time() {
    const { reasoning, text } = apart(this.answer.text);
    const isThinking = Boolean(this.answer.reasoning || reasoning);
    if (isThinking) this.thinkingSince ??= performance.now();
    if (this.thinkingSince && text) this.thoughtMs = Math.round(performance.now() - this.thinkingSince);
  }

  async #end() {
    const ms = performance.now() - this.begun;
    this.#tell({ state: "done", ms: Math.round(ms) });
  }

  /** A file can be heard when it is whole, or what there will be of it. */
  #addSound() {
    const { url } = this.sound;
    this.sound = new Sound();
    if (url) this.answer = { ...this.answer, images: [...this.answer.images, url] };
  }

  async #tellPosition() {
    if (this.lastId !== null || this.firstMs !== null || this.left) return;
    try {
      const told = await get("GetOpenAiChatStatus", { refId: this.refId });
      if (!this.isHeard) this.#tell({ state: "running", heard: (this.isHeard = true) });
      if (this.firstMs === null && told.jobState === "Queued") this.#tell({ state: "running", waiting: told.status });
    } catch {
      // It is a nicety; the stream tells what matters.
    }
  }

  #tell(fields) {
    if (fields.state !== "running") this.#addSound();
    this.onChange({
      ...this.answer,
      waiting: null,
      provider: this.provider ?? null,
      firstMs: this.firstMs === null ? null : Math.round(this.firstMs),
      heard: this.isHeard,
      ...(this.thoughtMs === null ? {} : { thoughtMs: this.thoughtMs }),
      ...fields,
    });
  }
}
