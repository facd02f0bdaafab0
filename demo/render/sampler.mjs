// @ts-check
/**
 * Well-spread random numbers: the same for a pixel and a sample whoever draws them, so a picture does not depend on who rendered what.
 *
 * Points of the two-dimensional Sobol sequence, shuffled and scrambled by hashing (Burley, "Practical Hash-based Owen
 * Scrambling", 2020). Sixteen of them leave about as much noise as a hundred independent ones.
 */

/** @param {number} x */
function reverseBits(x) {
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return (x >>> 16) | (x << 16);
}

/**
 * Scrambles a number given in reversed bits: each bit is flipped by what stands above it.
 * @param {number} x
 * @param {number} seed
 */
function scrambleReversed(x, seed) {
  x = (x + seed) | 0;
  x ^= Math.imul(x, 0x6c50b47c);
  x ^= Math.imul(x, 0xb82f1e52);
  x ^= Math.imul(x, 0xc7afe638);
  return x ^ Math.imul(x, 0x8d22f6e6);
}

/**
 * Mixes two numbers into 32 bits that look like neither.
 * @param {number} a
 * @param {number} b
 */
export function hash(a, b) {
  let x = Math.imul(a ^ Math.imul(b ^ 0x9e3779b9, 0x85ebca6b), 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}

/**
 * The second Sobol dimension, its bits reversed: bit j gathers the bits k of `x` with an odd binomial "k over j", which
 * are those whose number contains j's.
 * @param {number} x
 */
function secondDimensionReversed(x) {
  x ^= (x >>> 1) & 0x55555555;
  x ^= (x >>> 2) & 0x33333333;
  x ^= (x >>> 4) & 0x0f0f0f0f;
  x ^= (x >>> 8) & 0x00ff00ff;
  return x ^ (x >>> 16);
}

export class Sampler {
  /** The numbers drawn last, each in [0, 1). */
  u = 0;
  v = 0;

  #seed = 0;
  #index = 0;
  #dimension = 0;

  /**
   * Begins sample number `index` of a pixel.
   * @param {number} seed differs from pixel to pixel
   * @param {number} index
   */
  start(seed, index) {
    this.#seed = seed;
    this.#index = index;
    this.#dimension = 0;
  }

  /** Draws the next two numbers, which are spread well together, into `u` and `v`. */
  next() {
    const seed = hash(this.#seed, this.#dimension++);
    // Each pair visits the points in an order of its own, else pairs would march in step.
    const index = reverseBits(scrambleReversed(reverseBits(this.#index), seed));
    this.u = (reverseBits(scrambleReversed(index, hash(seed, 1))) >>> 0) / 2 ** 32;
    this.v = (reverseBits(scrambleReversed(secondDimensionReversed(index), hash(seed, 2))) >>> 0) / 2 ** 32;
  }
}
