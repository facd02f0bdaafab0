/**
 * Does what a worker's rules for its values decide: writes them to a store, reads them back, and tells the scheduler how much there is.
 *
 * Loaded where there is a limit. The store is opened at once, so that it is known early if there is none, and so that what others have
 * left behind is cleared away.
 */

import type { Clock } from "../ports/clock.ts";
import type { MemoryGauge } from "../ports/memory-gauge.ts";
import type { OpenStore, StorePlace, ValueStore } from "../ports/value-store.ts";
import type { KeptBytes, MemoryUsed } from "../protocol/worker-messages.ts";
import { decodeFrames, encodeFrames } from "../shipping/frames.ts";
import type { WorkerInstruction } from "../worker/contract.ts";
import type { KeepingRules } from "../worker/keeping-rules.ts";

/** After something could not be written, it is tried again so much later. Milliseconds. */
const AGAIN_MS = 1000;
/** The scheduler is told of what has changed by this part of the limit, or in this time. Milliseconds. */
const NOTABLE = 1 / 16;
const EVERY_MS = 1000;
/** Beyond these parts of the limit, no new tasks are taken, and the thread is given up. */
const PAUSE = 0.8;
const RESTART = 0.95;
/** A worker that is full says so when that has gone on for so long: most are only until a value has been written. Milliseconds. */
const FULL_MS = 20;
/** What a thread takes up beside values, for code and what engines keep ready, before that counts. Bytes. */
const SLACK = 32 * 2 ** 20;

/** A value would not be the same when it is read. */
const UNFIT = Symbol("unfit");

export type StoreInstruction = WorkerInstruction & { readonly type: "write-value" | "read-value" | "remove-value" };

export interface KeeperShell {
  readonly rules: KeepingRules<never>;
  readonly clock: Clock;
  readonly gauge: MemoryGauge | undefined;
  /** Undefined if nothing is to be written. */
  readonly place: StorePlace | undefined;
  /** Undefined where the platform has no stores. */
  readonly open: OpenStore | undefined;
  /** Notes that the buffers in a value are to stay. */
  guard(value: unknown): void;
  /** Whether a task is being run, or about to be. */
  isBusy(): boolean;
  say(message: MemoryUsed): void;
  /** Something has come that there may be something to be done about. */
  changed(): void;
}

export class ValueKeeper {
  readonly #shell: KeeperShell;
  #store: Promise<ValueStore> | undefined;
  /** The same, once it is there. */
  #open: ValueStore | undefined;
  /** Lengths of the chunks that values were written in. */
  readonly #lengths = new Map<number, readonly number[]>();
  /** What the store is at, by number: what is to be done with it next waits for that. */
  readonly #underWay = new Map<number, Promise<void>>();
  #lastWrite: Promise<void> = Promise.resolve();
  /** Values that are to be written, or are. */
  #writes = 0;
  readonly #baseline: number;
  #threadBytes: number | undefined;
  #measureDueMs = 0;
  #told: (KeptBytes & { readonly atMs: number }) | undefined;
  #isThreadFull = false;
  #fullSinceMs: number | undefined;
  /** Why another thread should take the place of this one. */
  #givesUp: string | undefined;
  /** After how long somebody will come to look. */
  readonly #looksDue = new Set<number>();
  #hasWarned = false;
  #warning: string | undefined;

  constructor(shell: KeeperShell) {
    this.#shell = shell;
    this.#baseline = shell.gauge?.used() ?? 0;
    const { place, open, rules } = shell;
    if (place === undefined) rules.block("nothing is to be written out (spill: false)");
    else if (open === undefined) this.#cannotOpen("there is no file system for this worker");
    else {
      this.#store = open(place);
      this.#store.then(
        (store) => {
          this.#open = store;
        },
        (error) => this.#cannotOpen(messageOf(error)),
      );
    }
  }

  perform(instruction: StoreInstruction): void {
    const { number } = instruction;
    const before = this.#underWay.get(number);
    const doing = before === undefined ? this.#begin(instruction) : before.then(() => this.#begin(instruction));
    const done = doing.then(() => {
      if (this.#underWay.get(number) === done) this.#underWay.delete(number);
    });
    this.#underWay.set(number, done);
  }

  /** Whatever can be begun at once is: the next task may keep the thread busy for long. */
  #begin(instruction: StoreInstruction): Promise<void> {
    const { number } = instruction;
    switch (instruction.type) {
      case "write-value":
        return this.#write(number, instruction.value);
      case "read-value":
        return this.#read(number);
      case "remove-value":
        return this.#remove(number);
      default:
        return instruction satisfies never;
    }
  }

  /** Tells the scheduler what there is to be told. To be called whenever it is convenient. */
  look(nowMs: number): void {
    if (nowMs >= this.#measureDueMs) this.#measure(nowMs);
    const { rules } = this.#shell;
    const { bytes } = rules;
    const isFull = this.#staysFull(bytes.isFull, nowMs) || this.#isThreadFull;
    const told = this.#told;
    const change = told === undefined ? bytes.limit : differenceOf(told, bytes);
    const isDue =
      told === undefined ||
      told.isFull !== isFull ||
      this.#warning !== undefined ||
      this.#givesUp !== undefined ||
      change > NOTABLE * bytes.limit ||
      (nowMs - told.atMs >= EVERY_MS && change > 0);
    if (!isDue && change > 0) this.#lookLater(EVERY_MS);
    if (!isDue) return;
    const kept = { ...bytes, isFull };
    this.#told = { ...kept, atMs: nowMs };
    const [warning, givesUp] = [this.#warning, this.#givesUp];
    this.#warning = undefined;
    this.#givesUp = undefined;
    this.#shell.say({
      type: "memory-used",
      threadBytes: this.#threadBytes,
      kept,
      ...(warning !== undefined && { warning }),
      ...(givesUp !== undefined && { givesUp }),
    });
  }

  #staysFull(isFull: boolean, nowMs: number): boolean {
    this.#fullSinceMs = isFull ? (this.#fullSinceMs ?? nowMs) : undefined;
    if (this.#fullSinceMs === undefined) return false;
    if (nowMs - this.#fullSinceMs >= FULL_MS) return true;
    this.#lookLater(FULL_MS);
    return false;
  }

  /** Looks at what the thread has in use, beside values. What is no more than garbage does not count. */
  #measure(nowMs: number): void {
    this.#measureDueMs = nowMs + EVERY_MS;
    const { gauge, rules } = this.#shell;
    if (gauge === undefined) return;
    const { limit, heldBytes } = rules.bytes;
    const total = (used: number) => Math.max(heldBytes, used - this.#baseline - SLACK);
    this.#threadBytes = gauge.used();
    if (total(this.#threadBytes) > PAUSE * limit) this.#threadBytes = gauge.usedAfterCleaning();
    const inUse = total(this.#threadBytes);
    // What values take up can be written out; only the rest has to be waited for, or got rid of.
    const isOthers = inUse > heldBytes && heldBytes < PAUSE * limit;
    this.#isThreadFull = isOthers && inUse > PAUSE * limit;
    if (!this.#isThreadFull) return;
    if (inUse > RESTART * limit || !this.#shell.isBusy()) {
      const what = `its thread has ${this.#threadBytes} bytes in use, ${heldBytes} of them values`;
      this.#givesUp = `${what}, and its memoryLimit is ${limit}`;
    }
    this.#lookLater(EVERY_MS);
  }

  /** Nobody else may come to look. */
  #lookLater(ms: number): void {
    if (this.#looksDue.has(ms)) return;
    this.#looksDue.add(ms);
    this.#shell.clock.after(ms, () => {
      this.#looksDue.delete(ms);
      this.#shell.changed();
    });
  }

  /** One after the other: more at once would not be quicker. */
  #write(number: number, value: unknown): Promise<void> {
    const isFirst = this.#writes === 0;
    this.#writes += 1;
    this.#lastWrite = isFirst
      ? this.#writeNow(number, value)
      : this.#lastWrite.then(() => this.#writeNow(number, value));
    return this.#lastWrite;
  }

  async #writeNow(number: number, value: unknown): Promise<void> {
    const { rules } = this.#shell;
    const obstacle = await this.#writeOut(number, value).catch(messageOf);
    this.#writes -= 1;
    if (obstacle === undefined) {
      this.#hasWarned = false;
      rules.written(number);
    } else if (obstacle === UNFIT) rules.refused(number, undefined);
    else {
      const text = `nothing can be written out: ${obstacle}`;
      if (rules.refused(number, text)) this.#meetObstacle(text);
    }
    this.#shell.changed();
  }

  async #writeOut(number: number, value: unknown): Promise<typeof UNFIT | undefined> {
    const chunks = chunksOf(value);
    if (chunks === undefined) return UNFIT;
    const lengths = chunks.map(({ length }) => length);
    const store = this.#open ?? (await this.#store);
    if (store === undefined) throw new Error("there is no store");
    await store.write(number, chunks);
    this.#lengths.set(number, lengths);
    return undefined;
  }

  async #read(number: number): Promise<void> {
    const { rules } = this.#shell;
    try {
      const store = this.#open ?? (await this.#store);
      const [header, ...buffers] = (await store?.read(number, this.#lengths.get(number) ?? [])) ?? [];
      if (header === undefined) throw new Error("there is no store");
      const value = decodeFrames(new Uint8Array(header), buffers);
      this.#shell.guard(value);
      rules.readBack(number, value, buffers);
    } catch (error) {
      this.#warn(`a value could not be read back, and will have to be made again: ${messageOf(error)}`);
      rules.notRead(number);
    }
    this.#shell.changed();
  }

  async #remove(number: number): Promise<void> {
    this.#lengths.delete(number);
    await this.#store?.then((store) => store.remove(number)).catch(() => {});
  }

  #cannotOpen(cause: string): void {
    const obstacle = `nothing can be written out: ${cause}`;
    this.#shell.rules.block(obstacle);
    this.#warn(`${obstacle}; beyond its memoryLimit, results will be refused`);
    this.#shell.changed();
  }

  /** It is tried again in a while; of the same obstacle, users hear once. */
  #meetObstacle(obstacle: string): void {
    if (!this.#hasWarned) this.#warn(`${obstacle}; beyond its memoryLimit, results are refused until that is over`);
    this.#hasWarned = true;
    this.#shell.clock.after(AGAIN_MS, () => {
      this.#shell.rules.tryAgain();
      this.#shell.changed();
    });
  }

  #warn(text: string): void {
    console.warn(`manyhands: ${text}`);
    this.#warning = this.#warning === undefined ? text : `${this.#warning}; ${text}`;
  }
}

function differenceOf(one: KeptBytes, other: KeptBytes): number {
  return Math.max(Math.abs(one.heldBytes - other.heldBytes), Math.abs(one.spilledBytes - other.spilledBytes));
}

/** A value as it is written; undefined if it would not be the same when it is read. */
function chunksOf(value: unknown): Uint8Array[] | undefined {
  try {
    const { header, buffers } = encodeFrames(value);
    // Whoever shares memory goes on sharing it.
    if (!buffers.every((buffer) => buffer instanceof ArrayBuffer)) return undefined;
    return [header, ...buffers.map((buffer) => new Uint8Array(buffer))];
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name === "Error" ? "" : `${error.name}: `}${error.message}` : String(error);
}
