/** The picture as one thread draws it, in this process: what all others have to come to. */
import type { MeshFile } from "../../demo/render/mesh.mjs";
import { createScene } from "../../demo/render/scene.mjs";
import { cutTiles } from "../../demo/render/tiles.mjs";
import { addExposures, developTile, type Exposure, exposeTile } from "../../demo/render/trace.mjs";

/** As `organiser/render-job.ts` has it. */
const TILE = 64;
const SAMPLES_A_PASS = 8;

/** Red, green and blue, row by row. */
export async function drawAlone(width: number, height: number, samples: number, file?: MeshFile): Promise<Buffer> {
  const passes = Math.ceil(samples / SAMPLES_A_PASS);
  const scene = await createScene({ width, height, samples, passes, seed: 1 }, file);
  const picture = Buffer.alloc(width * height * 3);
  const addUp = (exposures: readonly Exposure[]): Exposure => {
    const [only] = exposures;
    if (only === undefined || exposures.length === 1) return only as Exposure;
    const half = Math.ceil(exposures.length / 2);
    return addExposures(addUp(exposures.slice(0, half)), addUp(exposures.slice(half)));
  };
  for (const tile of cutTiles({ width, height, tile: TILE })) {
    const exposures = Array.from({ length: passes }, (_, pass) => exposeTile(scene, tile, pass));
    const { pixels } = developTile(tile, addUp(exposures), samples, 1);
    for (let row = 0; row < tile.height; row++) {
      const line = pixels.subarray(row * tile.width * 3, (row + 1) * tile.width * 3);
      picture.set(line, ((tile.y + row) * width + tile.x) * 3);
    }
  }
  return picture;
}
