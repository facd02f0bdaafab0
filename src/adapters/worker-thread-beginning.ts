/** worker_threads: runs the code that the thread's owner has read for it. The thread's side of `worker-thread-code.ts`. */

import { createRequire } from "node:module";
import { Script } from "node:vm";
import { workerData } from "node:worker_threads";
import { BYTES_FROM, LENGTH, STATE, type ThreadData, UNDERWAY, USABLE } from "./worker-thread-data.ts";

/** How long to wait for what is under way: as long as it would take to do it. Milliseconds. */
const PATIENCE_MS = 15;

/** `make` and `importHere`: see `NAMES` in `worker-thread-data.ts`; they have to be of the file that the thread was started with. */
export function beginThread(
  make: (...parts: string[]) => unknown,
  importHere: (url: string) => Promise<unknown>,
): void {
  const { filename, text, shared } = workerData as ThreadData;
  const state = new Int32Array(shared, 0, 2);
  Atomics.wait(state, STATE, UNDERWAY, PATIENCE_MS);
  const length = Atomics.load(state, STATE) === USABLE ? (state[LENGTH] as number) : 0;
  // What V8 has no use for, as when its flags have changed, it leaves, and reads the code itself.
  const cachedData = length > 0 ? { cachedData: new Uint8Array(shared, BYTES_FROM, length) } : {};
  const run = new Script(text, { filename, ...cachedData }).runInThisContext();
  run({}, createRequire(filename), {}, make, importHere);
}
