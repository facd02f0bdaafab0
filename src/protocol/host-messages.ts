/**
 * What the scheduler and a host that lends it threads say to each other: on channel {@link CONTROL} about the host, and on a channel for
 * each worker about that worker, between the batches of messages that the worker is sent.
 *
 * Two workers of different hosts speak through a **pipe**: a numbered channel of raw bytes, either between their hosts directly or by way of the
 * scheduler. Which, is decided once for each pair of hosts: it is tried whether one of them can reach the other.
 */

import { isStackTaken, type StackTaken } from "./call-stacks.ts";
import type { WorkerAddress } from "./identity.ts";
import type { Resources } from "./task-spec.ts";

/** The channel on which a client speaks, of a trunk of its own. */
export const CLIENT_CHANNEL = 0;

/** The first word of a client. */
export interface ClientHello {
  readonly type: "hello";
  /** The last number that another scheduler made up for a claim of its own, 0 or less. */
  readonly lastGrant: number;
}

/** The last word to a client: the conversation is over on purpose, and need not be taken up with another scheduler. */
export interface ClientFarewell {
  readonly type: "farewell";
  readonly reason: string;
}

/** To a client, before it is told that an actor lives there: its calls to that worker go by channel {@link pipe} from now on. */
export interface ClientLink {
  readonly type: "link";
  readonly worker: WorkerAddress;
  readonly pipe: number;
}

/** The channel for words about the host. Those of its workers are numbered from the next on, pipes from {@link FIRST_PIPE}. */
export const CONTROL = 0;
export const FIRST_PIPE = 1_000_000;

/**
 * Which way bytes go between two hosts: from one to the other, or by way of the scheduler; and past both hosts, from thread to thread, where
 * that can be.
 */
export type Route = "threads" | "direct" | "relay";

/** What a host tells of itself beside its name, for people to see: a few texts, numbers and yes or no. */
export type About = Readonly<Record<string, string | number | boolean>>;

/** The first word of a host. */
export interface HostHello {
  readonly type: "hello";
  /** As people call it. */
  readonly name: string;
  readonly about?: About;
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
  /** It was another scheduler's before; the first that it says is what it holds. */
  readonly isReturning: boolean;
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

/** Where it listens for that host, which it was told to expect; undefined if it cannot. */
export interface HostListening {
  readonly type: "listening";
  readonly host: string;
  readonly address: string | undefined;
}

/** Workers of its speak to some of that host past both hosts; or do not any more. */
export interface HostHandedOver {
  readonly type: "handed-over";
  readonly host: string;
  readonly isOver?: boolean;
}

/** It tried to reach another host, or had reached it and has lost it. */
export interface HostReached {
  readonly type: "reached";
  readonly host: string;
  readonly isReached: boolean;
}

/** The wire to another host was closed because nothing was to be said, and now something is: that is to open it again. */
export interface HostWakes {
  readonly type: "wake";
  readonly host: string;
}

/** How far another host is that was reached, and how many bytes a second go there, as far as that is known. */
export interface HostMeasured {
  readonly type: "measured";
  readonly host: string;
  readonly latencyMs: number | undefined;
  readonly bandwidth: number | undefined;
}

export type HostToScheduler =
  | HostHello
  | HostWorker
  | HostStarting
  | HostIntent
  | HostListening
  | HostReached
  | HostHandedOver
  | HostWakes
  | HostMeasured;

/** Whether it is a word that a host may say on {@link CONTROL}. */
export function isHostWord(word: unknown): word is HostToScheduler {
  const { type, ...rest } = fields<{ type: string } & Record<string, unknown>>(word);
  const { name, listens, reaches, channel, address, nThreads, resources, isReturning, count, host } = rest;
  switch (type) {
    case "hello":
      return (
        isName(name) &&
        typeof listens === "boolean" &&
        Array.isArray(reaches) &&
        reaches.every(isName) &&
        (rest["about"] === undefined || isAbout(rest["about"]))
      );
    case "worker":
      return (
        isCount(channel) &&
        channel > CONTROL &&
        channel < FIRST_PIPE &&
        isName(address) &&
        isName(name) &&
        isCount(nThreads) &&
        nThreads > 0 &&
        isAmounts(resources) &&
        typeof isReturning === "boolean"
      );
    case "starting":
      return isCount(count);
    case "pause":
    case "resume":
    case "leave":
      return true;
    case "listening":
      return isName(host) && (address === undefined || isName(address));
    case "handed-over":
      return isName(host) && (rest["isOver"] === undefined || typeof rest["isOver"] === "boolean");
    case "wake":
      return isName(host);
    case "reached":
      return isName(host) && typeof rest["isReached"] === "boolean";
    case "measured":
      return isName(host) && isMeasure(rest["latencyMs"]) && isMeasure(rest["bandwidth"]);
    default:
      return false;
  }
}

/** A host will come, with this ticket, which only those two can read: see `veil`. Answered with `listening`. */
export interface ExpectWord {
  readonly type: "expect";
  readonly host: string;
  readonly ticket: Uint8Array;
}

/** Try to reach a host there, which expects it. Answered with `reached`. */
export interface ReachWord {
  readonly type: "reach";
  readonly host: string;
  readonly address: string;
  readonly ticket: Uint8Array;
}

/** This is how bytes go to that host from now on. */
export interface RouteWord {
  readonly type: "route";
  readonly host: string;
  readonly route: Route;
}

/** That host has something to say, and waits for the wire to be opened again. */
export interface WakeWord {
  readonly type: "wake";
  readonly host: string;
}

/** That host is gone for good. */
export interface GoneWord {
  readonly type: "gone";
  readonly host: string;
}

/** All its workers have left in good order. */
export interface LeftWord {
  readonly type: "left";
}

/** What whoever has the cluster wants all hosts to know. */
export interface AnnouncementWord {
  readonly type: "announcement";
  readonly value: unknown;
}

/** It is not wanted any more, and is not let in again. */
export interface DismissWord {
  readonly type: "dismiss";
  readonly reason: string;
}

/** Which hosts are met, and how. */
export type MeetingWord = ExpectWord | ReachWord | RouteWord | WakeWord | GoneWord;

export type SchedulerToHost = MeetingWord | LeftWord | AnnouncementWord | DismissWord;

/** On a worker's channel, from the scheduler: it will have data to move to or from `peer`, on host `host`; `pipe` is theirs if that is another. */
export interface LinkWord {
  readonly type: "link";
  readonly peer: WorkerAddress;
  readonly host: string;
  readonly pipe: number;
}

/** On a worker's channel, from the scheduler: end it; `isForGood` if nobody is to take its place. */
export interface EndWord {
  readonly type: "end";
  readonly reason: string;
  readonly isForGood: boolean;
}

/** On a worker's channel, from the scheduler: say where in its code it is. Answered with {@link WorkerStack}. */
export interface LookWord {
  readonly type: "look";
}

/**
 * On a worker's channel, from the scheduler: with this ticket, which only its host can read (see `veil`), the worker may open a wire of its own
 * as `line`.
 */
export interface TicketWord {
  readonly type: "ticket";
  readonly line: string;
  readonly ticket: Uint8Array;
}

/** On a worker's channel, from the scheduler: batches come by the worker's own wire from here on. */
export interface LineBegins {
  readonly type: "line-begins";
}

export type WorkerWord = LinkWord | EndWord | LookWord | TicketWord | LineBegins;

/**
 * On a worker's channel, from its host: it has so much to do that a wire of its own would pay; or what it says comes by that from here on.
 */
export interface LineOfWorker {
  readonly type: "line-wanted" | "line-begun";
}

export function isLineOfWorker(word: unknown): word is LineOfWorker {
  const { type } = fields<LineOfWorker>(word);
  return type === "line-wanted" || type === "line-begun";
}

/** On a worker's channel, from its host. */
export interface WorkerStack {
  readonly type: "stack";
  readonly stack: StackTaken | undefined;
}

/** On a worker's channel, from its host, as the last: it is gone. */
export interface WorkerGone {
  readonly type: "gone";
  readonly reason: string;
  readonly isExpected: boolean;
}

export function isWorkerStack(word: unknown): word is WorkerStack {
  const { type, stack } = fields<WorkerStack>(word);
  return type === "stack" && (stack === undefined || isStackTaken(stack));
}

export function isClientHello(word: unknown): word is ClientHello {
  const { type, lastGrant } = fields<ClientHello>(word);
  return type === "hello" && Number.isSafeInteger(lastGrant) && (lastGrant as number) <= 0;
}

export function isFarewell(word: unknown): word is ClientFarewell {
  const { type, reason } = fields<ClientFarewell>(word);
  return type === "farewell" && typeof reason === "string";
}

export function isClientLink(word: unknown): word is ClientLink {
  const { type, worker, pipe } = fields<ClientLink>(word);
  return type === "link" && isName(worker) && isCount(pipe) && pipe >= FIRST_PIPE;
}

/** Whether what came on a worker's channel is its end. */
export function isWorkerGone(word: unknown): word is WorkerGone {
  const { type, reason, isExpected } = fields<WorkerGone>(word);
  return type === "gone" && typeof reason === "string" && typeof isExpected === "boolean";
}

/** No name, address or amount of these is longer. */
const MOST_TEXT = 500;

function fields<Word>(word: unknown): { readonly [Name in keyof Word]?: unknown } {
  return typeof word === "object" && word !== null ? word : {};
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MOST_TEXT;
}

/** No host tells more of itself. */
const MOST_ABOUT = 16;

/** Whether it is what a host may tell of itself. */
export function isAbout(value: unknown): value is About {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MOST_ABOUT && entries.every(([name, each]) => isName(name) && isPlain(each));
}

function isPlain(value: unknown): boolean {
  if (typeof value === "string") return value.length <= MOST_TEXT;
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isMeasure(value: unknown): boolean {
  return value === undefined || (typeof value === "number" && value >= 0);
}

function isAmounts(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const amounts = Object.values(value);
  return amounts.length <= MOST_TEXT && amounts.every((each) => typeof each === "number" && each >= 0);
}
