/**
 * Advice: what programs do that could be done better, told once for each cause, with what to do instead. It is looked for once a second, while
 * something happens anyway, in what is known by then: nothing is counted or kept for it.
 */

import { isReference } from "../protocol/task-spec.ts";
import type { ClientRecord, Span, TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

const LOOK_MS = 1000;
/** So many runs that take no longer on average would be better off in batches. Microseconds. */
const MANY_RUNS = 50_000;
const TINY_US = 10;
/** Functions of one name, and their bytes together, that are worth a word. */
const MANY_FUNCTIONS = 10;
const MUCH_SOURCE = 1_000_000;
/** An argument that is worth one, if several tasks have the same. Bytes. */
const LARGE_ARGUMENT = 128 * 1024;
/** Tasks that are looked at, and of each function. */
const MOST_TASKS = 60;
const ALIKE = 3;
/** A worker that does not do what it is asked for so long is told of. Milliseconds. */
const SILENT_MS = 10_000;

/** What workers have been asked to do, and since when. */
export interface Asked {
  /** Those that have not done what they were asked so long ago. */
  overdue(beforeMs: number): Iterable<WorkerRecord>;
}

export class Advice {
  readonly #state: SchedulerState;
  readonly #asked: Asked;
  readonly #warn: (client: ClientRecord, text: string) => void;
  /** What has been said, in words of our own. */
  readonly #said = new Set<string>();
  /** When it is to be looked again. */
  nextMs = 0;
  /** Workers that were full when it was looked last. */
  #full: ReadonlySet<WorkerRecord> = new Set();
  /** Functions with lower numbers have been looked at. */
  #functions = 0;
  /** Bytes of all that have been. */
  #bytes = 0;
  readonly #sources = new Map<string, { count: number; bytes: number }>();

  constructor(state: SchedulerState, asked: Asked, warn: (client: ClientRecord, text: string) => void) {
    this.#state = state;
    this.#asked = asked;
    this.#warn = warn;
  }

  /** Bytes of the functions that have come so far, as it was when that was looked at last. */
  get sourceBytes(): number {
    return this.#bytes;
  }

  /** Something has been asked of workers: if nothing else happens, it is looked at when they should have answered. */
  expectAnswer(): void {
    this.#state.demands?.later(SILENT_MS + 1, () => this.#findSilent());
  }

  settle(): void {
    const { nowMs } = this.#state;
    if (nowMs < this.nextMs) return;
    this.nextMs = nowMs + LOOK_MS;
    this.#findTiny();
    this.#findSources();
    this.#findArguments();
    this.#findSilent();
    this.#findFull();
  }

  #findTiny(): void {
    for (const { shipped, runs, spentUs } of this.#state.functionsById.values()) {
      if (runs < MANY_RUNS || spentUs / runs > TINY_US) continue;
      const each = (spentUs / runs).toFixed(1);
      this.#say(
        `tiny ${shipped.name}`,
        `${runs.toLocaleString("en")} tasks of ${quoted(shipped.name)} took ${each} µs each, about what it costs to hand one out: ` +
          "give each a batch of items, as in client.map((batch) => batch.map(work), batches)",
      );
    }
  }

  /** Functions that differ each time, and so travel each time: made anew by closure() or a loop. */
  #findSources(): void {
    for (const { id, shipped } of this.#state.functionsById.values()) {
      if (id < this.#functions) continue;
      this.#functions = id + 1;
      const { source, bindings } = shipped as { readonly source?: string; readonly bindings?: unknown };
      const bytes = (source?.length ?? 0) + sizeOf(bindings);
      const known = this.#sources.get(shipped.name) ?? { count: 0, bytes: 0 };
      this.#sources.set(shipped.name, known);
      known.count += 1;
      known.bytes += bytes;
      this.#bytes += bytes;
      if (known.count < MANY_FUNCTIONS || known.bytes < MUCH_SOURCE) continue;
      this.#say(
        `source ${shipped.name}`,
        `${known.count} different functions called ${quoted(shipped.name)} came with ${megabytes(known.bytes)} of source and of what closure() ` +
          "takes along: make the closure once, outside of the loop, or scatter() what it takes along and pass the future",
      );
    }
  }

  /** Large arguments that several tasks have alike. Large arrays among them are noticed by the client, and travel once. */
  #findArguments(): void {
    const { tasks } = this.#state;
    const rows = new Map<FunctionRecord, (readonly unknown[])[]>();
    const add = (fn: FunctionRecord, row: () => readonly unknown[]) => {
      const known = rows.get(fn) ?? [];
      rows.set(fn, known);
      if (known.length < ALIKE) known.push(row());
    };
    let left = MOST_TASKS;
    for (const task of tasks.values()) {
      if (left-- <= 0) break;
      if (task.at >= 0 && !task.isFinal) add(task.function, () => rowOf(task));
    }
    left = MOST_TASKS;
    for (const span of tasks.folds()) {
      if (left-- <= 0) break;
      for (let i = 0; i < ALIKE && i < span.count; i++) add(span.fn, () => partOf(span, i));
    }
    for (const [{ shipped }, some] of rows) {
      const [first, ...others] = some;
      if (first === undefined || some.length < ALIKE) continue;
      for (const [slot, value] of first.entries()) {
        const bytes = sizeOf(value);
        if (bytes < LARGE_ARGUMENT || !others.every((other) => isAlike(other[slot], value))) continue;
        this.#say(
          `argument ${shipped.name}`,
          `tasks of ${quoted(shipped.name)} are each sent the same argument of ${megabytes(bytes)}: ` +
            "scatter() it once, and pass the future in its place",
        );
      }
    }
  }

  #findSilent(): void {
    for (const worker of this.#asked.overdue(this.#state.nowMs - SILENT_MS)) {
      const begun = [...this.#state.tasks.values()].find((task) => task.processingOn === worker && task.started);
      const why = begun === undefined ? "" : `; it has begun ${begun.key}`;
      this.#say(
        `silent ${worker.address}`,
        `${worker.address} has not done for ${SILENT_MS / 1000} s what it was asked to${why}. A task that computes on end hears of nothing: ` +
          "callStack() tells where it is; let it await something now and then, or end it with cancel(future, { force: true })",
      );
    }
  }

  /** Those that are full time and again: for moments, whoever writes values out may be. */
  #findFull(): void {
    const full = new Set<WorkerRecord>();
    for (const worker of this.#state.workers.values()) if (worker.memory?.kept?.isFull) full.add(worker);
    for (const worker of full) {
      const { limit, heldBytes } = worker.memory?.kept ?? {};
      if (!this.#full.has(worker) || limit === undefined || heldBytes === undefined) continue;
      this.#say(
        "full",
        `${worker.address} is near its memoryLimit of ${megabytes(limit)}, with values of ${megabytes(heldBytes)}, and takes no new tasks until it has ` +
          "less: release() futures that are not needed any more, give workers a larger memoryLimit, or make smaller values",
      );
    }
    this.#full = full;
  }

  /** To all clients that are not tasks, once. */
  #say(cause: string, text: string): void {
    if (this.#said.has(cause) || this.#said.size > 1000) return;
    this.#said.add(cause);
    for (const client of this.#state.clients.values()) if (client.worker === undefined) this.#warn(client, text);
  }
}

function quoted(name: string): string {
  return name === "" ? "an anonymous function" : `"${name}"`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Its arguments, without those that are other tasks' values. */
function rowOf({ group, firstSlot, slots, shape }: TaskRecord): readonly unknown[] {
  return argumentsIn(group.rows.slice(firstSlot, firstSlot + slots), shape);
}

function partOf({ group, slots }: Span, index: number): readonly unknown[] {
  return argumentsIn(group.rows.slice(index * slots, (index + 1) * slots), group.uniform?.shape ?? 0);
}

function argumentsIn(row: readonly unknown[], shape: number): readonly unknown[] {
  return row.map((value, slot) => (isReference(shape, slot) ? undefined : value));
}

/** Objects that are looked into for one value. */
const MOST_PARTS = 200;

/** About how many bytes a value takes; of many items, the first are taken for all. */
function sizeOf(value: unknown, budget = { left: MOST_PARTS }): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || budget.left-- <= 0) return 8;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  const isList = Array.isArray(value) || value instanceof Map || value instanceof Set;
  const all = Array.isArray(value) ? value : isList ? [...value] : Object.values(value);
  const some = all.slice(0, 20);
  const bytes = some.reduce((sum: number, each) => sum + sizeOf(each, budget), 0);
  return some.length === 0 ? 8 : (bytes * all.length) / some.length;
}

/** Whether two values are the same, as far as it is worth looking. */
function isAlike(a: unknown, b: unknown, budget = { left: MOST_PARTS }): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (budget.left-- <= 0) return true;
  const [mine, theirs] = [beginningOf(a), beginningOf(b)];
  return mine.size === theirs.size && mine.items.every((each, i) => isAlike(each, theirs.items[i], budget));
}

/** The first of what is in it; of plain objects, keys and values. */
function beginningOf(value: object): { readonly size: number; readonly items: readonly unknown[] } {
  if (Array.isArray(value)) return { size: value.length, items: value.slice(0, 20) };
  if (value instanceof ArrayBuffer) return beginningOf(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) {
    return { size: value.byteLength, items: [...new Uint8Array(value.buffer, value.byteOffset).subarray(0, 20)] };
  }
  const items = value instanceof Map || value instanceof Set ? [...value] : Object.entries(value).flat();
  return { size: items.length, items: items.slice(0, 40) };
}
