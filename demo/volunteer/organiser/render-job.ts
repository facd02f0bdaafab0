/** The job of drawing a mesh: tiles of a path-traced picture, each of several passes that are added up on the workers. */
import { type Client, closure, type Future, getWorker } from "manyhands";
import type { MeshFile } from "../../render/mesh.mjs";
import { createScene, type Scene } from "../../render/scene.mjs";
import { addUp, cutTiles } from "../../render/tiles.mjs";
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

/** Milliseconds that workers spent on something, by their addresses. */
type Credit = Readonly<Record<string, number>>;
export type CreditedPrint = Print & { readonly by: Credit };
type CreditedExposure = Exposure & { readonly by: Credit };

const TILE = 64;
const SAMPLES_A_PASS = 8;

/**
 * What workers do, as source that takes all it needs along: a guest's thread can load nothing. Each says who worked how long.
 */
const trace = {
  exposeTile: closure({ tracer }, (scene: Scene, tile: Tile, pass: number): CreditedExposure => {
    const exposure = tracer().exposeTile(scene, tile, pass);
    return { ...exposure, by: { [getWorker().address]: exposure.milliseconds } };
  }),
  addExposures: closure({ tracer }, (a: CreditedExposure, b: CreditedExposure): CreditedExposure => {
    const by: Record<string, number> = { ...a.by };
    for (const [worker, ms] of Object.entries(b.by)) by[worker] = (by[worker] ?? 0) + ms;
    return { ...tracer().addExposures(a, b), by };
  }),
  developTile: closure(
    { tracer },
    (tile: Tile, exposure: CreditedExposure, samples: number, block: number): CreditedPrint => ({
      ...tracer().developTile(tile, exposure, samples, block),
      by: exposure.by,
    }),
  ),
};

export class RenderJob implements Job<Tile, CreditedPrint> {
  readonly title: string;
  readonly name = "render";
  readonly scene: Scene;
  readonly parts: readonly Tile[];
  readonly prints: CreditedPrint[] = [];
  /** Called with each tile that is done. */
  onPrint: (print: CreditedPrint) => void = () => {};
  #scattered: Future<Scene> | undefined;

  private constructor(title: string, scene: Scene) {
    this.title = title;
    this.scene = scene;
    this.parts = cutTiles({ ...scene, tile: TILE });
  }

  /** @throws BadInput if the file cannot be drawn. */
  static async prepare({ width, height, samples, file }: RenderWishes): Promise<RenderJob> {
    const passes = Math.ceil(samples / SAMPLES_A_PASS);
    const scene = await createScene({ width, height, samples, passes, seed: 1 }, file);
    return new RenderJob(file === undefined ? "The Stanford bunny" : file.name, scene);
  }

  submit(client: Client, tile: Tile): Future<CreditedPrint> {
    this.#scattered ??= client.scatter(this.scene);
    const scene = this.#scattered;
    const { samples, passes } = this.scene;
    const exposures = Array.from({ length: passes }, (_, pass) => client.submit(trace.exposeTile, scene, tile, pass));
    return client.submit(trace.developTile, tile, addUp(client, exposures, trace.addExposures), samples, 1);
  }

  take(print: CreditedPrint): void {
    this.prints.push(print);
    this.onPrint(print);
  }

  creditOf({ by }: CreditedPrint): Credit {
    return by;
  }

  end(): void {
    this.#scattered?.release();
  }
}
