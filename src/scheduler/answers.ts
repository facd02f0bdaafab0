/** Answering what clients have asked, and finding the workers they mean. */

import type { Answer } from "../protocol/client-messages.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import type { Key, WorkerAddress } from "../protocol/identity.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A question that was asked and is not answered. */
export interface Question {
  readonly client: ClientRecord;
  /** The client's number for it. */
  readonly number: number;
}

/** Nobody is told when the client is gone. */
export function answer(
  state: SchedulerState,
  { client, number }: Question,
  outcome: { readonly value: unknown } | { readonly error: ErrorOnWire },
): void {
  if (state.clients.get(client.id) === client) state.toClient(client).send({ type: "answer", number, outcome });
}

/** An answer that says no. */
export type Refusal = Extract<Answer["outcome"], { readonly error: unknown }>;

/** An error as it travels. Made by hand: whatever the core had in common with what is loaded later would be split off it. */
export function failure(name: string, message: string, fields: Readonly<Record<string, unknown>> = {}) {
  return { type: "error", base: name, name, message, fields } as const;
}

export function refuse(message: string, name = "Error", fields: Readonly<Record<string, unknown>> = {}): Refusal {
  return { error: failure(name, message, fields) };
}

/** The answer to whoever wants something of a task that has ended without a value. */
export function refusalFor({ state, error, key }: TaskRecord): Refusal | undefined {
  if (state === "erred" && error !== undefined) return { error };
  return state === "forgotten" ? letGo(key) : undefined;
}

export function letGo(key: Key): Refusal {
  const reason = "it was released or cancelled";
  return refuse(`${key} is not there: ${reason}`, "CancelledError", { key, reason });
}

/** The workers of these addresses or names, each once; all if none are named. `unknown` is what to say if one is not there. */
export function findWorkers(
  state: SchedulerState,
  names: readonly (WorkerAddress | string)[] | undefined,
): { readonly found: readonly WorkerRecord[]; readonly unknown: ErrorOnWire | undefined } {
  const present = [...state.workers.values()];
  if (names === undefined) return { found: present, unknown: undefined };
  const missing = names.filter((each) => !present.some(({ address, name }) => address === each || name === each));
  const found = present.filter(({ address, name }) => names.includes(address) || names.includes(name));
  if (missing.length === 0) return { found, unknown: undefined };
  const known = present.map(({ address }) => address).join(", ") || "none";
  return { found, unknown: failure("RangeError", `there is no worker ${missing.join(", ")}; there are ${known}`) };
}
