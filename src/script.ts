/** The door for `<script>`: the same names on one global, from one self-contained file. */

import { fromText, fromWorker } from "./adapters/web-worker-endpoint.ts";
import { Client as AnyClient } from "./client/client.ts";
import { connect, platform } from "./connect.ts";
import { LocalCluster as AnyLocalCluster, type LocalClusterOptions } from "./runtime/local-cluster.ts";
import { SchedulerMachine } from "./scheduler/machine.ts";

export * from "./public-names.ts";

/** Only known while the script is being run for the first time. */
const ownUrl = (globalThis.document?.currentScript as HTMLScriptElement | null | undefined)?.src;

/**
 * The worker's file beside this one first: it is not bound by the page's policy. The text inside where there is no such file, where
 * the script came from elsewhere, and in pages opened from a file.
 */
const webPlatform = platform(
  globalThis.navigator?.hardwareConcurrency ?? 1,
  [
    () => fromWorker(new Worker(new URL("./web-worker.js", ownUrl))),
    async () => fromWorker(fromText((await import("./web-worker-inline.js")).default)),
  ],
  () => new SchedulerMachine(),
);

/** A scheduler and Web Workers in this page. */
export class LocalCluster extends AnyLocalCluster {
  constructor(options?: LocalClusterOptions) {
    super(webPlatform, options);
  }
}

/** See the door for pages. */
export class Client extends AnyClient {
  constructor(cluster: LocalCluster | LocalClusterOptions = {}) {
    const isGiven = cluster instanceof LocalCluster;
    super(connect(isGiven ? cluster : new LocalCluster(cluster), !isGiven));
  }
}
