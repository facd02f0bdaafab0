// @ts-check
/** The picture in tiles, and how the passes of a tile become its pixels: added up in pairs by tasks of their own. */

/** @typedef {import("./trace.mjs").Tile} Tile */
/**
 * @template T
 * @typedef {import("manyhands").Future<T>} Future
 */

/**
 * Cuts the picture up, the middle first: that is where there is something to see.
 * @param {{ width: number, height: number, tile: number }} options
 * @returns {Tile[]}
 */
export function cutTiles({ width, height, tile }) {
  /** @type {Tile[]} */
  const tiles = [];
  for (let y = 0; y < height; y += tile) {
    for (let x = 0; x < width; x += tile) {
      tiles.push({ x, y, width: Math.min(tile, width - x), height: Math.min(tile, height - y) });
    }
  }
  /** @param {Tile} t */
  const offCentre = (t) => Math.hypot(t.x + (t.width - width) / 2, t.y + (t.height - height) / 2);
  return tiles.sort((a, b) => offCentre(a) - offCentre(b));
}

/**
 * Adds exposures in pairs, and the sums in pairs, down to one. The shape of the tree depends on their number alone, so
 * the picture is the same to the bit whoever does the work.
 *
 * @template E
 * @param {import("manyhands").Client} client
 * @param {Future<E>[]} exposures
 * @param {(a: E, b: E) => E} add the task that adds two
 * @returns {Future<E>}
 */
export function addUp(client, exposures, add) {
  if (exposures.length === 1) return /** @type {Future<E>} */ (exposures[0]);
  const half = Math.ceil(exposures.length / 2);
  const left = addUp(client, exposures.slice(0, half), add);
  const right = addUp(client, exposures.slice(half), add);
  return /** @type {Future<E>} */ (client.submit(/** @type {(a: any, b: any) => any} */ (add), left, right));
}
