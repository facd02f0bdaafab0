/** How a worker sends what may hold anything: what the platform refuses to clone fails alone, and harms nothing beside it. */

import type { Comm } from "../ports/comm.ts";
import type { ClientMessage } from "../protocol/client-messages.ts";
import { encodeError, UnserializableError } from "../protocol/errors.ts";
import type { RunId, TaskId } from "../protocol/identity.ts";
import {
  HELD_VALUE,
  type SchedulerToWorkerMessage,
  type TaskFinished,
  type WorkerMessage,
} from "../protocol/worker-messages.ts";

export interface WorkerComm extends Comm<readonly WorkerMessage[], readonly SchedulerToWorkerMessage[]> {
  /** See `ThreadEndpoint.linger()`. */
  linger?(): void;
}

type Refuse = (message: ClientMessage, cause: unknown) => void;

interface Batch {
  readonly messages: readonly WorkerMessage[];
  readonly transfer: readonly object[];
}

/** `refuse`: something that a task says as a client cannot be sent. */
export function sendSound(comm: WorkerComm, { messages, transfer }: Batch, refuse: Refuse): void {
  try {
    comm.send(messages, transfer);
  } catch {
    for (const message of messages) for (const part of oneByOne(message)) sendOrFail(comm, part, refuse);
  }
}

/** Says that a result cannot leave, whose run has ended or {@link HELD_VALUE}. */
export function refuseResult(comm: WorkerComm, id: TaskId, run: RunId, cause: unknown): void {
  const error = new UnserializableError(`the result cannot leave the worker: ${String(cause)}; return plain data`, {
    path: "result",
  });
  comm.send([{ type: "task-erred", id, run, error: encodeError(error) }]);
}

function sendOrFail(comm: WorkerComm, message: WorkerMessage, refuse: Refuse): void {
  try {
    comm.send([message]);
  } catch (cause) {
    if (message.type === "client-messages") {
      for (const each of message.messages) refuse(each, cause);
      return;
    }
    const [id, run] =
      message.type === "task-finished"
        ? (message.ranges as [number, number])
        : [(message as { id: number }).id, (message as { run?: number }).run ?? HELD_VALUE];
    refuseResult(comm, id, run, cause);
  }
}

function* oneByOne(message: WorkerMessage): Iterable<WorkerMessage> {
  if (message.type === "task-finished") yield* resultsOf(message);
  else if (message.type === "client-messages")
    for (const each of message.messages) yield { ...message, messages: [each] };
  else yield message;
}

function* resultsOf({ ranges, values, spent }: TaskFinished): Iterable<WorkerMessage> {
  yield { type: "task-finished", ranges: [], values: [], spent };
  let at = 0;
  for (let i = 0; i < ranges.length; i += 3) {
    const run = ranges[i + 1] as number;
    for (let k = 0; k < (ranges[i + 2] as number); k++) {
      yield { type: "task-finished", ranges: [(ranges[i] as number) + k, run, 1], values: [values[at++]], spent: [] };
    }
  }
}
