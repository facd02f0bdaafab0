/** The door for Node. */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { fromWorker } from "./adapters/worker-thread-endpoint.ts";
import { Client as AnyClient } from "./client/client.ts";
import { connect, platform } from "./connect.ts";
import { LocalCluster as AnyLocalCluster, type LocalClusterOptions } from "./runtime/local-cluster.ts";
import { SchedulerMachine } from "./scheduler/machine.ts";

export * from "./public-names.ts";

/** The worker's file first, and its text where a bundle was shipped without the file. */
const nodePlatform = platform(
  availableParallelism(),
  [
    () => fromWorker(new Worker(new URL("./node-worker.cjs", import.meta.url))),
    async () => fromWorker(new Worker((await import("./node-worker-inline.js")).default, { eval: true })),
  ],
  () => new SchedulerMachine(),
);

/** A scheduler and worker_threads in this process. */
export class LocalCluster extends AnyLocalCluster {
  constructor(options?: LocalClusterOptions) {
    super(nodePlatform, options);
  }
}

/**
 * Submits functions to a cluster: to one that exists, or to one of this process's own, which is started and ends with the client.
 *
 * @example
 * ```ts
 * await using client = new Client();
 * const sum = client.submit((a: number, b: number) => a + b, 1, 2);
 * await sum.result(); // 3
 * ```
 */
export class Client extends AnyClient {
  constructor(cluster: LocalCluster | LocalClusterOptions = {}) {
    const isGiven = cluster instanceof LocalCluster;
    super(connect(isGiven ? cluster : new LocalCluster(cluster), !isGiven));
  }
}
