// @ts-check
/** How long this thread alone would take for the picture: the number that the cluster's time is compared with. */
import { addExposures, developTile, exposeTile } from "./trace.mjs";

/** A sample stops after so long. */
const SAMPLE_MS = 1500;
const SMALLEST_SAMPLE = 3;

/**
 * Renders tiles on this thread, with nothing else going on, and scales up.
 *
 * Tiles differ a lot, so what is scaled is not the time per tile but the ratio to the time that workers spent on the same tiles.
 *
 * @param {import("./scene.mjs").Scene} scene
 * @param {import("./trace.mjs").Print[]} prints all that the workers did
 * @param {"sample" | "all"} how
 * @returns {{ seconds: number, measured: number }} and how many tiles it measured
 */
export function measureOneThread(scene, prints, how) {
  // The golden ratio spreads any number of first picks evenly over the picture.
  const order = prints.map((print, i) => ({ print, rank: (i * 0.618034) % 1 })).sort((a, b) => a.rank - b.rank);
  for (const { print } of order.slice(0, 2)) exposeTile(scene, print, 0); // Compiles the code, as the workers' first tiles did.

  const start = performance.now();
  let measured = 0;
  let workersSpent = 0;
  for (const { print } of order) {
    renderTile(scene, print);
    measured++;
    workersSpent += print.milliseconds;
    if (how === "sample" && measured >= SMALLEST_SAMPLE && performance.now() - start > SAMPLE_MS) break;
  }
  const spent = performance.now() - start;
  const workersTotal = prints.reduce((sum, print) => sum + print.milliseconds, 0);
  return { seconds: (spent * workersTotal) / workersSpent / 1000, measured };
}

/**
 * @param {import("./scene.mjs").Scene} scene
 * @param {import("./trace.mjs").Tile} tile
 */
function renderTile(scene, tile) {
  let sum = exposeTile(scene, tile, 0);
  for (let pass = 1; pass < scene.passes; pass++) sum = addExposures(sum, exposeTile(scene, tile, pass));
  developTile(tile, sum, scene.samples, 1);
}
