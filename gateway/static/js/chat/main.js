import { html, render } from "../lib/html.js";
import { Gate } from "../ui/sign-in.js";

render(
  html`<${Gate} hint="It starts with “ak-”.">${(who) => html`<main><h1>Chat</h1><p>Signed in as ${who.owner}.</p></main>`}</${Gate}>`,
  document.getElementById("app"),
);
