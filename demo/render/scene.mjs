// @ts-check
/** What is drawn and from where: mesh, sky, sun and camera as plain typed arrays and numbers, ready to be scattered. */
import { Box3, Color, Vector3 } from "three";
import { MeshBVH } from "three-mesh-bvh";
import { tan } from "./exact.mjs";
import { loadMesh } from "./mesh.mjs";
import { createSky } from "./sky.mjs";

/** #23827a as light. */
const MESH_COLOUR = new Color().setRGB(0.016807, 0.223228, 0.194618);
const SUN = { elevation: 0.5, azimuth: -1.05 };
/** The direction looked from, the height looked at (as a part of the mesh's), and how much of the picture the mesh fills. */
const VIEW = { from: new Vector3(0.3, 0.09, 1), aim: 0.47, aside: 0.1, degrees: 28, fill: 0.72 };

/**
 * @typedef {object} Scene
 * @property {number} width
 * @property {number} height
 * @property {number} samples
 * @property {number} passes
 * @property {number} seed
 * @property {import("./sky.mjs").Sky} sky
 * @property {{ position: Float32Array, normal: Float32Array, color: Float32Array, bvh: import("three-mesh-bvh").SerializedBVH }} mesh
 * @property {{ eye: number[], forward: number[], right: number[], up: number[] }} camera
 *   `right` and `up` reach from the middle of the picture to its edges, at distance 1
 */

/**
 * @param {Pick<Scene, "width" | "height" | "samples" | "passes" | "seed">} wishes
 * @param {import("./mesh.mjs").MeshFile | undefined} file without one, the bunny is drawn
 * @returns {Promise<Scene>}
 */
export async function createScene({ width, height, samples, passes, seed }, file) {
  const geometry = await loadMesh(file, MESH_COLOUR);
  // Small leaves suit threads that run JavaScript: a box is cheaper to try than a triangle.
  const bvh = new MeshBVH(geometry, { targetLeafSize: 4 });
  const floats = (/** @type {string} */ name) => /** @type {Float32Array} */ (geometry.getAttribute(name).array);
  return {
    width,
    height,
    samples,
    passes,
    seed,
    sky: createSky(SUN),
    mesh: {
      position: floats("position"),
      normal: floats("normal"),
      color: floats("color"),
      bvh: MeshBVH.serialize(bvh),
    },
    camera: createCamera(floats("position"), width / height),
  };
}

/**
 * Looks at the mesh from where it just fits.
 * @param {Float32Array} position of the mesh's corners
 * @param {number} aspect
 * @returns {Scene["camera"]}
 */
function createCamera(position, aspect) {
  const half = tan((VIEW.degrees * Math.PI) / 360);
  const back = VIEW.from.clone().normalize();
  const right = new Vector3(0, 1, 0).cross(back).normalize();
  const up = back.clone().cross(right);
  const box = new Box3().setFromArray(position);
  const target = new Vector3(0, box.max.y * VIEW.aim, 0).addScaledVector(right, VIEW.aside);
  let distance = 0;
  for (let i = 0; i < position.length; i += 3) {
    const corner = new Vector3().fromArray(position, i).sub(target);
    const wide = Math.abs(corner.dot(right)) / aspect;
    const tall = Math.abs(corner.dot(up));
    distance = Math.max(distance, corner.dot(back) + Math.max(wide, tall) / (half * VIEW.fill));
  }
  return {
    eye: target.addScaledVector(back, distance).toArray(),
    forward: back.negate().toArray(),
    right: right.multiplyScalar(half * aspect).toArray(),
    up: up.multiplyScalar(half).toArray(),
  };
}
