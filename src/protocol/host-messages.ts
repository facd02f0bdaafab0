/**
 * What the scheduler and a host that lends it threads say to each other: on channel {@link CONTROL} about the host, and on a channel for
 * each worker about that worker, between the batches of messages that the worker is sent.
 *
 * Two workers of different hosts speak through a **pipe**: a numbered channel of raw bytes, either between their hosts directly or by way of the
 * scheduler. Which, is decided once for each pair of hosts: it is tried whether one of them can reach the other.
 */

import type { WorkerAddress } from "./identity.ts";
import type { Resources } from "./task-spec.ts";

/** The channel for words about the host. Those of its workers are numbered from the next on, pipes from {@link FIRST_PIPE}. */
export const CONTROL = 0;
export const FIRST_PIPE = 1_000_000;

/** Which way bytes go between two hosts. */
export type Route = "direct" | "relay";

/** The first word of a host. */
export interface HostHello {
  readonly type: "hello";
  /** As people call it. */
  readonly name: string;
  /** Whether it may be able to accept wires from other hosts, and by which schemes it can open some. */
  readonly listens: boolean;
  readonly reaches: readonly string[];
}

/** A worker is there. What it has to say, and is to be told, goes by `channel`. */
export interface HostWorker {
  readonly type: "worker";
  readonly channel: number;
  readonly address: WorkerAddress;
  readonly name: string;
  readonly nThreads: number;
  readonly resources: Resources;
}

/** So many workers are being started. */
export interface HostStarting {
  readonly type: "starting";
  readonly count: number;
}

/** Its workers are to take no tasks for a while, or again; or to leave in good order. Answered with `left` when they have. */
export interface HostIntent {
  readonly type: "pause" | "resume" | "leave";
}

/** Where it listens for other hosts; undefined if it cannot. */
export interface HostListening {
  readonly type: "listening";
  readonly address: string | undefined;
}

/** It tried to reach another host, or had reached it and has lost it. */
export interface HostReached {
  readonly type: "reached";
  readonly host: string;
  readonly isReached: boolean;
}

/** How fast bytes came from another host, or from the scheduler for `undefined`. Bytes a second. */
export interface HostMeasured {
  readonly type: "measured";
  readonly host: string | undefined;
  readonly bandwidth: number;
}

/** Answer to a `ping`. */
export interface HostPong {
  readonly type: "pong";
  readonly number: number;
}

export type HostToScheduler =
  | HostHello
  | HostWorker
  | HostStarting
  | HostIntent
  | HostListening
  | HostReached
  | HostMeasured
  | HostPong;

/** Say where you listen for other hosts, and do if you do not. */
export interface ListenWord {
  readonly type: "listen";
}

/** A host will come (`expect`), or is to be reached (`reach`), with a ticket that only those two can read; see `veil`. */
export interface TicketWord {
  readonly type: "expect" | "reach";
  readonly host: string;
  /** In `reach`. */
  readonly address?: string;
  readonly ticket: Uint8Array;
}

/** This is how bytes go to that host from now on. */
export interface RouteWord {
  readonly type: "route";
  readonly host: string;
  readonly route: Route;
}

/** That host is gone for good. */
export interface GoneWord {
  readonly type: "gone";
  readonly host: string;
}

export interface PingWord {
  readonly type: "ping";
  readonly number: number;
}

/** All its workers have left in good order. */
export interface LeftWord {
  readonly type: "left";
}

export type SchedulerToHost = ListenWord | TicketWord | RouteWord | GoneWord | PingWord | LeftWord;

/** On a worker's channel, from the scheduler: it will have data to move to or from `peer`, on host `host`; `pipe` is theirs if that is another. */
export interface LinkWord {
  readonly type: "link";
  readonly peer: WorkerAddress;
  readonly host: string;
  readonly pipe: number;
}

/** On a worker's channel, from the scheduler: end it. */
export interface EndWord {
  readonly type: "end";
  readonly reason: string;
}

export type WorkerWord = LinkWord | EndWord;

/** On a worker's channel, from its host, as the last: it is gone. */
export interface WorkerGone {
  readonly type: "gone";
  readonly reason: string;
  readonly isExpected: boolean;
}
