import { html, useEffect, useState } from "../lib/html.js";
import { setTheme, theme } from "../lib/theme.js";
import { IconButton } from "./button.js";
import { t } from "../texts/common.js";

/** Changes between light and dark. */
export function ThemeButton() {
  const [now, setNow] = useState(theme());
  useEffect(() => {
    const update = () => setNow(theme());
    addEventListener("theme", update);
    return () => removeEventListener("theme", update);
  }, []);
  const next = now === "dark" ? "light" : "dark";
  return html`<${IconButton} icon=${next === "dark" ? "moon" : "sun"} label=${t(`themeButton.${next}`)} onClick=${() => setTheme(next)} />`;
}
