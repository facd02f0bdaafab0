// @ts-check
/** The picture in characters: each shows two pixels, the upper half block's colour and the one behind it. */

const WIDEST = 100;
const UNKNOWN = 24;

export class Preview {
  #picture;
  #across;
  #down;
  #cells;
  #colour;

  /**
   * @param {import("./picture.mjs").Picture} picture
   * @param {{ columns: number, rows: number, depth: number }} terminal its room in characters and its bits per colour
   */
  constructor(picture, { columns, rows, depth }) {
    const { width, height } = picture;
    const scale = Math.max(width / Math.min(columns - 1, WIDEST), height / (2 * Math.max(1, rows)), 1);
    this.#picture = picture;
    this.#across = Math.max(1, Math.floor(width / scale));
    this.#down = 2 * Math.max(1, Math.floor(height / scale / 2));
    this.#cells = new Uint8ClampedArray(this.#across * this.#down * 3).fill(UNKNOWN);
    this.#colour = depth >= 24 ? trueColour : paletteColour;
  }

  /**
   * Looks at a part of the picture again.
   * @param {import("./trace.mjs").Tile} tile
   */
  update({ x, y, width, height }) {
    const columnOf = (/** @type {number} */ at) => Math.floor((at * this.#across) / this.#picture.width);
    const rowOf = (/** @type {number} */ at) => Math.floor((at * this.#down) / this.#picture.height);
    for (let row = rowOf(y); row <= rowOf(y + height - 1); row++) {
      for (let column = columnOf(x); column <= columnOf(x + width - 1); column++) {
        this.#cells.set(this.#mean(column, row), (row * this.#across + column) * 3);
      }
    }
  }

  /** The preview as lines of text with their colours. */
  lines() {
    return Array.from({ length: this.#down / 2 }, (_, line) => {
      let text = "";
      for (let column = 0; column < this.#across; column++) {
        const above = this.#cellColour(column, 2 * line);
        const below = this.#cellColour(column, 2 * line + 1);
        text += `\x1b[38;${above};48;${below}m▀`;
      }
      return `${text}\x1b[0m`;
    });
  }

  /**
   * The mean colour of the pixels a cell covers.
   * @param {number} column
   * @param {number} row
   */
  #mean(column, row) {
    const { width, height, pixels } = this.#picture;
    const left = Math.floor((column * width) / this.#across);
    const top = Math.floor((row * height) / this.#down);
    const right = Math.max(left + 1, Math.floor(((column + 1) * width) / this.#across));
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * height) / this.#down));
    const sum = [0, 0, 0];
    for (let y = top; y < bottom; y++) {
      for (let i = (y * width + left) * 3; i < (y * width + right) * 3; i++) {
        sum[i % 3] = (sum[i % 3] ?? 0) + (pixels[i] ?? 0);
      }
    }
    return sum.map((part) => part / ((right - left) * (bottom - top)));
  }

  /**
   * @param {number} column
   * @param {number} row
   */
  #cellColour(column, row) {
    const at = (row * this.#across + column) * 3;
    return this.#colour(this.#cells[at] ?? 0, this.#cells[at + 1] ?? 0, this.#cells[at + 2] ?? 0);
  }
}

/**
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
function trueColour(red, green, blue) {
  return `2;${red};${green};${blue}`;
}

/**
 * The nearest of the 6 × 6 × 6 colours that older terminals have.
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
function paletteColour(red, green, blue) {
  const step = (/** @type {number} */ v) => (v < 48 ? 0 : v < 115 ? 1 : Math.floor((v - 35) / 40));
  return `5;${16 + 36 * step(red) + 6 * step(green) + step(blue)}`;
}
