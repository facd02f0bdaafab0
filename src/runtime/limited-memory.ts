/** What a worker is given that may not hold as many values as it likes: its rules, and what does as they say. */

import type { WorkerMemory } from "../ports/spawner.ts";
import { sizeof } from "../shipping/sizeof.ts";
import type { WorkerMachine } from "../worker/machine.ts";
import { Spilling } from "../worker/spilling.ts";
import { type KeeperShell, ValueKeeper } from "./value-keeper.ts";

export function limitMemory(
  machine: WorkerMachine,
  { limit, place }: WorkerMemory,
  shell: Omit<KeeperShell, "rules" | "place">,
): ValueKeeper {
  const rules = machine.limit((state, push) => new Spilling(state, limit, push, sizeof));
  return new ValueKeeper({ ...shell, rules, place });
}
