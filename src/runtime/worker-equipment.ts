/** What a worker is given beside its messages: what its platform has, and what is only needed where memory is limited. */

import type { MemoryGauge } from "../ports/memory-gauge.ts";
import type { OpenStore } from "../ports/value-store.ts";
import type { Written } from "./console-log.ts";
import type { limitMemory } from "./limited-memory.ts";

export interface WorkerEquipment {
  /** Whose lines are kept. */
  readonly console?: Written;
  /** Where the platform tells what a thread has in use. */
  readonly gauge?: MemoryGauge;
  /** Where it has files. */
  readonly openStore?: OpenStore;
  /** What limits memory, where that may be asked for. */
  readonly limitMemory?: typeof limitMemory;
}
