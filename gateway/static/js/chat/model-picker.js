// Choose a model: a button that opens a list with a search.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib/html.js";
import { isComposing } from "../lib/keys.js";
import { Icon } from "../ui/icon.js";
import { ModelIcon } from "./model-icon.js";
import { t } from "../texts/chat.js";

export function ModelPicker({ models, value, onChange }) {
  const [open, setOpen] = useState(false);
  const ref = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    const away = (event) => ref.current?.contains(event.target) || setOpen(false);
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [open]);
  const close = () => {
    setOpen(false);
    ref.current.querySelector("button").focus();
  };
  const choose = (model) => {
    onChange(model);
    close();
  };
  return html`<div class="model-picker" ref=${ref}>
    <button type="button" class="button quiet model-button" aria-haspopup="listbox" aria-expanded=${open}
        onClick=${() => setOpen(!open)}>
      ${value && html`<${ModelIcon} model=${value} />`}
      <span class="truncate">${value || t("modelPicker.chooseAModel")}</span><${Icon} name="down" />
    </button>
    ${open && html`<${ModelList} models=${models} value=${value} onChoose=${choose} onClose=${close} />`}
  </div>`;
}

/** Models of the demo that fail, hang or crawl on purpose are not what one begins with. */
export const isOdd = (model) => /^demo-(?!echo$)/.test(model);
const byOddness = (one, other) => isOdd(one) - isOdd(other) || one.localeCompare(other);

/** Return the models whose names have all words of a search in them. */
function matching(models, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => words.every((word) => model.toLowerCase().includes(word)));
}

function ModelList({ models: given, value, onChoose, onClose }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef(null);
  const list = useRef(null);
  useLayoutEffect(() => input.current.focus(), []);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  const models = useMemo(() => [...given].sort(byOddness), [given]);
  const found = matching(models, text);
  // Who types fast presses Enter before the list shows what was typed last.
  const meant = () => {
    const typed = input.current.value;
    return typed === text ? found[at] : matching(models, typed)[0];
  };
  const onKeyDown = (event) => {
    if (isComposing(event)) return;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) setAt(Math.max(0, Math.min(found.length - 1, at + moves[event.key])));
    else if (event.key === "Enter" && meant()) onChoose(meant());
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  };
  return html`<div class="popover">
    <input ref=${input} class="input" type="search" placeholder=${t("modelPicker.searchModels")} aria-label=${t("modelPicker.searchModels")} role="combobox"
      aria-expanded="true" aria-controls="model-list" aria-activedescendant=${found.length ? `model-${at}` : undefined}
      value=${text} onInput=${(event) => { setText(event.target.value); setAt(0); }} onKeyDown=${onKeyDown} />
    <ul id="model-list" class="options" role="listbox" aria-label=${t("modelPicker.models")} ref=${list}>
      ${found.map((model, index) => html`<li key=${model} id="model-${index}" role="option" aria-selected=${model === value}
          class=${index === at ? "active" : ""} onPointerMove=${() => setAt(index)} onClick=${() => onChoose(model)}>
        <${ModelIcon} model=${model} /><span class="truncate grow">${model}</span>${model === value && html`<${Icon} name="check" />`}
      </li>`)}
    </ul>
    ${!found.length && html`<p class="muted small none">${t("modelPicker.noModelIsCalled")}</p>`}
  </div>`;
}
