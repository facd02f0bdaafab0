// @ts-check
/** What light looks like in a picture: bright parts roll off as on film instead of burning out. */

import { power } from "./exact.mjs";

const EXPOSURE = 1;

/**
 * Turns linear light into sRGB, each part from 0 to 1, by Stephen Hill's fit of the film industry's ACES transform.
 *
 * @param {import("three").Vector3} light is changed in place
 */
export function film(light) {
  const { x, y, z } = light.multiplyScalar(EXPOSURE);
  const r = rollOff(0.59719 * x + 0.35458 * y + 0.04823 * z);
  const g = rollOff(0.076 * x + 0.90834 * y + 0.01566 * z);
  const b = rollOff(0.0284 * x + 0.13383 * y + 0.83777 * z);
  return light.set(
    toSrgb(1.60475 * r - 0.53108 * g - 0.07367 * b),
    toSrgb(-0.10208 * r + 1.10813 * g - 0.00605 * b),
    toSrgb(-0.00327 * r - 0.07276 * g + 1.07602 * b),
  );
}

/** @param {number} v */
function rollOff(v) {
  return (v * (v + 0.0245786) - 0.000090537) / (v * (0.983729 * v + 0.432951) + 0.238081);
}

/** @param {number} v */
function toSrgb(v) {
  const linear = Math.min(1, Math.max(0, v));
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * power(linear, 1 / 2.4) - 0.055;
}
