// @ts-check
/** The whole picture as tasks, submitted at once: tiles × passes, each tile's passes summed up by a tree of further tasks. */
import { fromModule } from "manyhands";
import { addUp } from "./tiles.mjs";

/** @typedef {import("./trace.mjs").Tile} Tile */

/** Each pixel of a glimpse stands for so many in a row and in a column. */
const GLIMPSE_BLOCK = 8;

/** References, not functions: the workers import the module, with all that it imports. */
const trace = /** @type {typeof import("./trace.mjs")} */ (fromModule(new URL("./trace.mjs", import.meta.url)));

/**
 * Submits the whole picture at once.
 *
 * Every tile's first pass goes first, so that a coarse picture (`glimpses`, if wanted) is there early; then tile after
 * tile is finished. Exposures are never fetched: they become pixels on the workers, and only `prints` come here.
 *
 * @param {import("manyhands").Client} client
 * @param {import("./scene.mjs").Scene} scene
 * @param {Tile[]} tiles
 * @param {{ wantGlimpses: boolean }} wishes
 */
export function submitPicture(client, scene, tiles, { wantGlimpses }) {
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
    return urgent.submit(trace.developTile, tile, addUp(urgent, [first, ...rest], trace.addExposures), samples, 1);
  });
  const sums = tiles.length * (passes - 1);
  return { exposures, glimpses, prints, taskCount: exposures.length + sums + glimpses.length + prints.length };
}
