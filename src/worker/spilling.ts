/**
 * Rules for values that a worker has no room for: which are written out, which are read back and when, and what is refused.
 *
 * Values lie in memory, are being written, are out, or are being read. Beyond a part of the limit, those that were used least lately are
 * written; once that is done, they are only out. While that goes on, those that come next are written ahead, as much as has had to go: then
 * they can go at once when there is to be room for others, and the store does not rest while tasks make these. What needs one that is out has it read first: a task waits for its turn until its inputs
 * are there, and holds them until it begins; the scheduler and peers get their answers when it has come. Near the limit, tasks that use
 * nothing of what is here wait until something has been written. A value that has been read stays
 * written, for values do not change: letting go of it a second time costs nothing.
 *
 * Where nothing can be written, all goes on until the limit is reached, and what would exceed it is refused.
 */

import type { TaskId } from "../protocol/identity.ts";
import { isReference } from "../protocol/task-spec.ts";
import type { KeptBytes } from "../protocol/worker-messages.ts";
import type { WorkerInstruction } from "./contract.ts";
import { lack } from "./gather.ts";
import { HeldUp, letGoOn } from "./held-up.ts";
import { dropValue } from "./holding.ts";
import type { KeepingRules } from "./keeping-rules.ts";
import { type Kept, KeptValues } from "./kept-values.ts";
import type { LocalTask, WorkerState } from "./state.ts";
import { giveToScheduler } from "./values.ts";

/** Beyond this part of the limit, values are written out. */
const TARGET = 0.6;
/** Beyond this part of it the worker takes no new tasks, as long as there is a prospect of its becoming less. */
const PAUSE = 0.8;
/** As long as what could not go at once is more than this part of the limit, values are written ahead. */
const AHEAD = 0.3;
/** Values being written at a time: one that the store is at, and one to follow. */
const MOST_WRITES = 2;
/** Values being read at a time, beyond the room there is for one. */
const MOST_READS = 2;
/** Tasks that may hold inputs which they have had read, while they wait for others or for their turn. */
const MOST_WAITING = 2;

interface Reading {
  readonly kept: Kept;
  isBegun: boolean;
  readonly waiters: Set<LocalTask>;
  /** Answers that the scheduler waits for: whether the value may leave for good. */
  readonly answers: boolean[];
  isForPeers: boolean;
}

export class Spilling implements KeepingRules<LocalTask> {
  readonly #state: WorkerState;
  readonly #limit: number;
  readonly #push: (instruction: WorkerInstruction) => void;
  readonly #sizeof: (value: unknown) => number;
  readonly #values = new KeptValues();
  /** Those that the store is at, and those that it was at when they were dropped. */
  readonly #byNumber = new Map<number, Kept>();
  /** By the number in the store. */
  readonly #readings = new Map<number, Reading>();
  /** Tasks whose inputs are being read, or have been. */
  readonly #waiting = new Set<LocalTask>();
  readonly #heldUp: HeldUp;
  /** The task that was begun last: it may not have looked at its inputs yet, for what is known is sent before. */
  #begun: LocalTask | undefined;
  /** Read for peers, and not given to them yet. */
  readonly #lent = new Set<TaskId>();
  #readingBytes = 0;
  /** So much may be written ahead: what has gone out since. */
  #aheadBytes = 0;
  #writes = 0;
  #reads = 0;
  #nextNumber = 1;
  /** Why nothing can be written, if that is so. */
  #obstacle: string | undefined;

  /**
   * @param limit - bytes that values may take up.
   * @param obstacle - why nothing can be written, if that is known already.
   */
  constructor(
    state: WorkerState,
    limit: number,
    push: (instruction: WorkerInstruction) => void,
    sizeof: (value: unknown) => number,
    obstacle?: string,
  ) {
    this.#state = state;
    this.#heldUp = new HeldUp(state);
    this.#limit = limit;
    this.#push = push;
    this.#sizeof = sizeof;
    this.#obstacle = obstacle;
  }

  /** How much there is of what. */
  get bytes(): KeptBytes {
    const { outBytes } = this.#values;
    return { limit: this.#limit, heldBytes: this.#heldBytes, spilledBytes: outBytes, isFull: this.#isFull };
  }

  /** In memory, or soon. */
  get #heldBytes(): number {
    return this.#values.inBytes + this.#readingBytes;
  }

  get #isFull(): boolean {
    return this.#writes > 0 && this.#heldBytes > PAUSE * this.#limit;
  }

  note(id: TaskId, nbytes: number | undefined): void {
    this.forget(id);
    const size = nbytes ?? this.#sizeof(this.#state.values.get(id));
    this.#values.addIn({ id, nbytes: size, number: 0, isWriting: false, isStuck: false });
    this.balance();
  }

  forget(id: TaskId): void {
    this.#lent.delete(id);
    const kept = this.#values.remove(id);
    if (kept === undefined) return;
    // What the store is at is removed when it is through with that.
    if (kept.number > 0 && !this.#byNumber.has(kept.number)) this.#remove(kept.number);
    const reading = this.#readings.get(kept.number);
    if (reading?.isBegun !== false) return;
    this.#readings.delete(kept.number);
    this.#disappoint(reading);
  }

  touch(id: TaskId): void {
    this.#values.touch(id);
  }

  isOut(id: TaskId): boolean {
    return this.#values.out(id) !== undefined;
  }

  refusalOf(nbytes: number): string | undefined {
    if (this.#obstacle === undefined || this.#heldBytes + nbytes <= this.#limit) return undefined;
    return `the worker holds ${this.#heldBytes} bytes of the ${this.#limit} that it may, and ${this.#obstacle}`;
  }

  holdUp(task: LocalTask): "ready" | "waiting" | "full" {
    if (task.shape === 0) return this.#isFull ? this.#heldUp.add(task) : "ready";
    const missing = new Set<TaskId>();
    let usesWhatIsHere = false;
    for (let slot = 0; slot < task.slots.length; slot++) {
      const id = task.slots[slot] as TaskId;
      if (!isReference(task.shape, slot) || task.data.has(id)) continue;
      if (this.isOut(id)) missing.add(id);
      else if (this.#values.isIn(id)) usesWhatIsHere = true;
    }
    if (missing.size === 0) {
      if (this.#isFull && !usesWhatIsHere) return this.#heldUp.add(task);
      this.#waiting.delete(task);
      this.#begun = task;
      return "ready";
    }
    for (const other of this.#waiting)
      if (other.state !== "waiting" && other.state !== "ready") this.#waiting.delete(other);
    if (!this.#waiting.has(task) && this.#waiting.size >= Math.max(MOST_WAITING, this.#state.nThreads)) return "full";
    this.#waiting.add(task);
    task.state = "waiting";
    task.waitingOn = missing.size;
    for (const id of missing) this.#reading(id).waiters.add(task);
    this.#startReads();
    return "waiting";
  }

  readForScheduler(id: TaskId, move: boolean): void {
    this.#reading(id).answers.push(move);
    this.#startReads();
  }

  readForPeers(id: TaskId): void {
    this.#reading(id).isForPeers = true;
    this.#startReads();
  }

  given(id: TaskId): void {
    if (this.#lent.delete(id)) this.balance();
  }

  /** What cannot be done at once is done when the store has come that far. */
  balance(): void {
    this.#makeRoom();
    this.#writeAhead();
    if (!this.#isFull) this.#heldUp.letGoOn();
  }

  #makeRoom(): void {
    const pinned = this.#pinned();
    for (const kept of this.#values.inMemory()) {
      if (this.#heldBytes - this.#values.writingBytes <= TARGET * this.#limit) return;
      if (kept.isWriting || kept.isStuck || pinned.has(kept.id)) continue;
      if (kept.number > 0) this.#evict(kept);
      else if (this.#obstacle === undefined && this.#writes < MOST_WRITES) this.#write(kept);
    }
  }

  /** When the store has nothing else to do. */
  #writeAhead(): void {
    if (this.#aheadBytes <= 0 || this.#values.unwrittenBytes <= AHEAD * this.#limit) return;
    if (this.#obstacle !== undefined || this.#writes > 0 || this.#readings.size > 0) return;
    const pinned = this.#pinned();
    for (const kept of this.#values.unwritten()) {
      if (pinned.has(kept.id)) continue;
      this.#aheadBytes -= kept.nbytes;
      return this.#write(kept);
    }
  }

  written(number: number): void {
    const kept = this.#endWrite(number, { number });
    if (kept === undefined) this.#remove(number);
    else if (!this.#pinned().has(kept.id) && this.#values.inBytes > TARGET * this.#limit) this.#evict(kept);
    this.balance();
    this.#startReads();
  }

  refused(number: number, obstacle: string | undefined): boolean {
    const kept = this.#endWrite(number, { number: 0, isStuck: obstacle === undefined });
    if (kept !== undefined && obstacle !== undefined) this.#obstacle = obstacle;
    this.balance();
    return kept !== undefined;
  }

  tryAgain(): void {
    this.#obstacle = undefined;
    this.balance();
  }

  block(obstacle: string): void {
    this.#obstacle = obstacle;
  }

  readBack(number: number, value: unknown, buffers: readonly object[]): void {
    const reading = this.#endRead(number);
    if (reading === undefined) return;
    const { kept, waiters, answers, isForPeers } = reading;
    const { id } = kept;
    if (this.#values.out(id) !== kept) {
      this.#remove(number);
      return this.#disappoint(reading);
    }
    this.#values.remove(id);
    this.#values.addIn(kept);
    this.#state.values.set(id, value);
    // Nobody has seen them yet.
    this.#state.loads.set(id, { buffers, movable: true });
    for (const task of [...waiters].reverse()) if (task.state === "waiting") letGoOn(this.#state, task);
    if (isForPeers) {
      this.#lent.add(id);
      this.#push({ type: "came-back", id });
    }
    const isWaitedFor = isForPeers || waiters.size > 0;
    for (const move of answers) giveToScheduler(this.#state, id, move && !isWaitedFor);
    this.balance();
    this.#startReads();
  }

  notRead(number: number): void {
    const reading = this.#endRead(number);
    if (reading === undefined) return;
    if (this.#values.out(reading.kept.id) === reading.kept) dropValue(this.#state, reading.kept.id);
    else this.#remove(number);
    this.#disappoint(reading);
    this.#startReads();
  }

  beginAnew(): void {
    for (const id of this.#values.ids()) this.forget(id);
    this.#waiting.clear();
    this.#heldUp.clear();
    this.#begun = undefined;
    for (const reading of this.#readings.values()) {
      reading.waiters.clear();
      reading.answers.length = 0;
      reading.isForPeers = false;
    }
  }

  part(id: TaskId): { readonly number: number; readonly nbytes: number } | undefined {
    const kept = this.#values.out(id);
    if (kept === undefined || this.#byNumber.has(kept.number)) return undefined;
    this.#values.remove(id);
    return { number: kept.number, nbytes: kept.nbytes };
  }

  takeOver(id: TaskId, { number, nbytes }: { readonly number: number; readonly nbytes: number }): void {
    this.#values.addOut({ id, nbytes, number, isWriting: false, isStuck: false });
  }

  discard({ number }: { readonly number: number }): void {
    this.#remove(number);
  }

  /** Values that are needed in a moment, and are not to go before. */
  #pinned(): ReadonlySet<TaskId> {
    const pinned = new Set(this.#lent);
    const tasks = this.#begun === undefined ? this.#waiting : [...this.#waiting, this.#begun];
    for (const { state, shape, slots } of tasks) {
      if (state === "done") continue;
      for (const [slot, id] of slots.entries()) if (isReference(shape, slot)) pinned.add(id as TaskId);
    }
    return pinned;
  }

  #write(kept: Kept): void {
    const number = this.#nextNumber++;
    this.#values.beginWrite(kept);
    this.#byNumber.set(number, kept);
    this.#writes += 1;
    this.#push({ type: "write-value", number, value: this.#state.values.get(kept.id) });
  }

  /** The value that was being written, if it is still wanted. */
  #endWrite(number: number, outcome: { readonly number: number; readonly isStuck?: boolean }): Kept | undefined {
    const kept = this.#byNumber.get(number);
    if (kept === undefined) return undefined;
    this.#byNumber.delete(number);
    this.#writes -= 1;
    this.#values.endWrite(kept, outcome.number, outcome.isStuck);
    return this.#values.holds(kept) ? kept : undefined;
  }

  #evict(kept: Kept): void {
    this.#values.remove(kept.id);
    this.#values.addOut(kept);
    this.#aheadBytes = Math.min(Math.max(0, this.#aheadBytes) + kept.nbytes, AHEAD * this.#limit + kept.nbytes);
    this.#state.values.delete(kept.id);
    this.#state.loads.delete(kept.id);
  }

  #reading(id: TaskId): Reading {
    const kept = this.#values.out(id) as Kept;
    let reading = this.#readings.get(kept.number);
    if (reading === undefined) {
      reading = { kept, isBegun: false, waiters: new Set(), answers: [], isForPeers: false };
      this.#readings.set(kept.number, reading);
    }
    return reading;
  }

  /** One is read in any case; several as long as there is room for them. */
  #startReads(): void {
    for (const reading of this.#readings.values()) {
      if (reading.isBegun) continue;
      const { number, nbytes } = reading.kept;
      const room = PAUSE * this.#limit - this.#heldBytes;
      if (this.#reads >= MOST_READS || (this.#reads > 0 && nbytes > room)) return;
      reading.isBegun = true;
      this.#reads += 1;
      this.#readingBytes += nbytes;
      this.#byNumber.set(number, reading.kept);
      this.#push({ type: "read-value", number });
      this.balance();
    }
  }

  #endRead(number: number): Reading | undefined {
    const reading = this.#readings.get(number);
    if (reading === undefined) return undefined;
    this.#byNumber.delete(number);
    this.#readings.delete(number);
    this.#reads -= 1;
    this.#readingBytes -= reading.kept.nbytes;
    return reading;
  }

  /** It will not come: whoever waits for it is told, or looks elsewhere. */
  #disappoint({ kept: { id }, waiters, answers, isForPeers }: Reading): void {
    // Unless another copy of it has come meanwhile.
    const isHere = this.#state.values.has(id) || this.isOut(id);
    for (const task of waiters) {
      if (task.state !== "waiting") continue;
      if (isHere) letGoOn(this.#state, task);
      else lack(this.#state, task, id, []);
    }
    for (const move of answers) giveToScheduler(this.#state, id, move);
    if (isForPeers) this.#push({ type: "came-back", id });
  }

  #remove(number: number): void {
    this.#push({ type: "remove-value", number });
  }
}
