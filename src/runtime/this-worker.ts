/** What a worker shows of itself to its tasks: what `getWorker()` gives, and why a signal is aborted. */

import type { WorkerSetup } from "../ports/spawner.ts";
import { decodeError } from "../protocol/errors.ts";
import { demandResources } from "../protocol/resources.ts";
import type { Resources } from "../protocol/task-spec.ts";
import type { WorkerContext } from "../shipping/task-context.ts";
import type { WorkerInstruction } from "../worker/contract.ts";
import type { WorkerMachine } from "../worker/machine.ts";

/** Its methods are its class's: of a function among its fields nobody could tell what it holds on to. */
export class ThisWorker implements WorkerContext {
  readonly address: string;
  readonly name: string;
  readonly nThreads: number;
  readonly #machine: WorkerMachine;
  readonly #wake: () => void;

  /** `wake`: sees to what the machine wants done. */
  constructor({ address, name, nThreads }: WorkerSetup, machine: WorkerMachine, wake: () => void) {
    this.address = address;
    this.name = name;
    this.nThreads = nThreads;
    this.#machine = machine;
    this.#wake = wake;
  }

  setResources(resources: Resources): void {
    demandResources(resources);
    this.#machine.setResources(resources);
    this.#wake();
  }
}

/** What the signal of a run is aborted with. */
export function reasonOf({ reason, error }: WorkerInstruction & { readonly type: "abort" }): unknown {
  return error === undefined ? new Error(reason) : decodeError(error);
}
