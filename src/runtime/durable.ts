/**
 * The journal of a durable cluster: what its scheduler knows is read from it when it begins, and written into it as it changes.
 *
 * What has changed is written at once if nothing was written lately; what changes within moments of that goes together afterwards. So many
 * changes, and a slow disk, make larger pieces, not a longer queue. When the journal has grown much since, it is replaced by all there is. What cannot be
 * written down is left out, with a warning; when nothing can be written it is tried again, all of it, after a while.
 */

import type { Clock } from "../ports/clock.ts";
import type { JournalBytes, JournalStore, JournalStores } from "../ports/journal-store.ts";
import type { TaskId } from "../protocol/identity.ts";
import type { JournalEntries, JournalEntry } from "../protocol/journal.ts";
import type { JournalInstruction } from "../scheduler/contract.ts";
import { demandRules } from "../scheduler/demands.ts";
import { Durability } from "../scheduler/durability.ts";
import type { SchedulerMachine } from "../scheduler/machine.ts";
import { nestingRules } from "../scheduler/nesting.ts";
import { type Circumstances, Memory, recover } from "../scheduler/recovery.ts";
import { requestRules } from "../scheduler/requests.ts";
import { contentHash as hash } from "../shipping/content-hash.ts";
import { encodable } from "./journal-entries.ts";
import { encodeRecord, journalHead, readJournal, readRecord } from "./journal-records.ts";
import type { Keeper } from "./keeper.ts";

/** A journal is replaced by all there is once it has grown by as much as this, and by twice what that came to the last time. Bytes. */
const GROWN_BYTES = 4 * 2 ** 20;

/** Between two times that something is written, unless somebody waits for it. Milliseconds. */
const PAUSE_MS = 20;

/** Before it is tried again what failed. Milliseconds. */
const RETRY_MS = 1000;

export interface DurableSurroundings {
  readonly stores: JournalStores;
  readonly clock: Clock;
  readonly noWorkersTimeoutMs: number;
  readonly warn: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly date: () => number;
  /** See {@link GROWN_BYTES}. */
  readonly grownBytes?: number;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gives `machine`, which has not heard of anything yet, what the journal of that name tells, and keeps the journal from then on. */
export async function openJournal(
  name: string,
  coming: SchedulerMachine | Promise<SchedulerMachine>,
  surroundings: DurableSurroundings,
): Promise<Journal> {
  const machine = await coming;
  const store = await surroundings.stores.open(name);
  try {
    const memory = await remember(store, surroundings);
    const values = await fetchValues(store, memory);
    const durability = inherit(machine, memory, values, surroundings);
    const journal = new Journal(store, machine, durability, surroundings, [...values.keys()].map(String));
    durability.hear = (instruction) => journal.hear(instruction);
    await journal.begin();
    return journal;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function inherit(
  machine: SchedulerMachine,
  memory: Memory,
  values: Circumstances["values"],
  { noWorkersTimeoutMs, clock, date }: DurableSurroundings,
): Durability {
  const nowMs = date();
  let durability!: Durability;
  let begin!: () => void;
  machine.learnDurability((state, tools) => {
    durability = new Durability(state, tools);
    durability.begin(memory.epoch + 1, [...memory.times, [memory.epoch + 1, nowMs]]);
    begin = () => recover(state, tools, durability, memory, { values, nowMs });
    return durability;
  });
  machine.learn(requestRules, nestingRules, demandRules({ noWorkersTimeoutMs, hash }), clock.now());
  begin();
  return durability;
}

async function remember(store: JournalStore, { warn }: DurableSurroundings): Promise<Memory> {
  const { values, lost, isDamaged } = readJournal(await store.read(), store.place);
  if (isDamaged) {
    warn(
      `the journal in ${store.place} was damaged: what the last ${lost} bytes of it told is lost, as if it had not happened`,
    );
  }
  const memory = new Memory();
  for (const entries of values) memory.read(entries as JournalEntries);
  return memory;
}

async function fetchValues(store: JournalStore, memory: Memory): Promise<Map<TaskId, { readonly value: unknown }>> {
  const values = new Map<TaskId, { readonly value: unknown }>();
  for (const id of memory.stored) {
    const bytes = await store.fetch(String(id));
    const record = bytes && readRecord(bytes);
    if (record !== undefined) values.set(id, record);
  }
  return values;
}

export class Journal implements Keeper {
  readonly machine: SchedulerMachine;
  readonly #store: JournalStore;
  readonly #durability: Durability;
  readonly #clock: Clock;
  readonly #warn: (text: string) => void;
  /** Names of values beside the journal. */
  readonly #kept: Set<string>;
  /** Values on their way there. */
  readonly #keeping = new Set<Promise<void>>();
  #waiting: Waiting[] = [];
  #isDue = false;
  #writing: Promise<void> | undefined;
  /** Ends the pause before it. */
  #hurry: () => void = () => {};
  #mayWriteAtMs = 0;
  /** Bytes of all there was when it was last written, and of what came after that. */
  #wholeBytes = 0;
  #grownBytes = 0;
  /** What is in the store is not all there is: something could not be appended. */
  #isBehind = true;
  readonly #mayGrowBytes: number;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  #hasWarned = false;

  /** `kept`: names of the values there are beside the journal. */
  constructor(
    store: JournalStore,
    machine: SchedulerMachine,
    durability: Durability,
    surroundings: DurableSurroundings,
    kept: readonly string[],
  ) {
    this.machine = machine;
    this.#store = store;
    this.#durability = durability;
    this.#clock = surroundings.clock;
    this.#warn = surroundings.warn;
    this.#mayGrowBytes = surroundings.grownBytes ?? GROWN_BYTES;
    this.#kept = new Set(kept);
  }

  /** Replaces what there was by what was made of it. */
  async begin(): Promise<void> {
    await this.#write();
    const orphans = (await this.#store.names()).filter((name) => !this.#kept.has(name));
    if (orphans.length > 0) await this.#store.discard(orphans);
  }

  hear(instruction: JournalInstruction): void {
    if (this.#isClosed) return;
    if (instruction.type === "keep-value") this.#keep(instruction.id, instruction.value);
    else this.#wake();
  }

  async saved(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.nextTurn(resolve));
    await Promise.all(this.#keeping);
    if (this.#isClosed) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#wake();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.saved();
    } catch (error) {
      this.#warn(`what changed last in ${this.#store.place} is not kept: ${messageOf(error)}`);
    }
    this.#isClosed = true;
    await this.#store.close();
  }

  #wake(): void {
    this.#isDue = true;
    if (this.#writing === undefined) this.#begin();
    else if (this.#waiting.length > 0) this.#hurry();
  }

  /** Writes, after a pause if it has just been done and nobody waits for it. */
  #begin(): void {
    // A process that has nothing else to do stays for that, unless it cannot be done.
    const letGo = this.#hasWarned ? () => {} : this.#clock.keepAlive();
    const pauseMs = this.#waiting.length > 0 ? 0 : this.#mayWriteAtMs - this.#clock.now();
    const paused = new Promise<void>((resolve) => {
      this.#hurry = resolve;
      if (pauseMs > 0) this.#clock.after(pauseMs, resolve);
      else resolve();
    });
    this.#writing = paused
      .then(() => this.#tryToWrite())
      .finally(() => {
        letGo();
        this.#writing = undefined;
        if (this.#isDue && !this.#isClosed) this.#begin();
      });
  }

  async #tryToWrite(): Promise<void> {
    if (this.#isClosed) return;
    this.#isDue = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      await this.#write();
      if (waiting.length > 0) await this.#store.sync();
      this.#hasWarned = false;
      this.#mayWriteAtMs = this.#clock.now() + PAUSE_MS;
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      this.#isBehind = true;
      this.#isDue = true;
      this.#mayWriteAtMs = this.#clock.now() + RETRY_MS;
      const where = this.#store.place;
      if (!this.#hasWarned)
        this.#warn(`what changes is not kept in ${where} for now: ${messageOf(error)}. It will be tried again`);
      this.#hasWarned = true;
      for (const { reject } of waiting) reject(error);
    }
  }

  async #write(): Promise<void> {
    const isWhole = this.#isBehind || this.#grownBytes > Math.max(this.#mayGrowBytes, 2 * this.#wholeBytes);
    const entries = this.#durability.take(isWhole);
    if (isWhole) {
      const bytes = joined(journalHead(), this.#encode(entries));
      await this.#store.replace(bytes);
      this.#wholeBytes = bytes.length;
      this.#grownBytes = 0;
      this.#isBehind = false;
    } else if (entries.length > 0) {
      const bytes = this.#encode(entries);
      await this.#store.append(bytes);
      this.#grownBytes += bytes.length;
    }
    await this.#discard(entries);
  }

  /** Values beside the journal that nobody can ask for any more. */
  async #discard(entries: readonly JournalEntry[]): Promise<void> {
    const names: string[] = [];
    for (const entry of entries) {
      if (entry.type !== "forget") continue;
      for (const id of entry.ids) if (this.#kept.delete(String(id))) names.push(String(id));
    }
    if (names.length > 0) await this.#store.discard(names);
  }

  #keep(id: TaskId, value: unknown): void {
    let bytes: JournalBytes;
    try {
      bytes = encodeRecord(value);
    } catch (error) {
      this.#warn(`a result is not kept, and will be made again: ${messageOf(error)}`);
      return this.#durability.valueKept(id, false);
    }
    const name = String(id);
    this.#kept.add(name);
    const kept: Promise<void> = this.#store
      .keep(name, bytes)
      .then(
        () => this.#durability.valueKept(id, true),
        (error) => {
          this.#warn(`a result of ${bytes.length} bytes is not kept, and will be made again: ${messageOf(error)}`);
          this.#durability.valueKept(id, false);
        },
      )
      .finally(() => {
        this.#keeping.delete(kept);
        if (!this.#isClosed) this.#wake();
      });
    this.#keeping.add(kept);
  }

  #encode(entries: readonly JournalEntry[]): JournalBytes {
    try {
      return encodeRecord(entries);
    } catch {
      return encodeRecord(encodable(entries, this.#warn));
    }
  }
}

function joined(first: JournalBytes, second: JournalBytes): JournalBytes {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
