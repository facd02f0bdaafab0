// @ts-check
/** The picture as tasks: tiles × passes mapped over the workers, each tile's passes summed up by a tree of further tasks. */
import { fromModule } from "manyhands";

/** @typedef {import("./trace.mjs").Tile} Tile */
/** @typedef {import("./trace.mjs").Print} Print */
/** @typedef {import("./trace.mjs").Exposure} Exposure */
/**
 * @template T
 * @typedef {import("manyhands").Future<T>} Future
 */

/** Each pixel of a glimpse stands for so many in a row and in a column. */
const GLIMPSE_BLOCK = 8;

/**
 * What workers do with a tile. Of whoever brings functions of their own, these may say more in what they return.
 * @typedef {Pick<typeof import("./trace.mjs"), "exposeTile" | "addExposures" | "developTile">} Trace
 */

/** References, not functions: the workers import the module, with all that it imports. */
export const ownTrace = /** @type {Trace} */ (
  /** @type {unknown} */ (fromModule(new URL("./trace.mjs", import.meta.url)))
);

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
 * Submits the whole picture at once.
 *
 * Every tile's first pass goes first, so that a coarse picture (`glimpses`, if wanted) is there early; then tile after
 * tile is finished. Exposures are never fetched: they become pixels on the workers, and only `prints` come here.
 *
 * @param {import("manyhands").Client} client
 * @param {import("./scene.mjs").Scene} scene
 * @param {Tile[]} tiles
 * @param {{ wantGlimpses: boolean, trace?: Trace }} wishes
 */
export function submitPicture(client, scene, tiles, { wantGlimpses, trace = ownTrace }) {
  const { samples, passes } = scene;
  const scattered = client.scatter(scene);
  // What takes a moment and shows something goes before what takes long.
  const urgent = client.with({ priority: 1 });
  const begun = tiles.map((tile) => ({ tile, first: client.submit(trace.exposeTile, scattered, tile, 0) }));
  const firstSamples = Math.floor(samples / passes);
  const glimpses = wantGlimpses
    ? begun.map(({ tile, first }) => urgent.submit(trace.developTile, tile, first, firstSamples, GLIMPSE_BLOCK))
    : [];

  const exposures = begun.map(({ first }) => first);
  const laterPasses = Array.from({ length: passes - 1 }, (_, i) => i + 1);
  const prints = begun.map(({ tile, first }) => {
    const scenes = laterPasses.map(() => scattered);
    const places = laterPasses.map(() => tile);
    const rest = client.map(trace.exposeTile, scenes, places, laterPasses);
    exposures.push(...rest);
    return urgent.submit(trace.developTile, tile, addUp(urgent, [first, ...rest], trace), samples, 1);
  });
  const sums = tiles.length * (passes - 1);
  return { exposures, glimpses, prints, taskCount: exposures.length + sums + glimpses.length + prints.length };
}

/**
 * Adds exposures in pairs, and the sums in pairs, down to one. The shape of the tree depends on their number alone, so
 * the picture is the same to the bit whoever does the work.
 *
 * @param {import("manyhands").Client} client
 * @param {Future<Exposure>[]} exposures
 * @param {Trace} trace
 * @returns {Future<Exposure>}
 */
function addUp(client, exposures, trace) {
  if (exposures.length === 1) return /** @type {Future<Exposure>} */ (exposures[0]);
  const half = Math.ceil(exposures.length / 2);
  const left = addUp(client, exposures.slice(0, half), trace);
  const right = addUp(client, exposures.slice(half), trace);
  return client.submit(trace.addExposures, left, right);
}
