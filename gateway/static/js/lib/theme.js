// Light or dark: as the system says, until somebody chooses here.

import { recall, remember } from "./remember.js";

const system = matchMedia("(prefers-color-scheme: dark)");

export function theme() {
  return document.documentElement.dataset.theme;
}

/** Choose "light" or "dark" for good on this browser. */
export function setTheme(name) {
  remember("theme", name);
  document.documentElement.dataset.theme = name;
  dispatchEvent(new Event("theme"));
}

// What is drawn is drawn anew in the system's colours.
matchMedia("(forced-colors: active)").addEventListener("change", () => dispatchEvent(new Event("theme")));

system.addEventListener("change", () => {
  if (!recall("theme")) {
    document.documentElement.dataset.theme = system.matches ? "dark" : "light";
    dispatchEvent(new Event("theme"));
  }
});
