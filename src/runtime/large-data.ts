/** How the scheduler sends workers what may be large. */

import type { Comm } from "../ports/comm.ts";
import type { PutData, SchedulerToWorkerMessage, WorkerMessage } from "../protocol/worker-messages.ts";
import { capture } from "../shipping/references.ts";

/** What is larger goes as a copy that is transferred, which takes half the time of a clone. Bytes. */
const TRANSFER_FROM = 64 * 1024;

export function sendToWorker(
  comm: Comm<readonly SchedulerToWorkerMessage[], readonly WorkerMessage[]>,
  messages: readonly SchedulerToWorkerMessage[],
): void {
  if (!messages.some(isLarge)) return comm.send(messages);
  const transfer: ArrayBuffer[] = [];
  const prepared = messages.map((message) => {
    if (!isLarge(message)) return message;
    const { value, buffers } = capture(message.value, "data", () => undefined, structuredClone);
    transfer.push(...buffers);
    return { ...message, value };
  });
  comm.send(prepared, transfer);
}

function isLarge(message: SchedulerToWorkerMessage): message is PutData {
  return message.type === "put-data" && message.nbytes >= TRANSFER_FROM;
}
