/** What a thread of Node's has in use: its heap, and the buffers that belong to it. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { MemoryGauge } from "../ports/memory-gauge.ts";

let collect: (() => void) | undefined;

function used(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export const threadMemory: MemoryGauge = {
  used,
  usedAfterCleaning: () => {
    if (collect === undefined) {
      // There is no other way to ask for it in a process that was started without the flag.
      setFlagsFromString("--expose-gc");
      collect = runInNewContext("gc") as () => void;
      setFlagsFromString("--no-expose-gc");
    }
    collect();
    return used();
  },
};
