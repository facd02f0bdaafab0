// @ts-check
/** Makes of a file's bytes, or of the Stanford bunny, one geometry that stands on the ground. Uses nothing of Node: pages draw, too. */
import bunny from "bunny";
import { Box3, BufferAttribute, BufferGeometry, Color, Mesh, Sphere, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { OBJLoader } from "three/addons/loaders/OBJLoader.js";
import { mergeGeometries, mergeVertices, toCreasedNormals } from "three/addons/utils/BufferGeometryUtils.js";
// By its file: the package's main entry would load the CommonJS build, and with it three a second time.
import { LoopSubdivision } from "three-subdivide/src/index.js";
import { BadInput } from "./bad-input.mjs";

/** Edges sharper than this stay sharp where a file brings no normals. */
const CREASE_ANGLE = Math.PI / 5;
/** "glTF", which such a file begins with. */
const GLTF_MAGIC = 0x46546c67;

/**
 * @typedef {object} MeshFile
 * @property {string} name which says by its end whether it is an .obj or a .glb file
 * @property {Uint8Array<ArrayBuffer>} bytes
 */

/**
 * @param {MeshFile | undefined} file without one, the bunny
 * @param {Color} colour of whatever brings no colour
 * @returns {Promise<BufferGeometry>} triangles with `position`, `normal` and `color`, standing on y = 0, within a sphere of radius 1
 */
export async function loadMesh(file, colour) {
  const meshes = file === undefined ? [stanfordBunny(colour)] : await readMeshes(file, colour);
  const parts = meshes.map(inPlace);

  const box = new Box3();
  for (const part of parts) box.union(new Box3().setFromArray(part.getAttribute("position").array));
  const { radius, center } = box.getBoundingSphere(new Sphere());
  if (!(radius > 0 && radius < Infinity))
    throw new BadInput(`${file?.name ?? "the bunny"} has no extent, or corners that are missing or no numbers`);

  const standing = parts.map((part) => {
    // The search for shared corners rounds to hundredths, so it is done at a size where those are small.
    part.translate(-center.x, -box.min.y, -center.z).scale(1000 / radius, 1000 / radius, 1000 / radius);
    return part.hasAttribute("normal") ? part.toNonIndexed() : toCreasedNormals(part, CREASE_ANGLE);
  });
  return mergeGeometries(standing).scale(1 / 1000, 1 / 1000, 1 / 1000);
}

/**
 * The package's bunny has 3674 triangles; a round of Loop's subdivision takes the corners off its outline.
 * @param {Color} color
 */
function stanfordBunny(color) {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(bunny.positions.flat()), 3));
  geometry.setIndex(bunny.cells.flat());
  const smooth = mergeVertices(LoopSubdivision.modify(geometry, 1, { split: false }).deleteAttribute("normal"));
  smooth.computeVertexNormals();
  return coloured(new Mesh(smooth), color);
}

/**
 * Which kind of file that is, by its name.
 *
 * @param {string} name
 * @returns {".obj" | ".glb"}
 * @throws {BadInput} if it is neither
 */
export function kindOfMesh(name) {
  const [kind] = /\.(obj|glb)$/i.exec(name) ?? [];
  if (kind === undefined) throw new BadInput(`${name} is neither .obj nor .glb`);
  return /** @type {".obj" | ".glb"} */ (kind.toLowerCase());
}

/**
 * @param {MeshFile} file
 * @param {Color} colour
 * @returns {Promise<Mesh[]>}
 */
async function readMeshes({ name, bytes }, colour) {
  const kind = kindOfMesh(name);
  try {
    const root = kind === ".obj" ? parseObj(bytes, colour) : await parseGlb(bytes);
    root.updateMatrixWorld(true);
    /** @type {Mesh[]} */
    const meshes = [];
    root.traverse((object) => {
      if (object instanceof Mesh && object.geometry.getAttribute("position")?.count >= 3) meshes.push(object);
    });
    if (meshes.length === 0) throw new Error("no triangles in it");
    return meshes;
  } catch (error) {
    throw new BadInput(`${name} cannot be drawn: ${/** @type {Error} */ (error).message}`, { cause: error });
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {Color} colour
 */
function parseObj(bytes, colour) {
  const text = new TextDecoder().decode(bytes);
  // The loader would complain on the console about each line of some other text.
  if (!/^\s*f\s/m.test(text)) throw new Error("no triangles in it");
  const root = new OBJLoader().parse(text);
  const bringsNormals = /^\s*vn\s/m.test(text);
  root.traverse((object) => {
    if (!(object instanceof Mesh)) return;
    coloured(object, colour); // Its own, white, is the loader's: colours of an .obj are in another file.
    if (!bringsNormals) object.geometry.deleteAttribute("normal"); // The loader's are flat.
  });
  return root;
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function parseGlb(bytes) {
  const { scene } = await new GLTFLoader().parseAsync(withoutTextures(bytes), "");
  return scene;
}

/**
 * The same GLB without images, which the loader can decode only in a page, and with nothing of its materials but the colour.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {ArrayBuffer}
 */
function withoutTextures(bytes) {
  const numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 20 || numbers.getUint32(0, true) !== GLTF_MAGIC || numbers.getUint32(4, true) !== 2) {
    throw new Error("not a binary glTF 2.0 file");
  }
  if (numbers.getUint32(8, true) > bytes.length) throw new Error("its end is missing");
  const rest = 20 + numbers.getUint32(12, true);
  const gltf = JSON.parse(new TextDecoder().decode(bytes.subarray(20, rest)));
  const unread = gltf.extensionsUsed?.find((/** @type {string} */ name) => /draco|meshopt|instancing/.test(name));
  if (unread !== undefined) throw new Error(`it uses ${unread}, which this demo does not read`);
  for (const name of ["images", "textures", "samplers", "animations"]) delete gltf[name];
  gltf.materials = gltf.materials?.map((/** @type {any} */ { pbrMetallicRoughness: { baseColorFactor } = {} }) => ({
    pbrMetallicRoughness: { baseColorFactor },
  }));

  const json = new TextEncoder().encode(JSON.stringify(gltf));
  const padded = json.length + (-json.length & 3);
  const whole = new Uint8Array(20 + padded + bytes.length - rest);
  whole.set(bytes.subarray(0, 20));
  whole.fill(0x20, 20, 20 + padded).set(json, 20);
  whole.set(bytes.subarray(rest), 20 + padded);
  const header = new DataView(whole.buffer);
  header.setUint32(8, whole.length, true);
  header.setUint32(12, padded, true);
  return whole.buffer;
}

/**
 * @param {Mesh} mesh
 * @param {Color} color
 */
function coloured(mesh, color) {
  return Object.assign(mesh, { material: { color } });
}

/**
 * The mesh's triangles where its nodes, bones and morph weights put them, its colour in every corner.
 * @param {Mesh} mesh
 */
function inPlace(mesh) {
  const { attributes, index } = mesh.geometry;
  const position = mesh.geometry.getAttribute("position");
  const { normal, color } = attributes;
  const tint = /** @type {{ color?: Color }} */ (mesh.material).color ?? new Color(1, 1, 1);
  const isPosed = "skeleton" in mesh || mesh.morphTargetInfluences !== undefined;

  const vectors = (/** @type {(corner: Vector3, i: number) => Vector3} */ at) => {
    const array = new Float32Array(position.count * 3);
    for (let i = 0; i < position.count; i++) at(new Vector3(), i).toArray(array, i * 3);
    return new BufferAttribute(array, 3);
  };
  const triangles = new BufferGeometry().setIndex(index ?? Array.from({ length: position.count }, (_, i) => i));
  triangles.setAttribute(
    "position",
    vectors((corner, i) => mesh.getVertexPosition(i, corner).applyMatrix4(mesh.matrixWorld)),
  );
  triangles.setAttribute(
    "color",
    vectors((corner, i) => {
      const own = color === undefined ? corner.set(1, 1, 1) : corner.fromBufferAttribute(color, i);
      return own.multiply(new Vector3(tint.r, tint.g, tint.b));
    }),
  );
  if (normal !== undefined && !isPosed) {
    const toWorld = mesh.matrixWorld.clone().invert().transpose();
    triangles.setAttribute(
      "normal",
      vectors((corner, i) => corner.fromBufferAttribute(normal, i).transformDirection(toWorld)),
    );
  }
  return triangles;
}
