/** <manyhands-progress>: a bar in a page for futures, with how many, how fast, how many failed, and for how long still. */

import { type Awaited, Bar, barText } from "./bar.ts";
import { dress, element } from "./elements.ts";

/** Changes are drawn at most so often. Milliseconds. */
const PACE_MS = 100;

const STYLE =
  ":host { display: inline-flex; gap: .6em; align-items: center } :host([hidden]) { display: none } progress { accent-color: currentcolor }";

/** Where there are no elements, the module can be imported all the same. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export class ProgressElement extends Base {
  #bar: Bar | undefined;

  /** Follows these from now on, in place of those before. Once all have ended, it sends the event `complete`. */
  set futures(futures: Iterable<Awaited>) {
    this.#bar = new Bar(futures);
    if (this.isConnected) void this.#follow(this.#bar);
  }

  connectedCallback(): void {
    if (this.#bar !== undefined) void this.#follow(this.#bar);
  }

  async #follow(bar: Bar): Promise<void> {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const drawn = element("progress", { max: `${Math.max(1, bar.total)}`, "aria-label": "Progress" });
    const text = element("span", { part: "text" });
    dress(root, STYLE);
    root.replaceChildren(drawn, text);
    const isShown = () => this.isConnected && this.#bar === bar && root.contains(drawn);
    while (isShown()) {
      drawn.value = bar.total === 0 ? 1 : bar.state.done;
      text.textContent = barText(bar.state);
      if (bar.isOver) {
        this.dispatchEvent(new Event("complete"));
        return;
      }
      await bar.change();
      await new Promise((resolve) => setTimeout(resolve, bar.isOver ? 0 : PACE_MS));
    }
  }
}
