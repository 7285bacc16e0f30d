// The sign-in form, and the gate in front of what needs one.

import { Fragment, html, useEffect, useState } from "../lib/html.js";
import { AGAIN_AFTER_MS, mayPass, session, signIn } from "../lib/api.js";
import { setWriter } from "../lib/form.js";
import { setCurrency } from "../lib/format.js";
import { Field } from "./field.js";
import { Failed, Loading } from "./states.js";
import { asset } from "../lib/assets.js";
import { t } from "../texts/common.js";

/**
 * `onOther` leads who may not see this place to one that is theirs.
 * Shows `children(who)` to those who are signed in, the form to others.
 */
export function Gate({ label = t("signIn.apiKey"), hint, isEnough = () => true, onOther, children }) {
  const [who, setWho] = useState(undefined);
  const [error, setError] = useState(null);
  const load = () => session().then((found) => {
    setWho(found);
    setError(null);
  }, setError);
  // While the server is away the page asks by itself.
  useEffect(() => {
    if (!mayPass(error)) return undefined;
    const timer = setTimeout(load, AGAIN_AFTER_MS);
    addEventListener("online", load);
    return () => {
      clearTimeout(timer);
      removeEventListener("online", load);
    };
  }, [error]);
  useEffect(() => {
    load();
    const leave = () => setWho(null);
    // In another tab somebody may have signed out, or in as somebody else.
    const look = () => document.hidden || session().then(setWho, () => {});
    addEventListener("signed-out", leave);
    addEventListener("session-changed", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("signed-out", leave);
      removeEventListener("session-changed", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  if (error) return html`<main class="sign-in"><${Failed} error=${error} onRetry=${load} /></main>`;
  if (who === undefined) return html`<main class="sign-in"><${Loading} /></main>`;
  if (who === null || !isEnough(who)) return html`<${SignIn} label=${label} hint=${hint} onDone=${setWho} isEnough=${isEnough} onOther=${onOther} who=${who} />`;
  setCurrency(who.currency);
  setWriter(who.owner);
  return html`<${Fragment} key=${who.owner}>${children(who)}</${Fragment}>`;
}

function SignIn({ label, hint, onDone, isEnough, onOther, who: other }) {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const who = await signIn(key.trim());
      // A browser that keeps no cookies is told at once: it would be asked to sign in again with each call.
      if (!(await session())) throw new Error(t("signIn.noCookies"));
      if (!isEnough(who)) onOther?.(who);
      if (isEnough(who)) onDone(who);
      else setProblem(t("signIn.thisKeyMayNot"));
    } catch (error) {
      setProblem(error.message);
    }
    setBusy(false);
  };
  return html`<main class="sign-in">
    <form class="card stack" onSubmit=${submit}>
      <span class="brand"><img src=${asset("icons/replyto.svg")} alt="" /> ReplyTo</span>
      <h1>${t("signIn.signIn")}</h1>
      <${Field} id="key" label=${label} hint=${hint} problem=${problem}>
        ${(attributes) => html`<input ...${attributes} class="input" type="password" autocomplete="current-password"
            required value=${key} onInput=${(event) => setKey(event.target.value)} />`}
      </${Field}>
      <button class="button primary" disabled=${busy}>${busy ? t("signIn.signingIn") : t("signIn.signIn")}</button>
      ${other && onOther && html`<p class="small muted">${t("signIn.youAreSignedIn", { owner: other.owner })} <button type="button" class="button quiet small" onClick=${() => { onOther(other); onDone({ ...other }); }}>${t("signIn.myUsageAndLimits")}</button></p>`}
    </form>
  </main>`;
}
