// One answer on its way, from the request to its last chunk, through lost connections and reloads.
//
// Each answer is a job with a RefId that is saved before it is sent. So whatever breaks, the job
// goes on, and whoever knows the RefId can read its stream again from where it stopped.

import { ApiError, get, post, stream } from "../lib/api.js";
import { emptyAnswer, folded } from "./fold.js";

const POSITION_EVERY_MS = 1500;
const RETRY_MS = [500, 1000, 2000, 4000, 5000];
/** How long a server that is away is waited for. */
const PATIENCE_MS = 10 * 60_000;

/** Follows one answer; `onChange` is told {text, reasoning, …, state, waiting} as it grows. */
export class Answering {
  constructor(refId, onChange) {
    this.refId = refId;
    this.answer = emptyAnswer();
    this.lastId = null;
    this.onChange = onChange;
    this.abort = new AbortController();
    this.stopped = false;
    this.begun = performance.now();
    this.firstMs = null;
  }

  /** Ask for an answer that was not asked for before. */
  start(request) {
    const body = { ...request, stream: true, stream_options: { include_usage: true }, refId: this.refId };
    return this.#run(() => ({ path: "/v1/chat/completions", options: { method: "POST", body } }));
  }

  /** Go on with an answer that was asked for, here or before a reload. */
  resume() {
    return this.#run(() => this.#attach());
  }

  /** End the job; what has come stays. */
  async stop() {
    this.stopped = true;
    await post("CancelJob", { refId: this.refId }).catch(() => {});
    this.abort.abort();
  }

  /** Let go without ending the job. */
  leave() {
    this.left = true;
    this.abort.abort();
  }

  async #run(first) {
    const watch = setInterval(() => this.#tellPosition(), POSITION_EVERY_MS);
    try {
      await this.#follow(first);
    } catch (error) {
      if (!this.left) this.#tell({ state: this.stopped ? "stopped" : "failed", error: this.stopped ? null : error.message });
    } finally {
      clearInterval(watch);
    }
  }

  async #follow(next) {
    let failures = 0;
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const { path, options } = next();
      try {
        if (await this.#read(path, options)) return;
        failures = 0;
      } catch (error) {
        if (this.stopped || this.left || !isPassing(error) || performance.now() > until) throw error;
        this.#tell({ state: "running", waiting: "The connection is lost; trying again …" });
        await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
        failures += 1;
      }
      // The request may or may not have arrived. If its job is not known it has not.
      if (this.lastId !== null || (await this.#isKnown())) next = () => this.#attach();
    }
  }

  /** Read a stream; true when it came to its end, false when it only stopped. */
  async #read(path, options) {
    const onResponse = (response) => {
      this.provider = response.headers.get("x-provider") ?? this.provider;
    };
    for await (const { id, event, data } of stream(path, { ...options, signal: this.abort.signal, onResponse })) {
      if (event === "queued") {
        this.#tell({ state: "running", waiting: JSON.parse(data).status ?? "Queued" });
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
    if (this.stopped) throw new ApiError(499, { message: "Stopped." });
    return false;
  }

  #take(chunk) {
    if (chunk.error) throw new ApiError(502, chunk.error);
    this.firstMs ??= performance.now() - this.begun;
    this.answer = folded(this.answer, chunk);
    this.#tell({ state: "running" });
  }

  async #end() {
    const ms = performance.now() - this.begun;
    this.#tell({ state: "done", ms: Math.round(ms) });
  }

  #attach() {
    const headers = this.lastId === null ? {} : { "Last-Event-ID": this.lastId };
    return { path: `/api/StreamOpenAiChat?RefId=${encodeURIComponent(this.refId)}`, options: { headers } };
  }

  async #isKnown() {
    try {
      await get("GetOpenAiChatStatus", { refId: this.refId });
      return true;
    } catch (error) {
      return error.status !== 404;
    }
  }

  async #tellPosition() {
    if (this.lastId !== null || this.firstMs !== null || this.left) return;
    try {
      const told = await get("GetOpenAiChatStatus", { refId: this.refId });
      if (this.firstMs === null && told.jobState === "Queued") this.#tell({ state: "running", waiting: told.status });
    } catch {
      // It is a nicety; the stream tells what matters.
    }
  }

  #tell(fields) {
    this.onChange({
      ...this.answer,
      waiting: null,
      provider: this.provider ?? null,
      firstMs: this.firstMs === null ? null : Math.round(this.firstMs),
      ...fields,
    });
  }
}

/** Whether it may help to try again: the answer to the request got lost, or it is not there yet. */
const isPassing = (error) =>
  error instanceof TypeError || error.status === 0 || ["store_unavailable", "wait_timed_out"].includes(error.code);

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
