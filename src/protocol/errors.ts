/** Every error class of the library, and the form in which whatever was thrown travels between threads. */

import type { Resources, Restrictions } from "./task-spec.ts";

type FieldsAndOptions<Fields> = object extends Fields
  ? [fields?: Fields, options?: ErrorOptions]
  : [fields: Fields, options?: ErrorOptions];

type FailureClass = new <Name extends string, Fields extends object = object>(
  message: string,
  ...rest: FieldsAndOptions<Fields>
) => Error & { readonly name: Name } & Readonly<Fields>;

/** Known to every copy of the library, so that a page's and a worker's recognise each other's errors. */
const brand = Symbol.for("manyhands.error");

/** What all of ours are made of: a message that says what to do, the fields of the class, and perhaps a cause. */
const Failure = class extends Error {
  constructor(message: string, fields?: object, options?: ErrorOptions) {
    super(message, options);
    Object.assign(this, fields);
  }
} as FailureClass;

/** Somebody gave the task up: its future, its signal, or the client that wanted it. `reason` is what they said. */
export class CancelledError extends Failure<"CancelledError", { key: string; reason?: unknown }> {}

/** Too many workers died with the task in their hands; `attempts` are their addresses. It is not tried again unless asked. */
export class KilledWorkerError extends Failure<"KilledWorkerError", { key: string; attempts: readonly string[] }> {}

/** No worker of the cluster may run the task: `restrictions` is what it asks for, `workers` who is there. */
export class NoValidWorkerError extends Failure<
  "NoValidWorkerError",
  {
    key: string;
    restrictions: Restrictions;
    workers: readonly { readonly address: string; readonly name: string; readonly resources: Resources }[];
  }
> {}

/** Something took longer than was allowed. */
export class TimeoutError extends Failure<"TimeoutError", { key?: string; timeoutMs?: number }> {}

/** The other end of a conversation is gone, and what was still to be said with it. */
export class CommClosedError extends Failure<"CommClosedError", { address?: string }> {}

/** A value or a function cannot travel; `path` says where in what was handed over it sits, as `args[1].socket`. */
export class UnserializableError extends Failure<"UnserializableError", { path: string }> {}

/** A token was missing, wrong, or not good for what was asked. */
export class UnauthorizedError extends Failure<"UnauthorizedError"> {}

/** The worker that held the actor died, and its state with it. */
export class ActorLostError extends Failure<"ActorLostError", { key: string }> {}

/** The other end said something that is no word of the protocol. */
export class ProtocolError extends Failure<"ProtocolError"> {}

/** There is no room for a value: a result of `nbytes` at its worker, or the inputs of a task, which take that much together, at any worker. */
export class MemoryLimitError extends Failure<"MemoryLimitError", { nbytes: number }> {}

/** Copies of one task came back with results too different to believe any; `camps` are the workers, those together that agreed. */
export class DisagreementError extends Failure<
  "DisagreementError",
  { key: string; camps: readonly (readonly string[])[] }
> {}

/** A machine was told to make a move that its table does not know: a bug of ours, with the story that led to it. */
export class InvalidTransitionError extends Failure<
  "InvalidTransitionError",
  { key: string; from: string; to: string; story?: readonly unknown[] }
> {}

const ours = {
  CancelledError,
  KilledWorkerError,
  NoValidWorkerError,
  TimeoutError,
  CommClosedError,
  UnserializableError,
  UnauthorizedError,
  ActorLostError,
  ProtocolError,
  DisagreementError,
  MemoryLimitError,
  InvalidTransitionError,
};

// On the prototype, so that it heads the stack; by hand, so that no minifier renames what users read.
for (const [name, type] of Object.entries(ours)) {
  for (const owner of [type, type.prototype]) define(owner, "name", name);
  define(type.prototype, brand, name);
}

const builtIn = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError };

const { DOMException } = globalThis as { DOMException?: new (message: string, name: string) => Error };

const known = new Map<unknown, { readonly prototype: Error } | undefined>(
  Object.entries({ ...builtIn, ...ours, DOMException: DOMException as typeof Error | undefined }),
);

/**
 * Anything that was thrown, as plain data: values hold primitives, arrays and plain objects only, so that structured clone
 * and a codec that knows no classes carry it equally well.
 */
export type ErrorOnWire = ThrownErrorOnWire | { readonly type: "value"; readonly value?: unknown };

export interface ThrownErrorOnWire {
  readonly type: "error";
  /** The nearest class that both ends know. */
  readonly base: string;
  /** The error's own class. */
  readonly class?: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly cause?: ErrorOnWire | undefined;
  readonly errors?: readonly ErrorOnWire[] | undefined;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Whether it says that somebody gave something up: of that, nobody need hear. */
export function isGivenUp(thrown: unknown): boolean {
  return textIn(thrown, brand) === "CancelledError";
}

/** Causes and fields are followed this deep, and through this many objects; what lies beyond is left out or named. */
const DEPTH_LIMIT = 16;
const OBJECT_LIMIT = 5_000;

/** The way from what was thrown to where a walk stands, and the objects it may still enter. */
interface Walk {
  readonly path: readonly object[];
  readonly budget: { left: number };
}

const start = (): Walk => ({ path: [], budget: { left: OBJECT_LIMIT } });

/** The walk, one object further; `undefined` if that leads in a circle or too far. */
function enter({ path, budget }: Walk, object: object): Walk | undefined {
  if (path.length >= DEPTH_LIMIT || path.includes(object) || budget.left-- <= 0) return undefined;
  return { path: [...path, object], budget };
}

/** Writes whatever was thrown as data. Never throws, whatever it meets. */
export function encodeError(thrown: unknown): ErrorOnWire {
  return encode(thrown, start());
}

function encode(thrown: unknown, walk: Walk): ErrorOnWire {
  try {
    if (!isError(thrown)) return { type: "value", value: plain(thrown, walk) };
    const inside = enter(walk, thrown);
    if (!inside) return { type: "value", value: text(thrown) };
    const base = baseOf(thrown);
    const errors = base === "AggregateError" && read(thrown, "errors");
    return {
      type: "error",
      base,
      class: textIn(read(thrown, "constructor"), "name"),
      name: text(read(thrown, "name")),
      message: text(read(thrown, "message")),
      stack: textIn(thrown, "stack"),
      cause: "cause" in thrown ? encode(read(thrown, "cause"), inside) : undefined,
      errors: Array.isArray(errors) ? errors.map((each) => encode(each, inside)) : undefined,
      fields: ownData(thrown, inside),
    };
  } catch {
    return { type: "value", value: text(thrown) };
  }
}

/** An error of ours as data, where it was noticed but is not to be thrown. */
export function errorOnWire(
  name: keyof typeof ours,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): ErrorOnWire {
  return { type: "error", base: name, name, message, fields };
}

/** Makes of such data what was thrown. Believes nothing that it reads: a stranger may have written it. */
export function decodeError(wire: ErrorOnWire): unknown {
  return decode(wire, start());
}

function decode(wire: ErrorOnWire, walk: Walk): unknown {
  if (wire?.type !== "error") return plain(wire?.value, walk);
  const inside = enter(walk, wire);
  const name = text(wire.name);
  const message = text(wire.message);
  const error = errorOf(wire.base, textIn(wire, "class"), message, name);
  const fields = inside && ownData(Object(wire.fields), inside);
  for (const key in fields) define(error, key, fields[key], true);
  define(error, "stack", textIn(wire, "stack") ?? `${name}: ${message}`);
  if (inside && wire.cause) define(error, "cause", decode(wire.cause, inside));
  if (inside && Array.isArray(wire.errors)) {
    const errors = wire.errors.map((each) => decode(each, inside));
    define(error, "errors", errors);
  }
  return error;
}

/** An error without stack, cause or fields. A `class` that is not known here becomes one of that name, derived from `base`. */
export function errorOf(base: string, type: string | undefined, message: string | undefined, name = "Error"): Error {
  const Base = known.get(base) ?? Error;
  const error: Error =
    Base === DOMException
      ? new DOMException(message ?? "", name) // Its getters only work on the real thing.
      : Object.setPrototypeOf(new Error(message), Base.prototype);
  if (type !== undefined && type !== base) {
    const named = { [type]: class extends (Base as ErrorConstructor) {} };
    Object.setPrototypeOf(error, Object.values(named)[0]?.prototype as Error);
  }
  if (error.name !== name) define(error, "name", name);
  return error;
}

/** The class of an error, and the first one up its chain that the other end has too. */
export function nearestClass(error: object): { readonly base: string; readonly className: string | undefined } {
  return { base: baseOf(error), className: textIn(read(error, "constructor"), "name") };
}

/** The first class up its chain that the other end has too. By name, for an error may come from another realm. */
function baseOf(error: object): string {
  let base = textIn(error, brand);
  for (let type = error; type && !base; type = Object.getPrototypeOf(type)) {
    const name = textIn(read(type, "constructor"), "name");
    if (name && (name in builtIn || name === "DOMException")) base = name;
  }
  return base ?? "Error";
}

/** A copy that is data through and through; in place of anything else stands its text. */
function plain(value: unknown, walk: Walk): unknown {
  if (typeof value === "function" || typeof value === "symbol") return text(value);
  if (typeof value !== "object" || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isPlain && !Array.isArray(value)) return text(value);
  const inside = enter(walk, value);
  if (!inside) return Object.prototype.toString.call(value);
  return Array.isArray(value) ? value.map((each) => plain(each, inside)) : ownData(value, inside);
}

/** Own fields, without the keys by which data could reach for a prototype. */
function ownData(object: object, walk: Walk): Record<string, unknown> {
  const keys = Object.keys(object).filter((key) => !/^(__proto__|constructor|prototype)$/.test(key));
  return Object.fromEntries(keys.map((key) => [key, plain(read(object, key), walk)]));
}

function isError(value: unknown): value is object {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** A property, or nothing where reading it throws. */
function read(object: unknown, key: PropertyKey): unknown {
  try {
    return (object as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

function textIn(object: unknown, key: PropertyKey): string | undefined {
  const value = read(object, key);
  return typeof value === "string" ? value : undefined;
}

/** What a value says of itself; some refuse. */
function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "(cannot be shown)";
  }
}

/** Defines a property the way errors have theirs: out of sight, unless it is a field. */
function define(object: object, key: PropertyKey, value: unknown, enumerable = false): void {
  Object.defineProperty(object, key, { value, enumerable, configurable: true, writable: true });
}
