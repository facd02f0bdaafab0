/** The door for `<script>`: the same names on one global, from one self-contained file. */

import { Client as AnyClient } from "./client/client.ts";
import { connect, reach } from "./connect.ts";
import type { ConnectOptions } from "./runtime/far-client.ts";
import type { JoinOptions, LentHost } from "./runtime/lending.ts";
import { LocalCluster as AnyLocalCluster, type LocalClusterOptions } from "./runtime/local-cluster.ts";
import { scriptPlatform } from "./script-platform.ts";

export * from "./public-names.ts";

/** A scheduler and Web Workers in this page. */
export class LocalCluster extends AnyLocalCluster {
  constructor(options?: LocalClusterOptions) {
    super(scriptPlatform, options);
  }
}

/** See the door for pages. */
export class Client extends AnyClient {
  constructor(address: string, options?: ConnectOptions);
  constructor(cluster?: LocalCluster | LocalClusterOptions);
  constructor(cluster: LocalCluster | LocalClusterOptions | string = {}, options: ConnectOptions = {}) {
    if (typeof cluster === "string") {
      super(reach(scriptPlatform, cluster, options));
      return;
    }
    const isGiven = cluster instanceof LocalCluster;
    super(connect(isGiven ? cluster : new LocalCluster(cluster), !isGiven));
  }
}

/**
 * Lends threads of this page to the cluster at an address, or at the one in an invitation. Settles when the first of them is ready to work there.
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
  return (await scriptPlatform.elsewhere()).join(scriptPlatform, address, options);
}
