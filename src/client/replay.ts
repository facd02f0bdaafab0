/** Replay: runs a task here that was run in the cluster, with the inputs that it had, for whoever wants to watch it. */

import { CancelledError } from "../protocol/errors.ts";
import type { Recipe } from "../protocol/requests.ts";
import { isReference, PACKED, STREAM } from "../protocol/task-spec.ts";
import { compile } from "../shipping/compile.ts";
import { type AnyFunction, describeFunction, type FunctionSpec } from "../shipping/function-source.ts";
import { restore } from "../shipping/restore.ts";
import type { RunningTask } from "../shipping/task-context.ts";
import { type Future, futureAccess } from "./future.ts";
import type { Answered } from "./open-requests.ts";
import { reviverOf } from "./open-sessions.ts";
import { demandOwn } from "./ownership.ts";
import { asTask, namesHere } from "./replay-surroundings.ts";
import type { Session } from "./session.ts";

/** How `client.replay()` runs a task. */
export interface ReplayOptions {
  /** Stop in front of the call, if a debugger is there. */
  readonly debugger?: boolean;
  /** Ends the wait for what the task was given, and is what the task gets as its own signal. */
  readonly signal?: AbortSignal;
  /**
   * Names that functions find in scope which are made of their source, as `{ Queue }`. Of the library, `getTask` and its like are there
   * anyway.
   */
  readonly names?: Readonly<Record<string, unknown>>;
}

type Callable = (...args: unknown[]) => unknown;

export async function replay(
  client: object,
  session: Session,
  future: Future,
  { debugger: stops = false, signal = new AbortController().signal, names = {} }: ReplayOptions,
): Promise<unknown> {
  signal.throwIfAborted();
  demandOwn(future, session);
  const answer = (await session.ask({ type: "recipe", id: futureAccess.id(future) }, signal)) as Answered;
  const recipe = answer.value as Recipe;
  try {
    const inputs = await fetchInputs(recipe, answer, signal);
    const make = makerFor(session, names);
    const args = await argumentsOf(recipe, inputs, make, session);
    const fn = original(recipe, future, session) ?? (await make(recipe.function as FunctionSpec));
    signal.throwIfAborted();
    const run = () => {
      // Step into this call: it is the task's function, with the arguments that it had.
      // biome-ignore lint/suspicious/noDebugger: that is what was asked for.
      if (stops) debugger;
      return (fn as Callable)(...args);
    };
    return await asTask(contextOf(recipe, client, signal), () =>
      (recipe.shape & STREAM) === 0 ? run() : exhaust(run() as Iterable<unknown> | AsyncIterable<unknown>),
    );
  } finally {
    for (const input of answer.futures.values()) input.release();
  }
}

async function fetchInputs({ key }: Recipe, { futures }: Answered, signal: AbortSignal): Promise<Map<number, unknown>> {
  const values = new Map<number, unknown>();
  await Promise.all(
    Array.from(futures, async ([id, input]) => {
      try {
        values.set(id, await input.result({ signal }));
      } catch (cause) {
        signal.throwIfAborted();
        const what = cause instanceof CancelledError ? "is gone" : "failed when it was to be made again";
        throw new Error(`${input.key}, which ${key} was given, ${what}: ${String(cause)}`, { cause });
      }
    }),
  );
  return values;
}

type Make = (spec: FunctionSpec) => AnyFunction | Promise<AnyFunction>;

/** Makes functions of their descriptions, as a worker would. */
function makerFor(session: Session, names: Readonly<Record<string, unknown>>): Make {
  const scope = { ...namesHere, ...names };
  const claim = (key: string) => session.claim(key);
  const revive = reviverOf(session);
  const make: Make = (spec) => compile(spec, scope, make, claim, revive);
  return make;
}

/** Copies, for the scheduler keeps the recipe. */
async function argumentsOf(
  { shape, slots }: Recipe,
  inputs: ReadonlyMap<number, unknown>,
  make: Make,
  session: Session,
): Promise<unknown[]> {
  if ((shape & PACKED) !== 0) {
    const input = (slot: number) => inputs.get(slots[slot] as number);
    return (await restore(structuredClone(slots[0]), input, make, reviverOf(session))) as unknown[];
  }
  return slots.map((item, slot) => (isReference(shape, slot) ? inputs.get(item as number) : structuredClone(item)));
}

/** The function itself, if it was submitted here: in it, breakpoints are where its author set them. */
function original({ function: { hash } }: Recipe, asked: Future, { parts }: Session): AnyFunction | undefined {
  for (const future of [asked, ...parts.ledger.futures()]) {
    const fn = futureAccess.fn(future);
    if (fn === undefined) continue;
    const spec = describeFunction(fn);
    if (spec.hash === hash && spec.kind !== "module") return fn;
  }
  return undefined;
}

function contextOf({ key }: Recipe, client: object, signal: AbortSignal): RunningTask {
  return { key, attempt: 0, signal, client, progress: () => {}, secede: () => {}, rejoin: () => {} };
}

/** Has a generator come to its end; of what it gives, only what it returns is looked at. */
async function exhaust(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<unknown> {
  const { [Symbol.asyncIterator]: asyncItems } = items as AsyncIterable<unknown>;
  const iterator = asyncItems?.call(items) ?? (items as Iterable<unknown>)[Symbol.iterator]();
  for (;;) {
    const { done, value } = await iterator.next();
    if (done === true) return value;
  }
}
