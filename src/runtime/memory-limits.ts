/** What users say of the memory of workers, what each worker is told of it, and what is done when it is gone. Loaded where there is a limit. */

import type { Thread, WorkerMemory } from "../ports/spawner.ts";
import type { StoreKeeper } from "../ports/value-store.ts";
import type { WorkerAddress } from "../protocol/identity.ts";

export interface MemoryOptions {
  /**
   * Bytes of values that each worker may hold in memory. Beyond 60 % of it, those that were used least lately are written out, and read
   * back when they are needed. As many as it likes unless said.
   */
  readonly memoryLimit?: number | undefined;
  /**
   * Whether a worker with a `memoryLimit` writes values out: to files in Node, to the private file system of the page's origin in browsers.
   * `{ directory }` says where, in Node; the directory for temporary files unless said. `false`: what would exceed the limit is
   * refused with a {@link MemoryLimitError}.
   */
  readonly spill?: boolean | { readonly directory: string } | undefined;
}

/** What a host needs to start workers with a limit, and to clear away after them. */
export interface HostMemory {
  /** What the worker of that address is told. */
  of(address: WorkerAddress): WorkerMemory;
  /** Sees to it that nothing is left of what a thread has written out. */
  watch(memory: WorkerMemory, thread: Thread): void;
}

/** What such options come to. `stores`: loads what clears away after workers; `uniqueName`: as nobody else has. */
export function hostMemory(
  { memoryLimit: limit = 0, spill = true }: MemoryOptions,
  { stores, uniqueName }: { readonly stores: () => Promise<StoreKeeper>; readonly uniqueName: () => string },
): HostMemory {
  const where = typeof spill === "object" ? spill : {};
  return {
    of: () => (spill === false ? { limit } : { limit, place: { name: uniqueName(), ...where } }),
    watch: ({ place }, { comm }) => {
      if (place === undefined) return;
      const clear = stores().then((keeper) => keeper.expect(place));
      clear.catch(() => {}); // What cannot be loaded clears nothing away; the next that starts here does.
      comm.closed.then(async () => (await clear)()).catch(() => {});
    },
  };
}
