// What to do about an answer whose request or stream broke off. Pure.

/** How long what was never sent is sent by itself (milliseconds): later it is asked of the person. */
export const SEND_WITHIN_MS = 86_400_000;

/** Whether it may be gone after a while: nothing came back, or only a proxy or an outage spoke. */
export const isPassing = (error) =>
  error instanceof TypeError ||
  error.status === 0 ||
  ["store_unavailable", "wait_timed_out"].includes(error.code) ||
  ([502, 503, 504].includes(error.status) && !error.code && !error.isAnswer);

/**
 * "ask" (again: the RefId makes that one job, however often it arrives), "attach" (to the job that is
 * known), "leave" (until somebody has signed in again) or "fail".
 *
 * `how` is what was tried, `isHeard` whether anything of the job has ever come back, `canAsk` whether the
 * request is at hand and not too old.
 */
export function nextStep(error, { how, isHeard, canAsk }) {
  if (error.status === 401 || error.code === "csrf_failed") return "leave";
  if (isPassing(error)) return isHeard || !canAsk ? "attach" : how;
  if (error.isAnswer) return "fail";
  // What is not known now has never arrived; unless it was known once.
  if (how === "attach" && error.status === 404 && !isHeard && canAsk) return "ask";
  // It arrived before, and what goes with it was changed since.
  if (how === "ask" && error.code === "ref_id_conflict") return "attach";
  return "fail";
}
