// The page of the API: Swagger UI on our document. What it shows comes from /openapi.json alone.

import { theme } from "../lib/theme.js";
import { older } from "./older.js";

const follow = () => document.documentElement.classList.toggle("dark-mode", theme() === "dark");
follow();
addEventListener("theme", follow);

const DOCUMENT = "/openapi.json";

/** A fragment whose percent signs mean nothing ends Swagger UI. */
function dropBadFragment() {
  try {
    decodeURIComponent(location.hash);
  } catch {
    history.replaceState(null, "", location.pathname + location.search);
  }
}
dropBadFragment();

function read(response) {
  if (response.ok && new URL(response.url, location.href).pathname === DOCUMENT)
    response.text = JSON.stringify(older(JSON.parse(response.text)));
  return response;
}

globalThis.SwaggerUIBundle({
  url: DOCUMENT,
  responseInterceptor: read,
  domNode: document.getElementById("app"),
  presets: [globalThis.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  // A key is kept as long as the page is open, and nowhere else.
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
