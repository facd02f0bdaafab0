// @ts-check
/** Directions given by an axis, an angle around it and a distance from it. */
import { Vector3 } from "three";
import { cos, sin } from "./exact.mjs";

const tangent = new Vector3();
const bitangent = new Vector3();

/**
 * Writes the vector that goes `along` an axis and as far as `aside` from it, in the direction `turn` (from 0 to 1).
 *
 * @param {Vector3} axis a unit vector
 * @param {number} aside
 * @param {number} turn
 * @param {number} along
 * @param {Vector3} out
 */
export function around(axis, aside, turn, along, out) {
  // Duff et al., "Building an Orthonormal Basis, Revisited", 2017.
  const sign = axis.z >= 0 ? 1 : -1;
  const a = -1 / (sign + axis.z);
  const b = axis.x * axis.y * a;
  tangent.set(1 + sign * axis.x * axis.x * a, sign * b, -sign * axis.x);
  bitangent.set(b, sign + axis.y * axis.y * a, -axis.y);
  out.copy(axis).multiplyScalar(along);
  out.addScaledVector(tangent, aside * cos(2 * Math.PI * turn));
  return out.addScaledVector(bitangent, aside * sin(2 * Math.PI * turn));
}
