/** Runs tasks: makes their functions, fills in their arguments, and weighs what they return. */

import { RecentMap } from "../collections/recent-map.ts";
import { encodeError, UnserializableError } from "../protocol/errors.ts";
import type { FunctionId } from "../protocol/identity.ts";
import { FUTURES_MARK, type PackedFutures } from "../protocol/packed-futures.ts";
import { ACTOR, isReference, type NumberedFunction, PACKED } from "../protocol/task-spec.ts";
import { compile, explainReferenceError } from "../shipping/compile.ts";
import { type AnyFunction, type FunctionSpec, markedFunction } from "../shipping/function-source.ts";
import { measure, typeOf } from "../shipping/measure.ts";
import type { Revive } from "../shipping/plain-data.ts";
import { refuseHandle, restore } from "../shipping/restore.ts";
import { takeTransfers } from "../shipping/transfer.ts";
import type { Failure, Result } from "../worker/contract.ts";
import { keepsOnFunctions, mayHold } from "./kept-buffers.ts";

type Load = Result["load"];
type Callable = (...args: unknown[]) => unknown;
type Compiled = AnyFunction | Promise<AnyFunction>;

/** No longer than this may a run be because its thread was held up: by its collector, or by other threads. Microseconds. */
const HELD_UP_US = 20_000;

interface Registered {
  readonly spec: FunctionSpec;
  /** Made when the first task needs it. */
  compiled: Compiled | undefined;
  /** Moving average of a run, in microseconds; undefined until there was one. */
  averageUs: number | undefined;
  /** The last of them. */
  lastUs: number;
  /** Whether there was one, and no more. */
  hasRunOnce: boolean;
  /** Whether what it returns is nobody else's: source text has no module to keep things in. */
  readonly givesAway: boolean;
  /** Whether all it has returned were numbers and the like. */
  returnsSlight: boolean;
}

/** What the executor has to know of a task. */
export interface Runnable {
  readonly fn: FunctionId;
  readonly shape: number;
  readonly slots: unknown[];
}

/** Tasks that take less are not timed one by one. Microseconds. */
const SLIGHT_US = 50;
/** Characters of a text that need not be counted to know that it is small. */
const SLIGHT_LENGTH = 256;

/** Functions from inside of something that are remembered for sure. */
const MOST_INNER = 500;
const NOT_MOVABLE: Load = { buffers: [], movable: false };

export class Executor {
  readonly #functions = new Map<FunctionId, Registered>();
  /** Hashes and names. */
  readonly #registered = new Set<string>();
  /** Functions that travel inside arguments or bindings, by hash: those that were used lately. */
  readonly #inner = new RecentMap<string, { readonly spec: FunctionSpec; readonly compiled: Compiled }>(MOST_INNER);
  /** Tasks that were given functions as arguments, which may keep things that we know nothing of. */
  readonly #givenFunctions = new WeakSet<Runnable>();
  readonly #scope: Readonly<Record<string, unknown>>;
  readonly #claim: (key: string) => unknown;
  readonly #revive: Revive;
  /** Called before a function is made of what came, while somebody wants to see that; what it returns, afterwards. */
  watchMaking: ((name: string) => (() => void) | undefined) | undefined;
  /** Who else may look at a buffer: the load of the value it was last seen in. */
  readonly #loads = new WeakMap<ArrayBuffer, Load>();
  readonly #builtins = new Set(Reflect.ownKeys(globalThis));

  /**
   * @param scope - names that every function finds in scope.
   * @param claim - makes a future that a function takes along of its key.
   * @param revive - makes a handle that a function takes along of its description.
   */
  constructor(
    scope: Readonly<Record<string, unknown>>,
    claim: (key: string) => unknown = () => undefined,
    revive: Revive = refuseHandle,
  ) {
    this.#scope = scope;
    this.#claim = claim;
    this.#revive = revive;
  }

  register(functions: readonly NumberedFunction[]): void {
    for (const [id, shipped] of functions) {
      const spec = shipped as FunctionSpec;
      this.#registered.add(`${shipped.hash} ${shipped.name}`);
      this.#functions.set(id, {
        spec,
        compiled: undefined,
        averageUs: undefined,
        lastUs: 0,
        hasRunOnce: false,
        givesAway: !keepsOnFunctions(spec),
        returnsSlight: true,
      });
    }
  }

  /** Lets go of functions that no task here runs any more. */
  forget(ids: readonly FunctionId[]): void {
    for (const id of ids) {
      const { spec } = this.#functions.get(id) ?? {};
      this.#registered.delete(`${spec?.hash} ${spec?.name}`);
      this.#functions.delete(id);
    }
  }

  /** Whether the function of this hash and name was registered. */
  isKnown(hash: string, name: string): boolean {
    return this.#registered.has(`${hash} ${name}`);
  }

  hashOf(fn: FunctionId): string | undefined {
    return this.#functions.get(fn)?.spec.hash;
  }

  /** Another scheduler takes over, which has sent nothing yet. What was compiled may still be running. */
  beginAnew(): void {
    this.#registered.clear();
  }

  nameOf(fn: FunctionId): string {
    return this.#functions.get(fn)?.spec.name ?? "";
  }

  /** What a run of this function has been taking, in microseconds; undefined if there was none yet. */
  averageUs(fn: FunctionId): number | undefined {
    return this.#functions.get(fn)?.averageUs;
  }

  noteDuration(fn: FunctionId, us: number): void {
    const registered = this.#functions.get(fn);
    if (registered === undefined) return;
    const { averageUs } = registered;
    // One run that was held up by something else does not make a function slow. The first one here always is.
    if (averageUs === undefined) registered.averageUs = us;
    else if (registered.hasRunOnce) registered.averageUs = Math.min(us, averageUs);
    else registered.averageUs = averageUs + ((us > HELD_UP_US ? us : Math.min(us, registered.lastUs)) - averageUs) / 8;
    registered.lastUs = us;
    registered.hasRunOnce = averageUs === undefined;
  }

  /** Makes the function if that is still to be done, which is not to count as part of its first run. Returns whether it was. */
  prepare(fn: FunctionId): boolean {
    const registered = this.#functions.get(fn);
    if (registered === undefined || registered.compiled !== undefined) return false;
    try {
      this.#compileFirst(registered);
    } catch {
      // Whoever calls it will hear of that.
    }
    return true;
  }

  /**
   * Calls the task's function. What comes back is its return value, perhaps a promise.
   *
   * @param input - the value of another task, by its id.
   * @param later - how to call it if that cannot be done at once, because a module has to be imported first.
   * @param revive - makes a handle of its own for the task, of a description.
   */
  call(
    task: Runnable,
    input: (id: number) => unknown,
    later: (call: () => unknown) => unknown,
    revive: Revive = this.#revive,
  ): unknown {
    const registered = this.#functions.get(task.fn);
    if (registered === undefined) throw new Error(`function ${task.fn} never arrived; this is a bug in manyhands`);
    const compiled = registered.compiled ?? this.#compileFirst(registered);
    const args = this.#arguments(task, input, revive);
    const run = (task.shape & ACTOR) === 0 ? apply : construct;
    if (compiled instanceof Promise || args instanceof Promise) {
      return Promise.all([compiled, args]).then(([fn, values]) => later(() => run(fn, values)));
    }
    return run(compiled, args);
  }

  /**
   * Calls a function of plain tasks for one set of arguments after the other, `most` times at most and as long as it returns what
   * needs no weighing; that goes to `results`. What came of the first call that did otherwise is returned, or that there was nothing
   * to call it with: `provide` puts among the arguments what is not there yet.
   */
  callMany(
    fn: FunctionId,
    args: readonly unknown[],
    from: number,
    slots: number,
    most: number,
    results: unknown[],
    provide: ((ahead: number) => boolean) | undefined,
  ): { readonly returned: unknown } | { readonly thrown: unknown } | "lacking" | undefined {
    const call = this.#functions.get(fn)?.compiled as Callable;
    let at = from;
    for (let i = 0; i < most; i++) {
      let value: unknown;
      if (provide !== undefined && !provide(i)) return "lacking";
      try {
        if (slots === 1) value = call(args[at]);
        else if (slots === 2) value = call(args[at], args[at + 1]);
        else value = call(...args.slice(at, at + slots));
      } catch (thrown) {
        return { thrown };
      }
      at += slots;
      if (typeof value !== "number" && !isSlight(value)) return { returned: value };
      results.push(value);
    }
    return undefined;
  }

  /** Whether plain tasks of this function may be run many at a time: it is compiled, quick, and returns what needs no weighing. */
  isSlight(fn: FunctionId): boolean {
    const registered = this.#functions.get(fn);
    return (
      registered?.returnsSlight === true &&
      registered.compiled !== undefined &&
      !(registered.compiled instanceof Promise) &&
      (registered.averageUs ?? SLIGHT_US) < SLIGHT_US
    );
  }

  /** It returned something that has to be weighed, or waited for; it will again. */
  noteWeighty(fn: FunctionId): void {
    const registered = this.#functions.get(fn);
    if (registered !== undefined) registered.returnsSlight = false;
  }

  #compileFirst(registered: Registered): Compiled {
    const made = this.watchMaking?.(registered.spec.name);
    const compiled = this.#compile(registered.spec);
    if (made !== undefined) {
      if (compiled instanceof Promise) compiled.then(made, made);
      else made();
    }
    registered.compiled = compiled;
    if (compiled instanceof Promise) {
      const settle = (outcome: AnyFunction | undefined) => {
        registered.compiled = outcome;
      };
      compiled.then(settle, () => settle(undefined)); // A module that could not be loaded may be there the next time.
    }
    return compiled;
  }

  /** Weighs a value a task returned. Throws if it cannot travel. */
  weigh(task: Runnable, value: unknown): Result {
    if (typeof value === "number" || typeof value === "boolean" || value === undefined || value === null) {
      return { value, nbytes: 8, valueType: typeof value, load: NOT_MOVABLE, hasFutures: false };
    }
    const { nbytes, buffers, problem, hasFutures } = measure(value, structuredClone);
    if (problem !== undefined) {
      const path = `result${problem.path}`;
      const isGenerator = /Generator\]$/.test(Object.prototype.toString.call(value));
      const advice = isGenerator ? "client.stream() runs it, and gives what it yields" : "return plain data";
      throw new UnserializableError(
        `${path} of ${this.nameOf(task.fn) || "a task"} is ${problem.what}, which cannot leave the worker; ${advice}`,
        { path },
      );
    }
    const valueType = typeOf(value);
    if (hasFutures) return { value, nbytes, valueType, load: NOT_MOVABLE, hasFutures };
    return { value, nbytes, valueType, load: this.#loadOf(task, value, buffers), hasFutures };
  }

  /** Puts together again what came with futures or functions in it; a promise if some have to be loaded. */
  unpack({ [FUTURES_MARK]: keys, value }: PackedFutures): unknown {
    const future = (slot: number) => this.#claim(keys[slot - 1] as string);
    return restore(value, future, (spec) => this.functionOf(spec), this.#revive);
  }

  /** The same error, with advice where a variable stayed behind, in the form that travels. */
  describeError(task: Pick<Runnable, "fn">, error: unknown): Failure {
    const spec = this.#functions.get(task.fn)?.spec;
    return { error: encodeError(spec === undefined ? error : explainReferenceError(error, spec)) };
  }

  #compile(spec: FunctionSpec): Compiled {
    return compile(spec, this.#scope, (inner) => this.functionOf(inner), this.#claim, this.#revive);
  }

  /** A function that travelled inside of something. */
  functionOf(spec: FunctionSpec): Compiled {
    let known = this.#inner.get(spec.hash);
    if (known === undefined) {
      known = { spec, compiled: this.#compile(spec) };
      this.#inner.set(spec.hash, known);
    }
    return known.compiled;
  }

  #arguments(task: Runnable, input: (id: number) => unknown, revive: Revive): unknown[] | Promise<unknown[]> {
    const { shape, slots } = task;
    if (shape === 0) return slots;
    if ((shape & PACKED) !== 0) {
      const inputs = (slot: number) => input(slots[slot] as number);
      const compileOne = (spec: FunctionSpec) => {
        if (spec.kind !== "builtin") this.#givenFunctions.add(task);
        return this.functionOf(spec);
      };
      return restore(slots[0], inputs, compileOne, revive) as unknown[] | Promise<unknown[]>;
    }
    for (let slot = 0; slot < slots.length; slot++) {
      if (isReference(shape, slot)) slots[slot] = input(slots[slot] as number);
    }
    return slots;
  }

  /**
   * Whether a result's buffers may be transferred away: nothing else here may be able to look at them. A function that came as
   * source has nowhere to keep a buffer but the global object, which is searched; one of a module may keep what it likes, unless
   * it says `transfer()`.
   */
  #loadOf(task: Runnable, value: unknown, buffers: ReadonlySet<ArrayBuffer>): Load {
    if (buffers.size === 0) return NOT_MOVABLE;
    const registered = this.#functions.get(task.fn);
    const transfers = takeTransfers(value);
    const isGiven = transfers !== undefined && [...buffers].every((buffer) => transfers.includes(buffer));
    const movable = isGiven || (registered?.givesAway === true && !this.#givenFunctions.has(task));
    const load: Load = { buffers: [...buffers], movable };
    for (const buffer of buffers) {
      const other = this.#loads.get(buffer);
      if (other !== undefined) {
        other.movable = false;
        load.movable = false;
      }
      this.#loads.set(buffer, load);
    }
    if (registered !== undefined && load.movable && !isGiven) {
      load.movable = !this.#isTakenAlong(registered.spec, buffers) && !this.#isKeptGlobally(buffers);
    }
    return load;
  }

  /** Whether a function that came as source has put some of `buffers` into what it took along, which lives as long as it does. */
  #isTakenAlong(spec: FunctionSpec, buffers: ReadonlySet<ArrayBuffer>): boolean {
    if (spec.kind !== "source" || spec.bindings === undefined) return false;
    return Object.values(spec.bindings).some((value) => {
      const inner = markedFunction(value);
      if (inner === undefined) return mayHold(value, buffers);
      return this.#isTakenAlong(this.#inner.get(inner.hash)?.spec ?? inner, buffers);
    });
  }

  #isKeptGlobally(buffers: ReadonlySet<ArrayBuffer>): boolean {
    for (const key of Reflect.ownKeys(globalThis)) {
      if (!this.#builtins.has(key) && mayHold(Reflect.get(globalThis, key), buffers)) return true;
    }
    return false;
  }

  /** Buffers that came from elsewhere and are kept here: what a task returns of them has to stay. */
  guard(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    for (const buffer of measure(value).buffers) this.#loads.set(buffer, NOT_MOVABLE);
  }
}

/** Whether a value is small without a closer look. */
function isSlight(value: unknown): boolean {
  return (
    typeof value === "number" ||
    typeof value === "boolean" ||
    value === undefined ||
    value === null ||
    (typeof value === "string" && value.length <= SLIGHT_LENGTH)
  );
}

function construct(fn: AnyFunction, args: unknown[]): unknown {
  return Reflect.construct(fn, args);
}

function apply(fn: AnyFunction, args: unknown[]): unknown {
  const call = fn as Callable;
  switch (args.length) {
    case 0:
      return call();
    case 1:
      return call(args[0]);
    case 2:
      return call(args[0], args[1]);
    default:
      return call(...args);
  }
}
