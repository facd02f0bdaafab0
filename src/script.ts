/** The door for `<script>`: the same names on one global, from one self-contained file. */

import { fromText, fromWorker } from "./adapters/web-worker-endpoint.ts";
import { Client as AnyClient } from "./client/client.ts";
import { connect, platform } from "./connect.ts";
import { LocalCluster as AnyLocalCluster, type LocalClusterOptions } from "./runtime/local-cluster.ts";

export * from "./public-names.ts";

/** Only known while the script is being run for the first time. */
const ownUrl = (globalThis.document?.currentScript as HTMLScriptElement | null | undefined)?.src;

/**
 * The text inside first: this is the one file that comes without others, and looking for one that is not there costs a request
 * and a line in red. Where the page's policy forbids it, the worker's file beside this one, if it was put there.
 */
const webPlatform = platform(globalThis.navigator?.hardwareConcurrency ?? 1, [
  async () => fromWorker(fromText((await import("./web-worker-inline.js")).default)),
  () => fromWorker(new Worker(new URL("./web-worker.js", ownUrl))),
]);

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
