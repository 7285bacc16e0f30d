import { html, render } from "../lib/html.js";
import { Gate } from "../ui/sign-in.js";

const hint = "The admin secret: REPLYTO_AUTH_SECRET, or the file “auth_secret” of the data directory.";

render(
  html`<${Gate} hint=${hint} isEnough=${(who) => who.isAdmin}>${() => html`<main><h1>Admin</h1></main>`}</${Gate}>`,
  document.getElementById("app"),
);
