/** What the command line needs of the door for Node, which no room may enter. */

import type { ClusterEvent } from "../client/cluster-events.ts";
import type { ConnectOptions } from "../runtime/far-client.ts";
import type { HostStats, JoinOptions } from "../runtime/lending.ts";
import type { Listening, ListenOptions } from "../runtime/listening.ts";
import type { LocalClusterOptions } from "../runtime/local-cluster.ts";

export interface ACluster {
  readonly ready: Promise<void>;
  listen(address: string, options: ListenOptions): Promise<Listening>;
  saved(): Promise<void>;
  scale(nWorkers: number): Promise<void>;
  close(): Promise<void>;
}

export interface ALentHost {
  readonly id: string;
  readonly closed: Promise<string>;
  leave(): Promise<void>;
  close(): Promise<void>;
  stats(): HostStats;
}

export interface AClient {
  readonly ready: Promise<void>;
  serveDashboard(options: { readonly port: number; readonly host: string }): Promise<{ readonly url: string }>;
  waitForWorkers(count: number): Promise<void>;
  subscribeTopic(topic: string, handler: (event: ClusterEvent) => unknown): Promise<unknown>;
  close(): Promise<void>;
}

export type AnyClient = (cluster: string | ACluster, options?: ConnectOptions) => AClient;
export type AnyLocalCluster = (options: LocalClusterOptions) => ACluster;
export type AnyLentHost = (address: string, options: JoinOptions) => Promise<ALentHost>;
