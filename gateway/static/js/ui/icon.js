// Our own line icons, 24 × 24, drawn with the current colour.

import { html } from "../lib/html.js";

const PATHS = {
  send: "M4 12 20 4l-6 16-3-7z M11 13l9-9",
  stop: "M7 7h10v10H7z",
  plus: "M12 5v14 M5 12h14",
  close: "M6 6l12 12 M18 6 6 18",
  menu: "M4 7h16 M4 12h16 M4 17h16",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z M16 16l4.5 4.5",
  edit: "M4 20h4L19 9l-4-4L4 16z M13.5 6.5l4 4",
  trash: "M5 7h14 M10 7V4h4v3 M7 7l1 13h8l1-13 M10.5 11v5.5 M13.5 11v5.5",
  copy: "M9 9h11v11H9z M15 9V4H4v11h5",
  check: "M5 12.5l5 5L19.5 7",
  retry: "M20 5v5h-5 M19.5 10A8 8 0 1 0 20 14",
  download: "M12 4v11 M7 11l5 5 5-5 M5 20h14",
  upload: "M12 16V5 M7 9l5-5 5 5 M5 20h14",
  image: "M4 5h16v14H4z M4 16l5-5 4 4 3-3 4 4 M15.5 9.5h.01",
  code: "M8 7l-5 5 5 5 M16 7l5 5-5 5 M13.5 5l-3 14",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M12 3v3 M12 18v3 M3 12h3 M18 12h3 M5.6 5.6l2.2 2.2 M16.2 16.2l2.2 2.2 M18.4 5.6l-2.2 2.2 M7.8 16.2l-2.2 2.2",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 2.5v2 M12 19.5v2 M2.5 12h2 M19.5 12h2 M5.3 5.3l1.4 1.4 M17.3 17.3l1.4 1.4 M18.7 5.3l-1.4 1.4 M6.7 17.3l-1.4 1.4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  leave: "M10 4H5v16h5 M15 8l4 4-4 4 M19 12H9",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  down: "M6 9.5l6 6 6-6",
  up: "M6 14.5l6-6 6 6",
  branch: "M7 4v16 M7 14c0-5 10-2 10-8 M17 4.5v2 M5 20h4",
  tool: "M14.5 6.5a4 4 0 0 0-5 5L4 17l3 3 5.5-5.5a4 4 0 0 0 5-5L15 12l-3-3z",
  thought: "M9 18h6 M10 21h4 M8.5 15.5A6 6 0 1 1 15.5 15.5c-.5.5-.5 1-.5 1.5H9c0-.5 0-1-.5-1.5z",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z M12 8v4.5l3 2",
  warning: "M12 4 2.8 20h18.4z M12 10v4.5 M12 17.2v.1",
  info: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z M12 11v5 M12 8v.1",
  chat: "M4 5h16v11H10l-4.5 4v-4H4z",
  pin: "M9 4h6l-1 6 4 4H6l4-4z M12 14v6",
  unpin: "M9 4h6l-1 6 4 4H6l4-4z M12 14v6 M4 4l16 16",
  print: "M7 8V4h10v4 M7 17H4V8h16v9h-3 M7 14h10v6H7z",
  gauge: "M4 17a8 8 0 1 1 16 0 M12 17l4-6",
  list: "M9 6h11 M9 12h11 M9 18h11 M4.5 6h.01 M4.5 12h.01 M4.5 18h.01",
  layers: "M12 4 3 9l9 5 9-5z M3 14l9 5 9-5",
  bell: "M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15z M10.5 20.5h3",
  plug: "M9 3v5 M15 3v5 M6 8h12v3a6 6 0 0 1-12 0z M12 17v4",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M11 12l9-8 M16.5 7l2.5 2.5",
  coins: "M12 5c4.5 0 7 1.3 7 3s-2.5 3-7 3-7-1.3-7-3 2.5-3 7-3z M5 8v8c0 1.7 2.5 3 7 3s7-1.3 7-3V8 M5 12c0 1.7 2.5 3 7 3s7-1.3 7-3",
  book: "M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3z M5 17a3 3 0 0 1 3-3h11",
  mic: "M12 4a2.5 2.5 0 0 0-2.5 2.5v5a2.5 2.5 0 0 0 5 0v-5A2.5 2.5 0 0 0 12 4z M6 11.5a6 6 0 0 0 12 0 M12 17.5V21",
  sound: "M4 10v4h4l5 4V6L8 10z M16.5 9a4.5 4.5 0 0 1 0 6 M19 6.5a8 8 0 0 1 0 11",
  wand: "M5 19 15 9 M13 7l4 4 M18 4v3 M16.5 5.5h3 M8 4v3 M6.5 5.5h3 M19 14v3 M17.5 15.5h3",
  sliders: "M4 7h9 M17 7h3 M4 17h3 M11 17h9 M15 5v4 M9 15v4",
};

/** An icon; it is decoration, whatever it stands in has a name of its own. */
export function Icon({ name }) {
  return html`<svg class="icon-image" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
