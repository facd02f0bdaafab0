// @ts-check
/**
 * What the terminal shows meanwhile: a preview above a progress bar, or plain lines where nobody is watching.
 *
 * Libraries that redraw a block of lines parse every colour code of every frame, 12 ms for this preview. The thread that
 * draws is the scheduler's too, so here the cursor just moves up and the new lines go over the old.
 */
import { Preview } from "./preview.mjs";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const FRAME_MS = 80;
const LONGEST_BAR = 40;

/**
 * @typedef {object} Display
 * @property {(part: import("./trace.mjs").Tile) => void} painted this part of the picture has changed
 * @property {(done: number) => void} progressed so many tasks are done
 * @property {() => void} end
 */

/**
 * @param {NodeJS.WriteStream} stream
 * @param {import("./picture.mjs").Picture} picture
 * @param {number} total tasks to do
 * @returns {Display}
 */
export function createDisplay(stream, picture, total) {
  const pace = new Pace(total);
  return stream.isTTY ? liveDisplay(stream, picture, pace) : plainDisplay(stream, pace);
}

/** @param {number} seconds */
export function formatSeconds(seconds) {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** How much is done, how fast it went, and how long the rest will take at that rate. */
class Pace {
  #start = performance.now();
  #total;
  done = 0;

  /** @param {number} total */
  constructor(total) {
    this.#total = total;
  }

  get fraction() {
    return this.done / this.#total;
  }

  describe() {
    const seconds = (performance.now() - this.#start) / 1000;
    const left = (seconds / this.done) * (this.#total - this.done);
    const time = left > 0 ? `ETA ${this.done === 0 ? "?" : formatSeconds(left)}` : `in ${formatSeconds(seconds)}`;
    const percent = `${Math.floor(100 * this.fraction)} %`.padStart(6);
    return `${percent}  ${this.done}/${this.#total} passes  ${(this.done / seconds).toFixed(1)}/s  ${time}`;
  }
}

/**
 * A line each time another tenth is done.
 * @param {NodeJS.WriteStream} stream
 * @param {Pace} pace
 * @returns {Display}
 */
function plainDisplay(stream, pace) {
  let tenths = 0;
  return {
    painted() {},
    progressed(done) {
      pace.done = done;
      if (Math.floor(10 * pace.fraction) === tenths) return;
      tenths = Math.floor(10 * pace.fraction);
      stream.write(`${pace.describe()}\n`);
    },
    end() {},
  };
}

/**
 * @param {NodeJS.WriteStream} stream
 * @param {import("./picture.mjs").Picture} picture
 * @param {Pace} pace
 * @returns {Display}
 */
function liveDisplay(stream, picture, pace) {
  const columns = stream.columns || 80;
  const depth = stream.getColorDepth();
  const room = { columns, rows: (stream.rows || 24) - 3, depth };
  const preview = depth >= 8 ? new Preview(picture, room) : undefined;
  let height = 0;
  let drawnAt = -Infinity;

  const draw = () => {
    drawnAt = performance.now();
    const lines = [...(preview?.lines() ?? []), barAndText(pace, columns - 1)];
    const up = height > 0 ? `\x1b[${height}A` : "";
    height = lines.length;
    stream.write(`${HIDE_CURSOR}${up}${lines.map((line) => `\r${line}\x1b[K\n`).join("")}`);
  };
  // No timer: the picture changes only when something arrives.
  const drawSoon = () => {
    if (performance.now() - drawnAt > FRAME_MS) draw();
  };
  const showCursor = () => {
    stream.write(SHOW_CURSOR);
  };
  process.once("exit", showCursor);
  return {
    painted(part) {
      preview?.update(part);
      drawSoon();
    },
    progressed(done) {
      pace.done = done;
      drawSoon();
    },
    end() {
      draw();
      process.off("exit", showCursor);
      showCursor();
    },
  };
}

/**
 * @param {Pace} pace
 * @param {number} columns
 */
function barAndText(pace, columns) {
  const text = pace.describe();
  const length = Math.max(0, Math.min(LONGEST_BAR, columns - text.length));
  const filled = Math.round(length * pace.fraction);
  return `${"█".repeat(filled)}${"░".repeat(length - filled)}${text}`.slice(0, columns);
}
