/**
 * Lanes: a row for each worker, in which one sees what it did when. To be moved about in with mouse, wheel and keys.
 *
 * Every row is worked out as one line of pixels, whatever narrow spans fall into one of them, and then copied downwards: so it takes as long for a
 * hundred thousand spans as for a few, and needs no drawing but one image.
 */

import type { TaskSpan } from "../client/recording.ts";
import { colourOf, ERROR, pixelOf, TRANSFER } from "./palette.ts";
import type { LaneSpans, SpanStore } from "./span-store.ts";

export interface LaneOptions {
  /** What the pointer is at, and where; undefined when it is at nothing. */
  pointed(span: TaskSpan | undefined, x: number, y: number): void;
  /** What is shown has been moved by the user. */
  moved?(): void;
}

/** Narrower names are not written. Pixels. */
const LEGIBLE = 48;

export class Lanes {
  readonly #canvas: HTMLCanvasElement;
  readonly #store: SpanStore;
  readonly #options: LaneOptions;
  #fromMs = 0;
  #toMs = 1;
  #isDue = false;
  #pixels: number[] = [];
  #image: ImageData | undefined;
  #row = new Uint32Array(0);
  #lower = new Uint32Array(0);

  constructor(canvas: HTMLCanvasElement, store: SpanStore, options: LaneOptions) {
    this.#canvas = canvas;
    this.#store = store;
    this.#options = options;
    canvas.tabIndex = 0;
    canvas.style.touchAction = "pan-y";
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerleave", () => options.pointed(undefined, 0, 0));
    canvas.addEventListener("dblclick", () => this.showAll());
  }

  get view(): { readonly fromMs: number; readonly toMs: number } {
    return { fromMs: this.#fromMs, toMs: this.#toMs };
  }

  show(fromMs: number, toMs: number): void {
    this.#fromMs = fromMs;
    this.#toMs = Math.max(toMs, fromMs + 0.01);
    this.draw();
  }

  showAll(): void {
    const { firstMs, lastMs } = this.#store;
    if (firstMs <= lastMs) this.show(firstMs, lastMs);
    this.#options.moved?.();
  }

  /** Draws with the next frame. */
  draw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      if (this.#isDue) this.paint();
    });
  }

  /** Draws now. */
  paint(): void {
    this.#isDue = false;
    const canvas = this.#canvas;
    const ratio = globalThis.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    const context = canvas.getContext("2d");
    if (context === null || width === 0 || height === 0) return;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      this.#image = undefined;
    }
    this.#image ??= context.createImageData(width, height);
    const pixels = new Uint32Array(this.#image.data.buffer);
    pixels.fill(0);
    const { lanes, titles } = this.#store;
    for (let i = this.#pixels.length; i < titles.length; i++) this.#pixels.push(pixelOf(paintOf(titles[i] as string)));
    if (this.#row.length !== width) {
      this.#row = new Uint32Array(width);
      this.#lower = new Uint32Array(width);
    }
    const rowHeight = height / Math.max(1, lanes.size);
    let index = 0;
    for (const lane of lanes.values()) {
      this.#row.fill(0);
      this.#lower.fill(0);
      this.#fill(lane, width);
      const top = Math.round(index * rowHeight);
      const bottom = Math.max(top + 1, Math.round((index + 1) * rowHeight) - (rowHeight > 4 ? Math.ceil(ratio) : 0));
      const middle = rowHeight > 6 ? top + Math.floor((bottom - top) * 0.7) : bottom;
      for (let y = top; y < bottom; y++) pixels.set(y < middle ? this.#row : this.#lower, y * width);
      index += 1;
    }
    context.putImageData(this.#image, 0, 0);
    if (rowHeight >= 12 * ratio) this.#write(context, width, rowHeight, ratio);
  }

  /** Transfers stand below, for a worker goes on meanwhile. */
  #fill(lane: LaneSpans, width: number): void {
    const scale = width / (this.#toMs - this.#fromMs);
    const { from, to, colour, spans } = lane;
    for (let i = lane.firstAt(this.#fromMs); i < spans.length && (from[i] as number) < this.#toMs; i++) {
      const left = Math.max(0, ((from[i] as number) - this.#fromMs) * scale) | 0;
      const right = Math.min(width, ((to[i] as number) - this.#fromMs) * scale);
      if (right < 0) continue;
      const pixel = this.#pixels[colour[i] as number] as number;
      const isTransfer = this.#store.titles[colour[i] as number] === "\ttransfer";
      if (right - left <= 1) {
        this.#lower[left] = pixel;
        if (!isTransfer) this.#row[left] = pixel;
      } else {
        // A gap of one pixel tells it from the next.
        const end = right - left > 3 ? Math.max(left + 1, Math.floor(right) - 1) : Math.ceil(right);
        this.#lower.fill(pixel, left, end);
        if (!isTransfer) this.#row.fill(pixel, left, end);
      }
    }
  }

  #write(context: CanvasRenderingContext2D, width: number, rowHeight: number, ratio: number): void {
    const scale = width / (this.#toMs - this.#fromMs);
    context.font = `${11 * ratio}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.fillStyle = "#fff";
    let index = 0;
    for (const lane of this.#store.lanes.values()) {
      const y = (index + 0.38) * rowHeight;
      index += 1;
      const least = (LEGIBLE * ratio) / scale;
      if (lane.longestMs < least) continue;
      for (let i = lane.firstAt(this.#fromMs); i < lane.spans.length && (lane.from[i] as number) < this.#toMs; i++) {
        const begin = Math.max(this.#fromMs, lane.from[i] as number);
        const ms = Math.min(this.#toMs, lane.to[i] as number) - begin;
        if (ms < least || lane.spans[i]?.kind === "transfer") continue;
        const x = (begin - this.#fromMs) * scale + 4 * ratio;
        const name = lane.spans[i]?.name ?? "";
        const letters = Math.floor((ms * scale - 8 * ratio) / (6 * ratio));
        context.fillText(name.length <= letters ? name : `${name.slice(0, Math.max(0, letters - 1))}…`, x, y);
      }
    }
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) return this.#move(event.deltaX / this.#canvas.clientWidth);
    this.#zoom(Math.exp(event.deltaY * 0.002), event.offsetX / this.#canvas.clientWidth);
  }

  #key(event: KeyboardEvent): void {
    const act = {
      ArrowLeft: () => this.#move(-0.2),
      ArrowRight: () => this.#move(0.2),
      "+": () => this.#zoom(0.7, 0.5),
      "=": () => this.#zoom(0.7, 0.5),
      "-": () => this.#zoom(1 / 0.7, 0.5),
      "0": () => this.showAll(),
      Home: () => this.showAll(),
    }[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  #zoom(factor: number, at: number): void {
    const middle = this.#fromMs + (this.#toMs - this.#fromMs) * at;
    this.show(middle - (middle - this.#fromMs) * factor, middle + (this.#toMs - middle) * factor);
    this.#options.moved?.();
  }

  #move(part: number): void {
    const by = (this.#toMs - this.#fromMs) * part;
    this.show(this.#fromMs + by, this.#toMs + by);
    this.#options.moved?.();
  }

  #point(event: PointerEvent): void {
    const { clientWidth, clientHeight } = this.#canvas;
    if (event.buttons === 1) return this.#move(-event.movementX / clientWidth);
    const msPerPixel = (this.#toMs - this.#fromMs) / clientWidth;
    const lane = [...this.#store.lanes.values()][Math.floor((event.offsetY / clientHeight) * this.#store.lanes.size)];
    const span = lane?.at(this.#fromMs + event.offsetX * msPerPixel, msPerPixel);
    this.#options.pointed(span, event.clientX, event.clientY);
  }
}

function paintOf(title: string): string {
  if (title === "\terror") return ERROR;
  return title === "\ttransfer" ? TRANSFER : colourOf(title);
}
