// What cannot be drawn takes nothing else of the page along.

import { Component, html } from "../lib/html.js";
import { Failed } from "./states.js";

/** Shows its children, or why they cannot be shown until there is another `place`. */
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
