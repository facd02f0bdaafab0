/** Archive: what of the room is kept beside its tasks, as datasets of its durable cluster, so that it goes on after a reload. */
import type { Client, Future } from "manyhands/peer";
import type { MeshFile } from "../../render/mesh.mjs";
import { fileOf, type Plan, withFile } from "./plan.ts";
import type { Standing } from "./run.ts";

/** Somebody who has helped, as far as it is kept. */
export interface KeptHelper {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  /** Parts of runs that are not kept any more. */
  readonly earlier: number;
}

/** The address of a worker, and whose it is. */
export type KeptWorker = readonly [address: string, helper: string];

/** How a run stands; its makers by their places in the list of workers, from 1 on. */
export interface KeptRun {
  readonly id: string;
  readonly standing: Omit<Standing, "makers">;
  readonly makers: Uint16Array;
}

export interface KeptRoom {
  /** Those that came last first. */
  readonly runs: readonly KeptRun[];
  readonly helpers: readonly KeptHelper[];
  /** Whose each worker is: there are parts from workers that are gone. */
  readonly workers: readonly KeptWorker[];
}

const ROOM = "organiser: room";
const runName = (id: string) => `organiser: run ${id}`;
const partsName = (id: string) => `organiser: parts ${id}/`;

interface KeptPlan {
  readonly plan: Plan;
  /** Of a file that belongs to it. */
  readonly bytes?: Future<MeshFile["bytes"]>;
}

export class Archive {
  readonly #client: Client;
  #writing: Promise<void> | undefined;
  /** How often parts were held. */
  #holds = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  /** What was kept; undefined if nothing was. */
  async read(): Promise<KeptRoom | undefined> {
    const names = await this.#client.listDatasets();
    return names.includes(ROOM) ? this.#client.getDataset<KeptRoom>(ROOM) : undefined;
  }

  async readPlan(id: string): Promise<Plan> {
    const { plan, bytes } = await this.#client.getDataset<KeptPlan>(runName(id));
    const file = fileOf(plan);
    if (bytes === undefined || file === undefined) return plan;
    return withFile(plan, { ...file, bytes: await bytes.result() });
  }

  async writePlan(id: string, plan: Plan): Promise<void> {
    const file = fileOf(plan);
    const kept: KeptPlan =
      file === undefined
        ? { plan }
        : {
            plan: withFile(plan, { ...file, bytes: new Uint8Array() }),
            bytes: this.#client.scatter(file.bytes, { hash: true }),
          };
    await this.#client.publishDataset(runName(id), kept);
  }

  async removePlan(id: string): Promise<void> {
    await this.#client.unpublishDataset(runName(id));
  }

  /** Has the cluster keep parts when the page is gone: a scheduler elsewhere outlives it, and would drop what nobody wants. */
  async hold(id: string, parts: readonly Future[]): Promise<void> {
    if (parts.length === 0) return;
    const name = `${partsName(id)}${Date.now()} ${this.#holds++}`;
    await this.#client.publishDataset(name, parts);
  }

  /** What nobody else wants of its parts is dropped. */
  async letGo(id: string): Promise<void> {
    await this.#remove(partsName(id));
  }

  /** Writes how it all stands; once more, if that has changed while it was written. */
  async write(look: () => KeptRoom): Promise<void> {
    await this.#writing?.catch(() => {});
    this.#writing ??= this.#client.publishDataset(ROOM, look(), { override: true }).finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  /** Nothing goes on the next time. */
  async clear(): Promise<void> {
    await this.#writing?.catch(() => {});
    await this.#remove("organiser: ");
  }

  async #remove(prefix: string): Promise<void> {
    for (const name of await this.#client.listDatasets()) {
      if (name.startsWith(prefix)) await this.#client.unpublishDataset(name);
    }
  }
}
