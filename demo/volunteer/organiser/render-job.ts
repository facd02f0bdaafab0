/** The job of drawing a mesh: tiles of a path-traced picture. */
import { type Client, closure, type Future } from "manyhands/peer";
import type { MeshFile } from "../../render/mesh.mjs";
import { createScene, type Scene } from "../../render/scene.mjs";
import { cutTiles } from "../../render/tiles.mjs";
import type { Exposure, Print, Tile } from "../../render/trace.mjs";
import { tracer } from "../tracer.js";
import type { Job } from "./run.ts";

export interface RenderWishes {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  /** Without one, the bunny. */
  readonly file: MeshFile | undefined;
}

const SAMPLES_A_PASS = 8;
/** Those that take long are small, so that nobody who leaves leaves much behind. */
const tileOf = (samples: number) => (samples > 64 ? 32 : 64);

/**
 * What workers do, as source that takes all it needs along: a guest's thread can load nothing. Passes are added up in pairs, always the
 * same two, since sums of floats depend on their order.
 */
const traceTile = closure({ tracer }, (scene: Scene, tile: Tile): Print => {
  const { exposeTile, addExposures, developTile } = tracer();
  const expose = (first: number, passes: number): Exposure => {
    if (passes === 1) return exposeTile(scene, tile, first);
    const half = Math.ceil(passes / 2);
    return addExposures(expose(first, half), expose(first + half, passes - half));
  };
  return developTile(tile, expose(0, scene.passes), scene.samples, 1);
});

export class RenderJob implements Job<Tile, Print> {
  readonly title: string;
  readonly name = "render";
  readonly scene: Scene;
  readonly parts: readonly Tile[];
  /** By their place in `parts`, as far as they are there. */
  readonly prints: (Print | undefined)[] = [];
  /** Called with each tile that is done. */
  onPrint: (print: Print, index: number) => void = () => {};
  #scattered: Future<Scene> | undefined;

  private constructor(title: string, scene: Scene) {
    this.title = title;
    this.scene = scene;
    this.parts = cutTiles({ ...scene, tile: tileOf(scene.samples) });
  }

  /** @throws BadInput if the file cannot be drawn. */
  static async prepare({ width, height, samples, file }: RenderWishes): Promise<RenderJob> {
    const passes = Math.ceil(samples / SAMPLES_A_PASS);
    const scene = await createScene({ width, height, samples, passes, seed: 1 }, file);
    return new RenderJob(file === undefined ? "The Stanford bunny" : file.name, scene);
  }

  begin(client: Client): void {
    // By its content: after a reload it is there already.
    this.#scattered = client.scatter(this.scene, { hash: true });
  }

  submit(client: Client, tile: Tile): Future<Print> {
    return client.submit(traceTile, this.#scattered as Future<Scene>, tile);
  }

  take(print: Print, index: number): void {
    this.prints[index] = print;
    this.onPrint(print, index);
  }

  end(): void {
    this.#scattered?.release();
  }
}
