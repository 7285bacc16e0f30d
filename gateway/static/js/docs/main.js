// The page of the API: Swagger UI on our document. What it shows comes from /openapi.json alone.

import { theme } from "../lib/theme.js";

const follow = () => document.documentElement.classList.toggle("dark-mode", theme() === "dark");
follow();
addEventListener("theme", follow);

globalThis.SwaggerUIBundle({
  url: "/openapi.json",
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
