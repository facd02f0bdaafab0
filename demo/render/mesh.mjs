// @ts-check
/** Reads the mesh to draw, from a file or the Stanford bunny, as one geometry that stands on the ground. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import bunny from "bunny";
import { Box3, BufferAttribute, BufferGeometry, Color, Mesh, Sphere, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { OBJLoader } from "three/addons/loaders/OBJLoader.js";
import { mergeGeometries, mergeVertices, toCreasedNormals } from "three/addons/utils/BufferGeometryUtils.js";
// By its file: the package's main entry would load the CommonJS build, and with it three a second time.
import { LoopSubdivision } from "three-subdivide/src/index.js";
import { BadInput } from "./options.mjs";

/** Edges sharper than this stay sharp where a file brings no normals. */
const CREASE_ANGLE = Math.PI / 5;

/**
 * @param {string | undefined} path an .obj or .glb file; without one, the bunny
 * @param {Color} colour of whatever brings no colour
 * @returns {Promise<BufferGeometry>} triangles with `position`, `normal` and `color`, standing on y = 0, within a sphere of radius 1
 */
export async function loadMesh(path, colour) {
  const meshes = path === undefined ? [stanfordBunny(colour)] : await readMeshes(path, colour);
  const parts = meshes.map(inPlace);

  const box = new Box3();
  for (const part of parts) box.union(new Box3().setFromArray(part.getAttribute("position").array));
  const { radius, center } = box.getBoundingSphere(new Sphere());
  if (!(radius > 0 && radius < Infinity))
    throw new BadInput(`${path ?? "the bunny"} has no extent, or corners that are missing or no numbers`);

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
 * @param {string} path
 * @param {Color} colour
 * @returns {Promise<Mesh[]>}
 */
async function readMeshes(path, colour) {
  const extension = extname(path).toLowerCase();
  if (extension !== ".obj" && extension !== ".glb") throw new BadInput(`${path} is neither .obj nor .glb`);
  const bytes = await readFile(path).catch((/** @type {NodeJS.ErrnoException} */ error) => {
    throw new BadInput(error.code === "ENOENT" ? `${path}: no such file` : `${path} cannot be read: ${error.message}`);
  });
  try {
    const root = extension === ".obj" ? parseObj(bytes, colour) : await parseGlb(bytes);
    root.updateMatrixWorld(true);
    /** @type {Mesh[]} */
    const meshes = [];
    root.traverse((object) => {
      if (object instanceof Mesh && object.geometry.getAttribute("position")?.count >= 3) meshes.push(object);
    });
    if (meshes.length === 0) throw new Error("no triangles in it");
    return meshes;
  } catch (error) {
    throw new BadInput(`${path} cannot be drawn: ${/** @type {Error} */ (error).message}`, { cause: error });
  }
}

/**
 * @param {Buffer} bytes
 * @param {Color} colour
 */
function parseObj(bytes, colour) {
  const text = bytes.toString("utf8");
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

/** @param {Buffer} bytes */
async function parseGlb(bytes) {
  const { scene } = await new GLTFLoader().parseAsync(withoutTextures(bytes), "");
  return scene;
}

/**
 * The same GLB without images, which the loader can decode only in a page, and with nothing of its materials but the colour.
 * @param {Buffer} bytes
 * @returns {ArrayBuffer}
 */
function withoutTextures(bytes) {
  if (bytes.length < 20 || bytes.toString("latin1", 0, 4) !== "glTF" || bytes.readUInt32LE(4) !== 2) {
    throw new Error("not a binary glTF 2.0 file");
  }
  if (bytes.readUInt32LE(8) > bytes.length) throw new Error("its end is missing");
  const rest = 20 + bytes.readUInt32LE(12);
  const gltf = JSON.parse(bytes.toString("utf8", 20, rest));
  const unread = gltf.extensionsUsed?.find((/** @type {string} */ name) => /draco|meshopt|instancing/.test(name));
  if (unread !== undefined) throw new Error(`it uses ${unread}, which this demo does not read`);
  for (const name of ["images", "textures", "samplers", "animations"]) delete gltf[name];
  gltf.materials = gltf.materials?.map((/** @type {any} */ { pbrMetallicRoughness: { baseColorFactor } = {} }) => ({
    pbrMetallicRoughness: { baseColorFactor },
  }));

  const json = Buffer.from(JSON.stringify(gltf));
  const padding = Buffer.alloc(-json.length & 3, " ");
  const header = Buffer.from(bytes.subarray(0, 20));
  header.writeUInt32LE(json.length + padding.length, 12);
  const whole = Buffer.concat([header, json, padding, bytes.subarray(rest)]);
  whole.writeUInt32LE(whole.length, 8);
  return new Uint8Array(whole).buffer;
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
