/** The door for Node. */

import { Client as AnyClient } from "./client/client.ts";
import type { Future } from "./client/future.ts";
import { sessions } from "./client/open-sessions.ts";
import { connect, reach } from "./connect.ts";
import type { BarState } from "./dashboard/bar.ts";
import { nodePlatform } from "./node-platform.ts";
import type { ConnectOptions } from "./runtime/far-client.ts";
import type { JoinOptions, LentHost } from "./runtime/lending.ts";
import { LocalCluster as AnyLocalCluster, type LocalClusterOptions } from "./runtime/local-cluster.ts";
import type { DashboardOptions, DashboardServer } from "./serve-dashboard.ts";
import type { ShowProgressOptions } from "./show-progress.ts";

export * from "./public-names.ts";

export type { BarState, DashboardOptions, DashboardServer, ShowProgressOptions };

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

  /** Where {@link serveDashboard} serves; undefined where it does not. */
  get dashboardUrl(): string | undefined {
    return dashboards.get(sessions.get(this) as object)?.url;
  }

  /**
   * Serves the dashboard over HTTP until it or this client is closed, and returns where. There is more at that address: `/metrics` for
   * Prometheus, `/health`, and `/survey`. Whoever asks must know the token, which is part of the URL; on this machine alone there is none
   * unless you give one.
   *
   * @example
   * ```ts
   * const { url } = await client.serveDashboard({ port: 8787 });
   * console.log(`look at ${url}`);
   * ```
   */
  async serveDashboard(options: DashboardOptions = {}): Promise<DashboardServer> {
    const { serveDashboard } = await import("./serve-dashboard.ts");
    const session = sessions.get(this) as object;
    await dashboards.get(session)?.close();
    const server = await serveDashboard(this, options);
    dashboards.set(session, server);
    return server;
  }

  override async close(): Promise<void> {
    await dashboards.get(sessions.get(this) as object)?.close();
    await super.close();
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

/**
 * Shows in the terminal how far futures have come: how many, how fast, how many failed, and for how long still. Settles with that when all
 * have ended, however they did.
 *
 * @example
 * ```ts
 * await showProgress(client.map(work, items), { label: "work" });
 * ```
 */
export async function showProgress(futures: Iterable<Future>, options: ShowProgressOptions = {}): Promise<BarState> {
  const { showBar } = await import("./show-progress.ts");
  return showBar(futures, options);
}

/** By the session of the client that serves it. */
const dashboards = new WeakMap<object, DashboardServer>();
