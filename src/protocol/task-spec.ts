/** What a task is on the wire: one flat row of numbers and values, because a row costs a tenth of an object. */

import type { ActorOptions } from "./actors.ts";
import type { FunctionId, Key, TaskId } from "./identity.ts";

/** A function as it travels; what else it holds is between shipping's two ends. */
export interface ShippedFunction {
  readonly name: string;
  /** Equal for functions that would do the same wherever they are compiled. */
  readonly hash: string;
}

/**
 * A task in a row: `function, slots, shape, ...slots`. A slot holds an argument, or the number of the task whose result is
 * the argument where `shape` has that slot's bit. With `PACKED` there is more to it: slot 0 holds all arguments as packed
 * by shipping, with references somewhere inside, and the slots after it are the tasks these refer to.
 */
export const ROW_HEADER = 3;

/** Slots that can be references without being packed. */
export const MAX_REFERENCE_SLOTS = 20;
export const REFERENCES = (1 << MAX_REFERENCE_SLOTS) - 1;
export const PACKED = 1 << 20;
/** Somebody waits for the value: send it along with the news that it is there, however large. */
export const AWAITED = 1 << 21;
/** It gives many values, one after the other, and each goes to the client as it comes. */
export const STREAM = 1 << 23;
/** Run nothing beside it: it was at hand when a worker died. */
export const ALONE = 1 << 22;
/** Its function is a class, of which an instance is made that lives on as an actor: the result is a handle on it. */
export const ACTOR = 1 << 25;
/** Say that it begins before it does: its time is limited. */
export const ANNOUNCED = 1 << 24;

/** Whether the slot's value is another task's result. */
export function isReference(shape: number, slot: number): boolean {
  return (shape & PACKED) === 0 ? (shape & (1 << slot)) !== 0 && slot < MAX_REFERENCE_SLOTS : slot > 0;
}

export function hasReferences(shape: number, slots: number): boolean {
  return (shape & PACKED) === 0 ? (shape & REFERENCES) !== 0 : slots > 1;
}

/** Values up to this many bytes travel with the messages that speak of them; larger ones stay where they are until fetched. */
export const SMALL_VALUE_LIMIT = 8 * 1024;

/** What can be said of the tasks of one submission; the words are Dask's. */
export interface TaskOptions {
  /** Higher runs first; 0 unless said. */
  readonly priority?: number;
  /** Times to run again after an error of the task's own. */
  readonly retries?: number;
  /** The task that submits them, if one does. */
  readonly parent?: TaskId;
  /** How many did, one within the other. The scheduler counts that. */
  readonly depth?: number;
  /** What its key begins with, in place of the function's name. */
  readonly name?: string;
  /** Run it once at a time, also where a second copy of it would be done sooner. */
  readonly speculate?: false;
  /** What the scheduler has to learn before it can meet it. */
  readonly demands?: Demands;
}

/** Where a task may run. */
export interface Restrictions {
  /** Its worker must have so much of these to spare while it runs. */
  readonly resources?: Resources;
  /** Names or addresses of workers, or what addresses of theirs begin with: of a host, all of its workers. */
  readonly workers?: readonly string[];
  /** Prefer those workers, rather than insist on them. */
  readonly allowOtherWorkers?: boolean;
}

/** What few tasks ask for. */
export interface Demands extends Restrictions {
  /** How long an attempt may take from the moment it begins. */
  readonly timeoutMs?: number;
  readonly backoff?: Backoff;
  /** It makes an actor. */
  readonly actor?: ActorOptions;
  readonly quorum?: Quorum;
}

/** Run it on so many workers at most, one after the other, until so many of them have come to equal results. */
export interface Quorum {
  readonly copies: number;
  readonly agree: number;
}

/** Amounts of what only some workers have, by names that users think of: `{ gpu: 1 }`. */
export type Resources = Readonly<Record<string, number>>;

/** What to wait before a task is tried again: each time `factor` times as long as before, and never longer than `maxDelayMs`. */
export interface Backoff {
  readonly delayMs: number;
  readonly factor?: number;
  readonly maxDelayMs?: number;
}

/** Whether nothing is to be known of the tasks of a submission but what they run, how urgent it is and how often to try. */
export function isOrdinary({ name, demands }: TaskOptions): boolean {
  return name === undefined && demands === undefined;
}

/** A function together with the number it is known by from here on. */
export type NumberedFunction = readonly [FunctionId, ShippedFunction];

export type KeyOrNot = Key | undefined;
