/** The door for Node. */

import { Client as AnyClient } from "./client/client.ts";
import { connect, reach } from "./connect.ts";
import { nodePlatform } from "./node-platform.ts";
import type { ConnectOptions } from "./runtime/far-client.ts";
import type { JoinOptions, LentHost } from "./runtime/lending.ts";
import { LocalCluster as AnyLocalCluster, type LocalClusterOptions } from "./runtime/local-cluster.ts";

export * from "./public-names.ts";

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
  constructor(address: string, options?: ConnectOptions);
  constructor(cluster?: LocalCluster | LocalClusterOptions);
  constructor(cluster: LocalCluster | LocalClusterOptions | string = {}, options: ConnectOptions = {}) {
    if (typeof cluster === "string") {
      super(reach(nodePlatform, cluster, options));
      return;
    }
    const isGiven = cluster instanceof LocalCluster;
    super(connect(isGiven ? cluster : new LocalCluster(cluster), !isGiven));
  }
}

/**
 * Lends threads of this process to the cluster at an address, or at the one in an invitation. Settles when the first of them is ready to work there.
 *
 * They run whatever clients of that cluster submit. When the scheduler goes, they wait for it to come back.
 *
 * @throws UnauthorizedError if the token is not good for that; CommClosedError if nobody can be reached there; ProtocolError if the
 * versions do not match.
 * @example
 * ```ts
 * const host = await join("ws://127.0.0.1:8786", { token, nWorkers: 2 });
 * await host.leave();
 * ```
 */
export async function join(address: string, options: JoinOptions = {}): Promise<LentHost> {
  return (await nodePlatform.elsewhere()).join(nodePlatform, address, options);
}
