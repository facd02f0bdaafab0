/**
 * What few tasks demand: to run on certain workers only, to have so long and no longer, to be tried again after a while, to be believed
 * only if several workers come to the same.
 *
 * Few programs ask for that, and pages should not have to load it: the machine is taught these rules before the first such task. What
 * they need of the machine itself comes with `RequestTools`.
 */

import { Alarms } from "./alarms.ts";
import type { DemandRules } from "./contract.ts";
import { Deadlines } from "./deadlines.ts";
import { type HashValue, Quorum } from "./quorum.ts";
import type { RequestTools } from "./request-tools.ts";
import { Placing } from "./restrictions.ts";
import type { SchedulerState } from "./state.ts";

export interface DemandLimits {
  /** How long a task waits for a worker that may run it, while others are there. */
  readonly noWorkersTimeoutMs: number;
  /** How results are compared that several workers have come to. */
  readonly hash: HashValue;
}

/** The rules, for {@link SchedulerMachine.learn}. */
export function demandRules({
  noWorkersTimeoutMs,
  hash,
}: DemandLimits): (state: SchedulerState, tools: RequestTools) => DemandRules {
  return (state, tools) => {
    const alarms = new Alarms(state, tools);
    const deadlines = new Deadlines(state, tools, alarms);
    const quorum = new Quorum(state, tools, hash);
    const placing = new Placing(state, tools, { alarms, quorum, patienceMs: noWorkersTimeoutMs });
    return {
      enqueue: (task) => placing.enqueue(task),
      park: (task) => placing.park(task),
      leave: (task) => {
        alarms.clear(task);
        placing.leave(task);
      },
      assign: (priority) => placing.assign(priority),
      reconsider: () => placing.reconsider(),
      spread: (task, workers, count) => placing.spread(task, workers, count),
      begun: (task) => deadlines.begun(task),
      hearCopy: (task, worker, outcome) => quorum.hear(task, worker, outcome),
      delay: (task) => deadlines.delay(task),
      isTimed: (task) => alarms.isSetFor(task),
      later: (afterMs, ring) => void alarms.set(afterMs, ring),
      ring: () => alarms.ring(),
    };
  };
}
