/** What the command line needs of the door for Node, which no room may enter. */

import type { HostStats, JoinOptions } from "../runtime/lending.ts";
import type { Listening, ListenOptions } from "../runtime/listening.ts";
import type { LocalClusterOptions } from "../runtime/local-cluster.ts";

export interface ACluster {
  readonly ready: Promise<void>;
  listen(address: string, options: ListenOptions): Promise<Listening>;
  saved(): Promise<void>;
  close(): Promise<void>;
}

export interface ALentHost {
  readonly id: string;
  readonly closed: Promise<string>;
  leave(): Promise<void>;
  close(): Promise<void>;
  stats(): HostStats;
}

export type AnyLocalCluster = (options: LocalClusterOptions) => ACluster;
export type AnyLentHost = (address: string, options: JoinOptions) => Promise<ALentHost>;
