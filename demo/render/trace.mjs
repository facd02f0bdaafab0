// @ts-check
/** The tasks: what a worker does with a tile. Pictures in the making stay with the workers; only finished pixels leave them. */
import { Vector3 } from "three";
import { film } from "./film.mjs";
import { PathTracer } from "./path.mjs";
import { hash, Sampler } from "./sampler.mjs";

/** @typedef {import("./scene.mjs").Scene} Scene */
/** @typedef {{ x: number, y: number, width: number, height: number }} Tile */
/**
 * Light summed up over samples, and the time a thread spent on it.
 * @typedef {{ light: Float32Array, milliseconds: number }} Exposure
 */
/**
 * Each of its pixels covers `block` × `block` of the picture's.
 * @typedef {Tile & { block: number, pixels: Uint8ClampedArray, milliseconds: number }} Print
 */

/**
 * A scattered scene is the same object to every task on a worker: its tree is made ready once.
 * @type {WeakMap<Scene, PathTracer>}
 */
const tracers = new WeakMap();

/**
 * Traces one pass of a tile: the samples whose turn it is.
 *
 * @param {Scene} scene
 * @param {Tile} tile
 * @param {number} pass
 * @returns {Exposure}
 */
export function exposeTile(scene, tile, pass) {
  const start = performance.now();
  let tracer = tracers.get(scene);
  if (tracer === undefined) {
    tracer = new PathTracer(scene);
    tracers.set(scene, tracer);
  }
  const { camera, width, height, samples, passes, seed } = scene;
  const first = Math.floor((pass * samples) / passes);
  const end = Math.floor(((pass + 1) * samples) / passes);
  const eye = new Vector3(...camera.eye);
  const forward = new Vector3(...camera.forward);
  const right = new Vector3(...camera.right);
  const up = new Vector3(...camera.up);
  const sampler = new Sampler();
  const direction = new Vector3();
  const found = new Vector3();
  const sum = new Vector3();
  const light = new Float32Array(tile.width * tile.height * 3);
  for (let row = 0; row < tile.height; row++) {
    for (let column = 0; column < tile.width; column++) {
      const x = tile.x + column;
      const y = tile.y + row;
      sum.set(0, 0, 0);
      for (let sample = first; sample < end; sample++) {
        sampler.start(hash(hash(seed, x), y), sample);
        sampler.next();
        direction.copy(forward);
        direction.addScaledVector(right, (2 * (x + 0.5 + tent(sampler.u))) / width - 1);
        direction.addScaledVector(up, 1 - (2 * (y + 0.5 + tent(sampler.v))) / height);
        tracer.trace(eye, direction.normalize(), sampler, found);
        sum.add(found);
      }
      sum.toArray(light, (row * tile.width + column) * 3);
    }
  }
  return { light, milliseconds: performance.now() - start };
}

/** Spreads a number in [0, 1) over (-1, 1), dense in the middle: pixels that overlap a little make smoother edges. */
function tent(/** @type {number} */ u) {
  return u < 0.5 ? Math.sqrt(2 * u) - 1 : 1 - Math.sqrt(2 - 2 * u);
}

/**
 * Adds two exposures of a tile. Which two is up to the caller, and always the same two, since sums of floats depend on their order.
 *
 * @param {Exposure} a
 * @param {Exposure} b
 * @returns {Exposure}
 */
export function addExposures(a, b) {
  return {
    light: a.light.map((value, i) => value + /** @type {number} */ (b.light[i])),
    milliseconds: a.milliseconds + b.milliseconds,
  };
}

/**
 * Makes pixels of an exposure: the mean of its samples, as film would show it.
 *
 * @param {Tile} tile
 * @param {Exposure} exposure
 * @param {number} samples how many it sums up
 * @param {number} block 1 for all the pixels; n for one instead of n × n, a glimpse to show meanwhile
 * @returns {Print}
 */
export function developTile(tile, { light, milliseconds }, samples, block) {
  const columns = Math.ceil(tile.width / block);
  const rows = Math.ceil(tile.height / block);
  const pixels = new Uint8ClampedArray(columns * rows * 3);
  const mean = new Vector3();
  const point = new Vector3();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const right = Math.min(tile.width, (column + 1) * block);
      const bottom = Math.min(tile.height, (row + 1) * block);
      mean.set(0, 0, 0);
      for (let y = row * block; y < bottom; y++) {
        for (let x = column * block; x < right; x++) mean.add(point.fromArray(light, (y * tile.width + x) * 3));
      }
      mean.divideScalar(samples * (right - column * block) * (bottom - row * block));
      // Half a step of noise, so that the smooth sky does not fall into bands.
      const grain = (hash(hash(tile.x + column, 7), tile.y + row) >>> 0) / 2 ** 32 - 0.5;
      const shown = film(mean).multiplyScalar(255).addScalar(grain);
      shown.toArray(/** @type {any} */ (pixels), (row * columns + column) * 3);
    }
  }
  return { ...tile, block, pixels, milliseconds };
}
