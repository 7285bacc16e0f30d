// The API as pages call it: the public one, with the session cookie in place of a key.

import { noteDate } from "./clock.js";
import { errorText } from "./error-text.js";
import { events } from "./sse.js";
import { t } from "../texts/common.js";

/** An answer that is no success. `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(status, { message, code, param, retryAfter } = {}) {
    super(errorText(code, message) || (status ? t("api.theServerAnswered", { status }) : t("api.theServerCannotBe")));
    this.status = status;
    this.code = code ?? null;
    this.param = param ?? null;
    /** Seconds to wait before trying again, or null. */
    this.retryAfter = retryAfter ?? null;
  }
}

/** When what failed and may pass is tried again, without being asked: pages stay open for hours. */
export const AGAIN_AFTER_MS = 5000;

/** Whether an error may be gone after a while: the server was away, or something that it needs. */
export const mayPass = (error) => error instanceof ApiError && (error.status === 0 || error.status >= 500);

let csrfToken = "";
let pageName = "";

/** Say which page this is: the admin pages have a session of their own. */
export function setPage(name) {
  pageName = name;
}

/** Who is signed in: {owner, isAdmin, scopes, maxBodyBytes}; null when nobody is. Throws ApiError when unreachable. */
export async function session() {
  try {
    return remember(await json("/session"));
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

/** Sign in with an API key or the admin secret. Throws ApiError. */
export async function signIn(key) {
  return remember(await json("/session", { method: "POST", body: { key } }));
}

export async function signOut() {
  await request("/session", { method: "DELETE" });
  csrfToken = "";
}

/** Call a DTO that changes something. */
export function post(dto, body = {}, options = {}) {
  return json(`/api/${dto}`, { ...options, method: options.method ?? "POST", body });
}

/** Call a DTO that asks something; empty values are left out. */
export function get(dto, query = {}, options = {}) {
  return json(`/api/${dto}${queryString(query)}`, options);
}

export function queryString(query) {
  const given = Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** The JSON of an answer. Throws ApiError. */
export async function json(path, options = {}) {
  const response = await request(path, options);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    // The line broke, or somebody between has answered, such as the sign-in page of a network.
    throw error.name === "AbortError" ? error : new ApiError(0);
  }
}

/** Read an answer's server-sent events: {id, event, data} as they come. Throws ApiError. */
export async function* stream(path, options = {}) {
  const response = await request(path, {
    ...options,
    headers: { Accept: "text/event-stream", ...options.headers },
  });
  options.onResponse?.(response);
  yield* events(response.body);
}

/** POST a call for many until it came to all of them, or stays where it is: the answers, one after another. */
export async function* inParts(dto, body) {
  let after;
  for (;;) {
    const answer = await post(dto, { ...body, after });
    yield answer;
    if (!answer.after || answer.after === after) return;
    after = answer.after;
  }
}

/** Make a request; return the Response if it is a success. Throws ApiError, and AbortError. */
export async function request(path, { method = "GET", body, headers = {}, signal, keepalive = false } = {}) {
  const init = { method, headers: { ...headers }, signal, keepalive, credentials: "same-origin" };
  if (body instanceof FormData) {
    // The browser says where its parts begin.
    init.body = body;
  } else if (body !== undefined) {
    init.body = typeof body === "string" ? body : JSON.stringify(body);
    init.headers["Content-Type"] ??= "application/json";
  }
  if (pageName) init.headers["x-replyto-page"] = pageName;
  if (csrfToken) init.headers["x-csrf-token"] = csrfToken;
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    throw error.name === "AbortError" ? error : new ApiError(0);
  }
  // Files may come from what the browser keeps, with the date that they had.
  if (/^\/(?:api\/|session)/.test(path)) noteDate(response.headers.get("date"));
  if (response.ok) return response;
  throw await failureOf(response, path);
}

/**
 * POST a form; return the answer's JSON. `onSent(share)` is told how much of it has gone, 0 to 1.
 * Throws ApiError, and AbortError.
 */
export function sendForm(path, form, { onSent = () => {}, signal } = {}) {
  // fetch tells nothing of what is on its way.
  const call = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    const abort = () => call.abort();
    signal?.addEventListener("abort", abort);
    call.onloadend = () => signal?.removeEventListener("abort", abort);
    call.upload.onprogress = (event) => event.lengthComputable && onSent(event.loaded / event.total);
    call.onerror = () => reject(new ApiError(0));
    call.onabort = () => reject(new DOMException("Given up", "AbortError"));
    call.onload = () => {
      const response = new Response(call.responseText, { status: call.status, headers: { "retry-after": call.getResponseHeader("retry-after") ?? "" } });
      if (response.ok) resolve(response.json());
      else failureOf(response, path).then(reject);
    };
    call.open("POST", path);
    if (csrfToken) call.setRequestHeader("x-csrf-token", csrfToken);
    call.send(form);
  });
}

/** The error that an answer is; the page is told of one that says that somebody is not signed in any more. */
async function failureOf(response, path) {
  const error = await asError(response);
  if (error.status === 401 && path !== "/session") dispatchEvent(new Event("signed-out"));
  // In another tab somebody else has signed in.
  if (error.code === "csrf_failed") dispatchEvent(new Event("session-changed"));
  return error;
}

async function asError(response) {
  const body = await response.json().catch(() => ({}));
  const told = body?.error ?? {};
  const message = told.message ?? body?.responseStatus?.message;
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  return new ApiError(response.status, { ...told, message, retryAfter });
}

function remember(who) {
  csrfToken = who.csrfToken;
  return who;
}
