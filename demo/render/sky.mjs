// @ts-check
/**
 * The light of a clear day, worked out in advance into a small table.
 *
 * The sky is Preetham's ("A Practical Analytic Model for Daylight", 1999): Perez' formula, which brightens towards the
 * horizon and around the sun, for luminance and for both coordinates of the colour. The sun is what the air lets through.
 */

import { Vector3 } from "three";
import { acos, asin, cos, exp, sin, tan } from "./exact.mjs";

/** @typedef {readonly [number, number, number]} Rgb */
/** @typedef {{ size: number, texels: Float32Array, toSun: Rgb, sunlight: Rgb }} Sky */

/** How hazy the air is: 2 on a crisp day, 6 on a dull one. */
const TURBIDITY = 2;
const TABLE_SIZE = 64;
/** Above the air. Half more than the real sun's: pictures like contrast. */
const SUN_KILOLUX = 190;
/** Our unit of light in those of the model, thousands of candela per square metre: puts what is shown near 1. */
const BRIGHTNESS = 0.06;

/**
 * Perez' five coefficients for luminance Y and chromaticities x and y.
 * @param {number} t turbidity
 */
const coefficients = (t) => ({
  Y: [0.1787 * t - 1.463, -0.3554 * t + 0.4275, -0.0227 * t + 5.3251, 0.1206 * t - 2.5771, -0.067 * t + 0.3703],
  x: [-0.0193 * t - 0.2592, -0.0665 * t + 0.0008, -0.0004 * t + 0.2125, -0.0641 * t - 0.8989, -0.0033 * t + 0.0452],
  y: [-0.0167 * t - 0.2608, -0.095 * t + 0.0092, -0.0079 * t + 0.2102, -0.0441 * t - 1.6537, -0.0109 * t + 0.0529],
});

/**
 * The same three straight overhead.
 * @param {number} t turbidity
 * @param {number} s angle between the sun and the zenith
 */
const zenith = (t, s) => ({
  Y: (4.0453 * t - 4.971) * tan((4 / 9 - t / 120) * (Math.PI - 2 * s)) - 0.2155 * t + 2.4192,
  x:
    t * t * (0.00166 * s * s * s - 0.00375 * s * s + 0.00209 * s) +
    t * (-0.02903 * s * s * s + 0.06377 * s * s - 0.03202 * s + 0.00394) +
    (0.11693 * s * s * s - 0.21196 * s * s + 0.06052 * s + 0.25886),
  y:
    t * t * (0.00275 * s * s * s - 0.0061 * s * s + 0.00317 * s) +
    t * (-0.04214 * s * s * s + 0.0897 * s * s - 0.04153 * s + 0.00516) +
    (0.15346 * s * s * s - 0.26756 * s * s + 0.0667 * s + 0.26688),
});

/**
 * @param {number[]} coefficients
 * @param {number} sine of the elevation
 * @param {number} angle to the sun
 */
function perez([a = 0, b = 0, c = 0, d = 0, e = 0], sine, angle) {
  return (1 + a * exp(b / Math.max(0.01, sine))) * (1 + c * exp(d * angle) + e * cos(angle) * cos(angle));
}

/**
 * Luminance and chromaticities as linear sRGB.
 * @param {{ Y: number, x: number, y: number }} colour
 * @returns {Rgb}
 */
function toRgb({ Y, x, y }) {
  const X = (x / y) * Y;
  const Z = ((1 - x - y) / y) * Y;
  return [
    Math.max(0, 3.2406 * X - 1.5372 * Y - 0.4986 * Z),
    Math.max(0, -0.9689 * X + 1.8758 * Y + 0.0415 * Z),
    Math.max(0, 0.0557 * X - 0.204 * Y + 1.057 * Z),
  ];
}

/**
 * The sky for a sun standing at `elevation` and `azimuth`, in radians.
 * @param {{ elevation: number, azimuth: number }} sun
 * @returns {Sky}
 */
export function createSky({ elevation, azimuth }) {
  const sunSine = sin(elevation);
  const sunCosine = cos(elevation);
  const shape = coefficients(TURBIDITY);
  const above = zenith(TURBIDITY, Math.PI / 2 - elevation);
  const texels = new Float32Array(TABLE_SIZE * TABLE_SIZE * 3);
  for (let row = 0; row < TABLE_SIZE; row++) {
    // Rows crowd towards the horizon, where the sky changes fastest.
    const part = row / (TABLE_SIZE - 1);
    const rise = part * part * (Math.PI / 2);
    for (let column = 0; column < TABLE_SIZE; column++) {
      const turn = (column / (TABLE_SIZE - 1)) * Math.PI;
      const angle = acos(Math.min(1, sin(rise) * sunSine + cos(rise) * sunCosine * cos(turn)));
      const value = (/** @type {"Y" | "x" | "y"} */ of) =>
        (above[of] * perez(shape[of], sin(rise), angle)) / perez(shape[of], 1, Math.PI / 2 - elevation);
      texels.set(toRgb({ Y: BRIGHTNESS * value("Y"), x: value("x"), y: value("y") }), (row * TABLE_SIZE + column) * 3);
    }
  }
  return {
    size: TABLE_SIZE,
    texels,
    toSun: [sunCosine * sin(azimuth), sunSine, sunCosine * cos(azimuth)],
    sunlight: sunlight(sunSine),
  };
}

/**
 * Direct sunlight on a surface that faces it.
 * @param {number} sine of the sun's elevation
 * @returns {Rgb}
 */
function sunlight(sine) {
  const outside = SUN_KILOLUX * BRIGHTNESS;
  const haze = 0.046 * TURBIDITY - 0.046;
  const left = (/** @type {number} */ air) => outside * exp(-(air + haze) / sine);
  return [left(0.05), left(0.105), left(0.24)];
}

/**
 * Looks up the sky along a unit vector, without the sun's disc, and writes the colour to `out`.
 *
 * @param {Sky} sky
 * @param {Vector3} direction
 * @param {Vector3} out
 */
export function skyLight({ size, texels, toSun }, { x, y, z }, out) {
  const level = Math.sqrt((x * x + z * z) * (toSun[0] * toSun[0] + toSun[2] * toSun[2]));
  const turnCosine = level > 1e-9 ? (x * toSun[0] + z * toSun[2]) / level : 1;
  const column = (acos(Math.max(-1, Math.min(1, turnCosine))) / Math.PI) * (size - 1);
  const row = Math.sqrt(asin(Math.max(0, Math.min(1, y))) / (Math.PI / 2)) * (size - 1);
  const left = Math.min(size - 2, Math.floor(column));
  const below = Math.min(size - 2, Math.floor(row));
  const s = column - left;
  const t = row - below;
  const texel = (below * size + left) * 3;
  out.fromArray(texels, texel).multiplyScalar((1 - s) * (1 - t));
  out.addScaledVector(corner.fromArray(texels, texel + 3), s * (1 - t));
  out.addScaledVector(corner.fromArray(texels, texel + size * 3), (1 - s) * t);
  return out.addScaledVector(corner.fromArray(texels, texel + size * 3 + 3), s * t);
}

const corner = new Vector3();
