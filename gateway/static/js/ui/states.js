// What a place shows when it has nothing else to show: loading, empty, failed; and what it can show, apart from all else.

import { Component, html } from "../lib/html.js";
import { Icon } from "./icon.js";
import { t } from "../texts/common.js";

export function Loading({ label = t("states.loading") }) {
  return html`<div class="empty" role="status"><span class="spinner"></span><span>${label}</span></div>`;
}

export function Empty({ icon = "list", title, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2>${children}</div>`;
}

/** An error, and what to do about it. */
export function Failed({ error, onRetry }) {
  return html`<div class="empty" role="alert">
    <${Icon} name="warning" /><h2>${error.status === 0 ? t("states.theServerCannotBe") : t("states.thatDidNotWork")}</h2>
    <p>${error.message}</p>
    ${onRetry && html`<button type="button" class="button" onClick=${onRetry}>${t("states.tryAgain")}</button>`}
  </div>`;
}

/** Shows its children; or why they cannot be drawn, until there is another `place`: that takes nothing else along. */
export class Boundary extends Component {
  constructor() {
    super();
    this.state = { error: null };
  }

  componentDidCatch(error) {
    console.error(error);
    this.setState({ error });
  }

  componentDidUpdate({ place }) {
    if (this.state.error && place !== this.props.place) this.setState({ error: null });
  }

  render({ children }, { error }) {
    return error ? html`<${Failed} error=${error} onRetry=${() => this.setState({ error: null })} />` : children;
  }
}

const Drawn = ({ data, draw }) => draw(data);

/** `children(data)`, or why there is none yet. What was read last stays while it is read again. */
export function Loaded({ from: { data, error, reload }, children }) {
  if (data === undefined) return error ? html`<${Failed} error=${error} onRetry=${reload} />` : html`<${Loading} />`;
  return html`${error && html`<div class="notice warn small" role="status">${t("states.notUpToDate", { message: error.message })}</div>`}<${Boundary} place=${data}><${Drawn} data=${data} draw=${children} /></${Boundary}>`;
}
