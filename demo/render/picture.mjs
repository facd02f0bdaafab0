// @ts-check
/** The picture as it comes together from prints, and its file. */
import { writeFile } from "node:fs/promises";
import { encode } from "fast-png";
import { BadInput } from "./bad-input.mjs";

export class Picture {
  /** @readonly */ width;
  /** @readonly */ height;
  /** Red, green and blue of each pixel; black where nothing is known yet. */
  pixels;

  /** @param {{ width: number, height: number }} size */
  constructor({ width, height }) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8ClampedArray(width * height * 3);
  }

  /**
   * Puts a tile's print in its place.
   * @param {import("./trace.mjs").Print} print
   */
  paint({ x, y, width, height, block, pixels }) {
    const columns = Math.ceil(width / block);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const from = (Math.floor(row / block) * columns + Math.floor(column / block)) * 3;
        this.pixels.set(pixels.subarray(from, from + 3), ((y + row) * this.width + x + column) * 3);
      }
    }
  }

  /** @param {string} path */
  async write(path) {
    const { width, height, pixels } = this;
    const png = encode({ width, height, channels: 3, data: pixels });
    await writeFile(path, png).catch((/** @type {Error} */ error) => {
      throw new BadInput(`${path} cannot be written: ${error.message}`);
    });
  }
}
