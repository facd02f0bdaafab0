/** Spawner, Thread: start a place for a worker, and learn of its end. */

import type { StackTaken } from "../protocol/call-stacks.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import type { SchedulerToWorkerMessage, WorkerMessage } from "../protocol/worker-messages.ts";
import type { Comm } from "./comm.ts";
import type { StorePlace } from "./value-store.ts";

/** What a worker is told of the memory that it may take up. */
export interface WorkerMemory {
  /** Bytes of values. */
  readonly limit: number;
  /** Where it puts what it has no room for; nowhere unless said. */
  readonly place?: StorePlace;
}

/** What a worker is told before its first message. */
export interface WorkerSetup {
  readonly address: WorkerAddress;
  readonly name: string;
  /** Tasks it may have in flight. */
  readonly nThreads: number;
  /** The part of the time that it may work, if not all of it: more than 0, up to 1. */
  readonly cpuShare?: number;
  /** As much as it likes unless said. */
  readonly memory?: WorkerMemory;
}

/**
 * What a host tells a thread, in place of a batch, of a wire of its own to the scheduler: that it may open one; that what it is told comes by
 * that from here on; that another link has been made of those it may have to wait for.
 */
export type LineOrder =
  | { readonly type: "line-open"; readonly plan: LinePlan }
  | { readonly type: "line-begins" }
  | { readonly type: "line-link-made" };

export interface LinePlan {
  readonly address: string;
  readonly line: string;
  readonly ticket: Uint8Array;
  /** Whose word is taken, for `wss:`: see `ConnectorOptions`. */
  readonly ca?: string;
  /** Where it counts what it does, for its host to see: see `runtime/line-tally.ts`. */
  readonly tally: SharedArrayBuffer;
}

/** What it says of that, in place of a batch: that what it says goes by it from here on; or that it is gone, and nothing is said or heard any more. */
export type LineNews = { readonly type: "line-begun" } | { readonly type: "line-over"; readonly reason: string };

/** How a link leads to a worker of another host: through both hosts, which pass on what is said, or past them. */
export type WayElsewhere = "by-hosts" | "past-hosts";

/** A thread a worker lives in. It is the spawner's to watch: whatever ends it closes `comm` with the reason. */
export interface Thread {
  readonly comm: Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>;
  /** Settles when the thread can take messages; rejects if it ended first. */
  readonly ready: Promise<void>;
  /** Hands the worker its end of a direct link to a peer. `way`: the peer is elsewhere, and bytes go through the link. */
  link(peer: WorkerAddress, port: object, way?: WayElsewhere): void;
  /** Tells where in its code it is, or why that cannot be told; nothing where nobody can look into threads. */
  lookInto(tell: (stack?: StackTaken) => void): void;
  terminate(reason: string): void;
}

/** What both ends of a thread have. */
export interface ThreadEndpoint {
  postMessage(message: unknown, transfer: readonly object[]): void;
  onMessage(hear: (message: unknown) => void): void;
  /**
   * Of a thread that has nothing to do: it waits for its owner's next message alone, deaf to all else, for some milliseconds at most. Where a
   * platform is told sooner so.
   */
  linger?(): void;
}

/** A thread as a platform starts it, before it has said anything. */
export interface PlatformThread extends ThreadEndpoint {
  /** Calls `ended` once, when it is over, whatever ended it. */
  onEnd(ended: (reason: string) => void): void;
  /** Where the platform lets anybody look into a thread. */
  lookInto?(): Promise<StackTaken>;
  terminate(): void;
}

/** One way to start a thread: from a file, or from text. */
export type ThreadSource = () => PlatformThread | Promise<PlatformThread>;

export interface Spawner {
  /** Cores of this machine, as far as the platform tells. */
  readonly cores: number;
  spawn(setup: WorkerSetup): Thread;
  /** Whether its threads can be handed the channels that some wires have beside them. */
  readonly takesChannels?: boolean;
  /** Whether they can open wires of their own. */
  readonly opensLines?: boolean;
  /** Two ends of a new direct link. */
  channel(): readonly [object, object];
}
