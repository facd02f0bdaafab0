// @ts-check
/** Reads a mesh from the disk. */
import { readFile } from "node:fs/promises";
import { BadInput } from "./bad-input.mjs";
import { kindOfMesh } from "./mesh.mjs";

/**
 * @param {string} path
 * @returns {Promise<import("./mesh.mjs").MeshFile>}
 * @throws {BadInput} if it is no mesh by its name, or cannot be read
 */
export async function readMeshFile(path) {
  kindOfMesh(path);
  const bytes = await readFile(path).catch((/** @type {NodeJS.ErrnoException} */ error) => {
    throw new BadInput(error.code === "ENOENT" ? `${path}: no such file` : `${path} cannot be read: ${error.message}`);
  });
  return { name: path, bytes: new Uint8Array(bytes) };
}
