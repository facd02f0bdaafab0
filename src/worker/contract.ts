/** What a worker's machine gives its shell to do, and how it hears of the end of a run. */

import type { ErrorOnWire } from "../protocol/errors.ts";
import type { TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { WorkerMessage } from "../protocol/worker-messages.ts";
import type { Load, LocalTask } from "./state.ts";

export type WorkerInstruction =
  | { readonly type: "send"; readonly messages: readonly WorkerMessage[]; readonly transfer: readonly object[] }
  | {
      readonly type: "gather-dep";
      readonly from: WorkerAddress;
      readonly request: number;
      readonly ids: readonly TaskId[];
    }
  /** Put this into the store; it goes by this number there. To be answered with `written` or `refused`. */
  | { readonly type: "write-value"; readonly number: number; readonly value: unknown }
  /** Read it back. To be answered with `readBack` or `notRead`. */
  | { readonly type: "read-value"; readonly number: number }
  /** It is not needed in the store any more. */
  | { readonly type: "remove-value"; readonly number: number }
  /** A value that peers wait for has been read, or could not be: they are to be answered. */
  | { readonly type: "came-back"; readonly id: TaskId }
  /** It may make more items. */
  | { readonly type: "go-on"; readonly task: LocalTask }
  | {
      readonly type: "abort";
      readonly task: LocalTask;
      readonly reason: string;
      readonly error: ErrorOnWire | undefined;
    };

/** What a run returned. */
export interface Result {
  readonly value: unknown;
  /** Size in bytes, estimated. */
  readonly nbytes: number;
  readonly valueType: string;
  readonly load: Load;
  /** Whether it holds futures, which travel packed. */
  readonly hasFutures?: boolean;
}

export interface Failure {
  readonly error: ErrorOnWire;
}
