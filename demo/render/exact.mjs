// @ts-check
/**
 * Functions of numbers that come out alike, to the last bit, in every engine. Those of `Math` do not: engines compute `sin` or `exp` in ways of
 * their own, and a picture whose tiles were drawn by several would show it. Sums, products, quotients and square roots are the same everywhere,
 * so these are made of series of them. They are good to fourteen digits.
 */

const HALF_PI = Math.PI / 2;
const LN2 = Math.LN2;

/** sine = x - x³/3! + x⁵/5! …: what each term is multiplied by to become the next. */
const SINE = steps(8, (n) => -1 / (2 * n * (2 * n + 1)));
const COSINE = steps(8, (n) => -1 / ((2 * n - 1) * (2 * n)));
const EXPONENTIAL = steps(14, (n) => 1 / n);
const ARC_SINE = steps(24, (n) => ((2 * n - 1) * (2 * n - 1)) / (2 * n * (2 * n + 1)));
const LOGARITHM = steps(11, (n) => (2 * n - 1) / (2 * n + 1));

/** @param {number} count @param {(n: number) => number} step */
function steps(count, step) {
  return Float64Array.from({ length: count }, (_, i) => step(i + 1));
}

/**
 * 1 + x·s₁ + x²·s₁s₂ + …, from the inside out.
 *
 * @param {Float64Array} series
 * @param {number} x
 */
function sum(series, x) {
  let value = 1;
  for (let i = series.length - 1; i >= 0; i--) value = 1 + value * x * /** @type {number} */ (series[i]);
  return value;
}

/** @param {number} x some turns at most, for more lose digits */
export function sin(x) {
  const quarters = Math.round(x / HALF_PI);
  const rest = x - quarters * HALF_PI;
  const value = (quarters & 1) === 0 ? rest * sum(SINE, rest * rest) : sum(COSINE, rest * rest);
  return (quarters & 2) === 0 ? value : -value;
}

/** @param {number} x */
export function cos(x) {
  const quarters = Math.round(x / HALF_PI);
  const rest = x - quarters * HALF_PI;
  const value = (quarters & 1) === 0 ? sum(COSINE, rest * rest) : rest * sum(SINE, rest * rest);
  return ((quarters + 1) & 2) === 0 ? value : -value;
}

/** @param {number} x */
export function tan(x) {
  return sin(x) / cos(x);
}

/** A number and its bits, of which the upper word has the exponent. */
const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);

/** @param {number} x */
export function exp(x) {
  const doublings = Math.round(x / LN2);
  if (doublings < -1000) return 0;
  if (doublings > 1000) return Number.POSITIVE_INFINITY;
  number[0] = 1;
  words[1] = (1023 + doublings) << 20;
  return sum(EXPONENTIAL, x - doublings * LN2) * /** @type {number} */ (number[0]);
}

/** @param {number} x more than nothing, and not so little that its exponent is 0 */
export function log(x) {
  number[0] = x;
  const high = words[1] ?? 0;
  let doublings = (high >>> 20) - 1023;
  words[1] = high - (doublings << 20);
  let rest = /** @type {number} */ (number[0]); // From 1 to 2.
  if (rest > Math.SQRT2) {
    rest /= 2;
    doublings += 1;
  }
  const part = (rest - 1) / (rest + 1);
  return doublings * LN2 + 2 * part * sum(LOGARITHM, part * part);
}

/** @param {number} x as for {@link log} @param {number} exponent */
export function power(x, exponent) {
  return exp(exponent * log(x));
}

/** @param {number} x from -1 to 1 @returns {number} */
export function asin(x) {
  if (x < 0) return -asin(-x);
  if (x <= 0.5) return x * sum(ARC_SINE, x * x);
  const half = (1 - x) / 2;
  return HALF_PI - 2 * Math.sqrt(half) * sum(ARC_SINE, half);
}

/** @param {number} x from -1 to 1 */
export function acos(x) {
  return HALF_PI - asin(x);
}
