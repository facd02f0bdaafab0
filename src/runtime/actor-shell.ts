/** What those who host actors need of the worker they belong to. */

import type { TaskClients } from "../ports/task-clients.ts";
import type { ErrorOnWire } from "../protocol/errors.ts";
import type { FunctionId } from "../protocol/identity.ts";
import type { PackedFutures } from "../protocol/packed-futures.ts";

export interface ActorShell {
  clients(): TaskClients;
  now(): number;
  /** Sends what there is to be said to the scheduler. */
  flush(): void;
  /** Calls what is no task's. */
  apart<R>(call: () => R): R;
  /** So many more, or fewer, methods are under way that are no tasks'. */
  count(change: number): void;
  explain(fn: FunctionId, error: unknown): ErrorOnWire;
  /** Puts together what was packed. */
  unpack(packed: PackedFutures): unknown;
}
