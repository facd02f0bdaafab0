/** The door for pages. */

import { fromText, fromWorker } from "./adapters/web-worker-endpoint.ts";
import { Client as AnyClient } from "./client/client.ts";
import { connect, platform } from "./connect.ts";
import { LocalCluster as AnyLocalCluster, type LocalClusterOptions } from "./runtime/local-cluster.ts";

export * from "./public-names.ts";

/** A file of our own origin first: it is not bound by the page's policy. Its text, as a Blob, where there is no such file. */
const webPlatform = platform(
  globalThis.navigator?.hardwareConcurrency ?? 1,
  [
    () => fromWorker(new Worker(new URL("./web-worker.js", import.meta.url), { type: "module" })),
    async () => fromWorker(fromText((await import("./web-worker-inline.js")).default)),
  ],
  // Loaded while the threads are being started, which takes longer; who only talks to a cluster elsewhere needs none.
  async () => new (await import("./scheduler/machine.ts")).SchedulerMachine(),
);

/** A scheduler and Web Workers in this page. */
export class LocalCluster extends AnyLocalCluster {
  constructor(options?: LocalClusterOptions) {
    super(webPlatform, options);
  }
}

/**
 * Submits functions to a cluster: to one that exists, or to one of this page's own, which is started and ends with the client.
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
