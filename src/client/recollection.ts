/**
 * What a client would have to say again to a scheduler that knows nothing: of each task that is wanted, or that others need which are, how it
 * was submitted; of data its value; of claims their key. A record goes when nothing depends on it any more.
 */

import type { Scatter, UpdateGraph } from "../protocol/client-messages.ts";
import type { ClientTaskId, FunctionId, Key } from "../protocol/identity.ts";
import {
  isReference,
  type NumberedFunction,
  ROW_HEADER,
  type ShippedFunction,
  STREAM,
  type TaskOptions,
} from "../protocol/task-spec.ts";
import { MOST_SPOKEN_OF } from "./known-functions.ts";

/** From so many on it is looked which are needed. */
const MANY_FUNCTIONS = 1000;

/** How a task was submitted. */
export interface TaskRow {
  readonly kind: "task";
  readonly fn: FunctionId;
  readonly slots: readonly unknown[];
  readonly shape: number;
  readonly options: TaskOptions;
  readonly key: Key | undefined;
}

type Source =
  | TaskRow
  | { readonly kind: "data"; readonly scatter: Scatter }
  | { readonly kind: "claim"; readonly key: Key }
  | Nothing;

/** It was cancelled, or was too large to be remembered. */
interface Nothing {
  readonly kind: "nothing";
  readonly why: string;
  readonly isCancelled: boolean;
}

/** Why something cannot be had again. */
export type Loss = Omit<Nothing, "kind">;

/**
 * `pending`; `stored` in the cluster; `here`, and perhaps in the cluster too; `failed`. What is here its user can give again, and what
 * failed is run again only when asked for.
 */
export type Standing = "pending" | "stored" | "here" | "failed";

export interface Kept {
  readonly id: ClientTaskId;
  source: Source;
  /** What its row or its value refers to, and is kept for it. */
  inputs: readonly ClientTaskId[];
  /** Of those, what was said apart from it. */
  carried: readonly ClientTaskId[];
  /** Records that refer to it. */
  dependents: number;
  standing: Standing;
  isWanted: boolean;
  isAwaited: boolean;
  /** It is to run whoever wants it. */
  isForgotten: boolean;
  /** Which scheduler has been told of it last. */
  toldTo: number;
}

export class Recollection {
  readonly functions = new Map<FunctionId, ShippedFunction>();
  /** Functions that the present scheduler knows by number, the one told of last behind the others. */
  readonly introduced = new Set<FunctionId>();
  readonly #kept = new Map<ClientTaskId, Kept>();
  readonly #mostBytes: number;
  #bytes = 0;
  #sweepAt = MANY_FUNCTIONS;

  /** `mostBytes`: of scattered values that are remembered. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(id: ClientTaskId): Kept | undefined {
    return this.#kept.get(id);
  }

  all(): Iterable<Kept> {
    return this.#kept.values();
  }

  /** Notes tasks as they are submitted, and which functions they run. */
  submit(
    { first, count, rows, uniform, functions, options, keys }: UpdateGraph,
    toldTo: number,
  ): ReadonlySet<FunctionId> {
    for (const [number, shipped] of functions) this.functions.set(number, shipped);
    if (this.functions.size >= this.#sweepAt) this.#sweepFunctions();
    const used = new Set<FunctionId>();
    for (let i = 0, at = 0; i < count; i++) {
      const [fn, slots, shape] =
        uniform === undefined
          ? (rows.slice(at, at + ROW_HEADER) as [number, number, number])
          : [uniform.fn, uniform.slots, uniform.shape];
      const begin = uniform === undefined ? at + ROW_HEADER : at;
      at = begin + slots;
      const row: TaskRow = { kind: "task", fn, slots: rows.slice(begin, at), shape, options, key: keys?.[i] };
      used.add(fn);
      this.#add(first + i, row, referencesIn(row), "pending", toldTo);
    }
    return used;
  }

  /** Notes a value. If it is given back, nothing need be known any more of how it was made. */
  scatter(message: Scatter, toldTo: number): void {
    const { id, nbytes } = message;
    const isTooMuch = this.#bytes + nbytes > this.#mostBytes;
    const why = `it was scattered, and there was too much of that to be remembered (${this.#mostBytes} bytes)`;
    const source: Source = isTooMuch
      ? { kind: "nothing", why, isCancelled: false }
      : { kind: "data", scatter: message };
    if (!isTooMuch) this.#bytes += nbytes;
    const known = this.#kept.get(id);
    if (known === undefined) this.#add(id, source, [], "stored", toldTo);
    else {
      known.isWanted = true;
      this.#replace(known, source);
      known.standing = "stored";
      known.toldTo = toldTo;
    }
  }

  claim(id: ClientTaskId, key: Key, toldTo: number): void {
    if (!this.#kept.has(id)) this.#add(id, { kind: "claim", key }, [], "pending", toldTo);
  }

  carry(id: ClientTaskId, tasks: readonly ClientTaskId[]): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    kept.carried = [...kept.carried, ...tasks];
    kept.inputs = [...kept.inputs, ...tasks];
    this.#refer(tasks);
  }

  /** A small value has come, which is its user's own. Others that are kept may need it all the same. */
  receive(id: ClientTaskId, value: unknown, isShared: boolean): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    kept.isAwaited = false;
    kept.isForgotten = false;
    kept.standing = "here";
    const key = keyOf(kept.source);
    const isNamed = key !== undefined;
    if (!isNamed) {
      kept.isWanted = false;
      kept.toldTo = 0;
    }
    // The user may change what is not a copy.
    const isOwn = !isShared && typeof value === "object" && value !== null;
    if (isNamed || kept.dependents > 0) {
      const scatter: Scatter = { type: "scatter", id, value: isOwn ? structuredClone(value) : value, nbytes: 0 };
      const prefix = this.#prefixOf(kept.source);
      const named = isNamed ? { ...scatter, key } : prefix === undefined ? scatter : { ...scatter, prefix };
      this.#replace(kept, { kind: "data", scatter: named });
      if (isNamed) kept.standing = "stored";
    }
    this.#tidy(kept);
  }

  release(id: ClientTaskId): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    kept.isWanted = false;
    kept.isAwaited = false;
    // The scheduler may forget it before we do.
    kept.toldTo = 0;
    this.#tidy(kept);
  }

  /** It has been cancelled: what needs it can be told so. */
  cancel(id: ClientTaskId, why: string, isCancelled = true): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    kept.isForgotten = false;
    kept.standing = "failed";
    this.#replace(kept, { kind: "nothing", why, isCancelled });
    this.release(id);
  }

  /** It need not be run again for its own sake. */
  settle(id: ClientTaskId): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    kept.isForgotten = false;
    this.#tidy(kept);
  }

  /**
   * Those of `ids`, and all that they need, that `scheduler` has not been told of; each after what it needs. `lost` are those that cannot
   * be had again, with the reason, and with them whatever needs one.
   */
  missing(
    ids: Iterable<ClientTaskId>,
    scheduler: number,
  ): { readonly found: readonly Kept[]; readonly lost: ReadonlyMap<Kept, Loss> } {
    const found = new Set<Kept>();
    const visit = (id: ClientTaskId): void => {
      const todo = [id];
      for (const each of todo) {
        const kept = this.#kept.get(each);
        if (kept === undefined || kept.toldTo === scheduler || found.has(kept)) continue;
        found.add(kept);
        todo.push(...kept.inputs);
      }
    };
    for (const id of ids) visit(id);
    const lost = new Map<Kept, Loss>();
    const inOrder = [...found].sort((a, b) => a.id - b.id);
    for (const kept of inOrder) {
      const { source } = kept;
      if (source.kind === "nothing") lost.set(kept, source);
      for (const input of kept.inputs) {
        const record = this.#kept.get(input);
        const loss = record && lost.get(record);
        if (loss !== undefined)
          lost.set(kept, { why: `it depends on what is gone: ${loss.why}`, isCancelled: loss.isCancelled });
      }
    }
    return { found: inOrder.filter((kept) => !lost.has(kept)), lost };
  }

  /** Functions that go along: those that are new, and others that this scheduler has not had, or not lately. */
  unknown(used: ReadonlySet<FunctionId>, functions: readonly NumberedFunction[]): readonly NumberedFunction[] {
    for (const [number] of functions) this.#introduce(number);
    let all = functions;
    for (const number of used) {
      const shipped = this.functions.get(number);
      if (this.introduced.has(number) || shipped === undefined) continue;
      this.#introduce(number);
      all = [...all, [number, shipped]];
    }
    return all;
  }

  /** The scheduler knows the last few by their numbers: of older ones it is told again. */
  #introduce(number: FunctionId): void {
    this.introduced.delete(number);
    this.introduced.add(number);
    if (this.introduced.size <= MOST_SPOKEN_OF) return;
    for (const oldest of this.introduced) {
      this.introduced.delete(oldest);
      return;
    }
  }

  /** Forgets functions that no task here runs, and that the session will not speak of any more without saying again what they are. */
  #sweepFunctions(): void {
    const live = new Set([...this.functions.keys()].slice(-MOST_SPOKEN_OF));
    for (const { source } of this.#kept.values()) if (source.kind === "task") live.add(source.fn);
    for (const number of this.functions.keys()) if (!live.has(number)) this.functions.delete(number);
    this.#sweepAt = MANY_FUNCTIONS + 2 * this.functions.size;
  }

  #add(id: ClientTaskId, source: Source, inputs: readonly ClientTaskId[], standing: Standing, toldTo: number): void {
    this.#refer(inputs);
    this.#kept.set(id, {
      id,
      source,
      inputs,
      carried: [],
      dependents: 0,
      standing,
      isWanted: true,
      isAwaited: false,
      isForgotten: false,
      toldTo,
    });
  }

  #refer(ids: readonly ClientTaskId[]): void {
    for (const id of ids) {
      const kept = this.#kept.get(id);
      if (kept !== undefined) kept.dependents += 1;
    }
  }

  #replace(kept: Kept, source: Source): void {
    if (kept.source.kind === "data") this.#bytes -= kept.source.scatter.nbytes;
    const { inputs } = kept;
    kept.source = source;
    kept.inputs = [];
    kept.carried = [];
    this.#unrefer(inputs);
  }

  #unrefer(ids: readonly ClientTaskId[]): void {
    for (const id of ids) {
      const kept = this.#kept.get(id);
      if (kept === undefined) continue;
      kept.dependents -= 1;
      this.#tidy(kept);
    }
  }

  /** Forgets it if nobody can have a use for it, and then what only it needed. */
  #tidy(kept: Kept): void {
    if (kept.isWanted || kept.isForgotten || kept.dependents > 0) return;
    if (!this.#kept.delete(kept.id)) return;
    if (kept.source.kind === "data") this.#bytes -= kept.source.scatter.nbytes;
    this.#unrefer(kept.inputs);
  }

  #prefixOf(source: Source): string | undefined {
    if (source.kind === "data") return source.scatter.prefix;
    return source.kind === "task" ? (source.options.name ?? this.functions.get(source.fn)?.name) : undefined;
  }
}

export function isStream({ source }: Kept): boolean {
  return source.kind === "task" && (source.shape & STREAM) !== 0;
}

function keyOf(source: Source): Key | undefined {
  if (source.kind === "data") return source.scatter.key;
  return source.kind === "nothing" ? undefined : source.key;
}

function referencesIn({ slots, shape }: TaskRow): readonly ClientTaskId[] {
  return slots.filter((_, slot) => isReference(shape, slot)) as ClientTaskId[];
}
