/** Forms of what several kinds of messages have in common: functions, errors, options, rows, runs of numbers. */

import type { ActorOptions } from "./actors.ts";
import {
  amount,
  anything,
  both,
  clientTask,
  exactly,
  type Form,
  fields,
  finite,
  flag,
  groups,
  list,
  name,
  perhaps,
  record,
  text,
  whole,
} from "./form.ts";
import type { PackedValue } from "./packed-value.ts";
import { type Backoff, type Demands, isReference, PACKED, type Quorum, type TaskOptions } from "./task-spec.ts";

/** Tasks that one message may be about. */
export const MOST_TASKS = 1_000_000;
/** Arguments a task may have. */
const MOST_SLOTS = 100_000;
const ALL_SHAPES = 2 ** 26 - 1;

export const taskId = whole(1);
export const run = whole(1);
export const nbytes = whole();

/** Beside its name and hash, what a function is made of is between shipping's two ends. */
export const shippedFunction: Form = (value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return " must be a function as it travels";
  const { name: called, hash } = value as Record<string, unknown>;
  const why = name(called);
  if (why !== undefined) return `.name${why}`;
  const wrong = text(256)(hash);
  return wrong === undefined ? undefined : `.hash${wrong}`;
};

export const numberedFunctions = list(
  both<readonly unknown[]>(list(anything, 2), (pair) => {
    if (pair.length !== 2) return " must be a number and a function";
    const why = whole()(pair[0]);
    if (why !== undefined) return `[0]${why}`;
    const wrong = shippedFunction(pair[1]);
    return wrong === undefined ? undefined : `[1]${wrong}`;
  }),
  100_000,
);

/** Whoever reads errors believes nothing in them; what is told of them here is that they are some. */
export const errorOnWire: Form = (value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return " must be an error as it travels";
  const { type, message, name: called } = value as Record<string, unknown>;
  const why = exactly("error", "value")(type);
  if (why !== undefined) return `.type${why}`;
  if (type === "value") return undefined;
  const wrong = text()(message);
  if (wrong !== undefined) return `.message${wrong}`;
  const bad = text(4096)(called);
  return bad === undefined ? undefined : `.name${bad}`;
};

/** A value, or an error, and nothing else. */
export const outcome: Form = (value) => {
  if (typeof value !== "object" || value === null) return " must be a value or an error";
  if ("error" in value) return fields<{ error: unknown }>({ error: errorOnWire })(value);
  return "value" in value ? fields<{ value: unknown }>({ value: anything })(value) : " must hold a value or an error";
};

export const resources = record(amount, 1000);
export const names = list(name, 100_000);
const backoff = fields<Backoff>({ delayMs: amount, factor: perhaps(amount), maxDelayMs: perhaps(amount) });

const demands = fields<Demands>({
  resources: perhaps(resources),
  workers: perhaps(names),
  allowOtherWorkers: perhaps(flag),
  timeoutMs: perhaps(amount),
  backoff: perhaps(backoff),
  actor: perhaps(
    fields<ActorOptions>({ onLoss: exactly(undefined, "error", "restart"), concurrency: perhaps(amount) }),
  ),
  quorum: perhaps(fields<Quorum>({ copies: whole(1), agree: whole(1) })),
});

export const taskOptions = fields<TaskOptions>({
  priority: perhaps(finite),
  retries: perhaps(amount),
  parent: perhaps(taskId),
  depth: exactly(undefined), // The scheduler counts that.
  name: perhaps(name),
  speculate: perhaps(exactly(false)),
  demands: perhaps(demands),
});

export const packedValue = fields<PackedValue>({ value: anything, tasks: list(clientTask, MOST_TASKS) });

/** `first, count` each. */
export const ranges = groups(clientTask, whole(1, MOST_TASKS));

export function countIn(flat: readonly number[], width: number): number {
  let count = 0;
  for (let i = width - 1; i < flat.length; i += width) count += flat[i] as number;
  return count;
}

/**
 * Rows one after the other. `head`: forms of the fields before the slots; which of them hold the number of slots and the shape;
 * `reference`: what stands for a task.
 */
export function rowsForm(
  head: readonly Form[],
  at: { readonly slots: number; readonly shape: number },
  reference: Form,
): (rows: readonly unknown[]) => { readonly count: number; readonly why: string | undefined } {
  const slotsForm = whole(0, MOST_SLOTS);
  const shapeForm = whole(0, ALL_SHAPES);
  return (rows) => {
    let count = 0;
    for (let i = 0; i < rows.length; ) {
      const wrong = (place: number, why: string) => ({ count, why: `[${place}]${why}` });
      for (const [k, form] of head.entries()) {
        const why = form(rows[i + k]);
        if (why !== undefined) return wrong(i + k, why);
      }
      const whySlots = slotsForm(rows[i + at.slots]);
      if (whySlots !== undefined) return wrong(i + at.slots, whySlots);
      const whyShape = shapeForm(rows[i + at.shape]);
      if (whyShape !== undefined) return wrong(i + at.shape, whyShape);
      const slots = rows[i + at.slots] as number;
      const shape = rows[i + at.shape] as number;
      const first = i + head.length;
      if (first + slots > rows.length) return wrong(i, " has fewer arguments than it says");
      if ((shape & PACKED) !== 0 && slots < 1) return wrong(i, " has its arguments packed, and has none");
      for (let slot = 0; slot < slots; slot++) {
        const why = isReference(shape, slot) ? reference(rows[first + slot]) : undefined;
        if (why !== undefined) return wrong(first + slot, why);
      }
      count += 1;
      i = first + slots;
    }
    return { count, why: undefined };
  };
}

export const clientRows = rowsForm([whole(), anything, anything], { slots: 1, shape: 2 }, clientTask);
