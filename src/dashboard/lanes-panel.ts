/** The task stream: lanes that follow what goes on until somebody moves about in them. */

import type { TaskSpan } from "../client/recording.ts";
import { tellingEveryMs } from "../protocol/tracing.ts";
import { element, shortAddress } from "./elements.ts";
import { Lanes } from "./lanes.ts";
import { SpanStore } from "./span-store.ts";
import { describeSpan } from "./survey-tables.ts";

/** Spans that are kept. */
const MOST_SPANS = 100_000;
/** What is shown while it follows. Milliseconds. */
const WINDOW_MS = 20_000;
/** Beside the time between two times that workers tell. Milliseconds. */
const ON_THE_WAY_MS = 100;
const LATELY_MS = 2000;
/** With more workers, their names would run into each other. */
const MOST_NAMES = 60;

export class LanesPanel {
  readonly node: HTMLElement;
  readonly #store = new SpanStore(MOST_SPANS);
  readonly #canvas: HTMLCanvasElement;
  readonly #lanes: Lanes;
  readonly #names = element("div", { class: "lane-names" });
  readonly #follow = element("button", { type: "button", "aria-pressed": "true" }, "Follow");
  readonly #observer: ResizeObserver;
  #follows = true;
  /** The part of the time that may go into drawing what follows. */
  readonly #share: number;
  /** When it may be drawn again. */
  #nextMs = 0;
  #shownMs = 0;

  /** `picked`: a span was clicked. */
  constructor(share: number, picked: (span: TaskSpan) => void) {
    this.#share = share;
    this.#canvas = element("canvas", {
      role: "img",
      "aria-label": "What each worker does when. Arrow keys move, plus and minus zoom, 0 shows all.",
    });
    const tip = element("div", { class: "tip", role: "status" });
    tip.hidden = true;
    let pointed: TaskSpan | undefined;
    this.#lanes = new Lanes(this.#canvas, this.#store, {
      pointed: (span, x, y) => {
        pointed = span;
        tip.hidden = span === undefined;
        if (span === undefined) return;
        tip.textContent = describeSpan(span);
        tip.style.left = `${Math.min(x + 12, innerWidth - 280)}px`;
        tip.style.top = `${y + 12}px`;
      },
      moved: () => this.#setFollowing(false),
    });
    this.#canvas.addEventListener("click", () => {
      if (pointed !== undefined) picked(pointed);
    });
    this.#follow.addEventListener("click", () => this.#setFollowing(!this.#follows));
    this.#observer = new ResizeObserver(() => this.#lanes.draw());
    this.#observer.observe(this.#canvas);
    const head = element("div", { class: "head" }, element("h2", {}, "Task stream"), this.#follow);
    const hint = element(
      "p",
      { class: "note" },
      "A lane for each worker; transfers below, in red. Wheel or + and - to zoom, drag or arrow keys to move, 0 for all.",
    );
    const lanes = element("div", { class: "lanes" }, this.#names, this.#canvas);
    this.node = element("section", { class: "wide" }, head, hint, lanes, tip);
  }

  /** How many spans it has. */
  get count(): number {
    return this.#store.count;
  }

  add(spans: Iterable<TaskSpan>): void {
    for (const span of spans) this.#store.add(span);
    this.#nameLanes();
    if (!this.#follows) this.#lanes.draw();
  }

  /** Workers that are there, though they may have done nothing yet. */
  setWorkers(addresses: Iterable<string>): void {
    for (const address of addresses) this.#store.laneOf(address);
    this.#nameLanes();
  }

  /** How busy a worker has been lately with tasks, by what it has told: 0 to 1; undefined if it has told nothing at all. */
  busyness(worker: string, nowMs: number): number | undefined {
    const lane = this.#store.lanes.get(worker);
    if (lane === undefined) return undefined;
    // What is newer it may not have told yet.
    const toMs = nowMs - this.#toldMs;
    return lane.busyBetween(toMs - LATELY_MS, toMs, ({ kind }) => kind === "compute" || kind === "deserialize");
  }

  /** Brings what is shown up to `nowMs`, if it follows, there is something to be seen of that, and drawing has not taken its part of the time. */
  follow(nowMs: number): void {
    const msPerPixel = WINDOW_MS / ((this.#canvas.clientWidth || 1) * (globalThis.devicePixelRatio || 1));
    const beganMs = performance.now();
    if (!this.#follows || beganMs < this.#nextMs || Math.abs(nowMs - this.#shownMs) < msPerPixel) return;
    this.#shownMs = nowMs;
    // What is newer is not there yet.
    const toMs = nowMs - this.#toldMs;
    this.#lanes.show(toMs - WINDOW_MS, toMs);
    this.#lanes.paint();
    const endMs = performance.now();
    this.#nextMs = endMs + (endMs - beganMs) * (1 / this.#share - 1);
  }

  /** Draws now, and says how long that took: for those who measure. */
  paint(): void {
    this.#lanes.paint();
  }

  close(): void {
    this.#observer.disconnect();
  }

  /** How long it may be before what workers do has been told. Milliseconds. */
  get #toldMs(): number {
    return tellingEveryMs(this.#store.lanes.size) + ON_THE_WAY_MS;
  }

  #setFollowing(follows: boolean): void {
    this.#follows = follows;
    this.#nextMs = 0;
    this.#shownMs = 0;
    this.#follow.setAttribute("aria-pressed", `${follows}`);
  }

  #nameLanes(): void {
    const { lanes } = this.#store;
    if (this.#canvas.dataset["lanes"] === `${lanes.size}`) return;
    this.#canvas.dataset["lanes"] = `${lanes.size}`;
    this.#canvas.style.height = `${Math.min(600, Math.max(48, lanes.size * 22))}px`;
    const names = lanes.size > MOST_NAMES ? [] : [...lanes.keys()];
    this.#names.replaceChildren(...names.map((name) => element("span", { title: name }, shortAddress(name))));
  }
}
