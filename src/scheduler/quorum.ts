/**
 * Tasks whose result is believed when enough workers have come to the same: `with({ quorum: { copies, agree } })`.
 *
 * Copies run one after the other, each on a worker that had none before, until `agree` of them are equal; so no more run than it takes,
 * and what is kept is the value of the last, with which the others agree. Every copy sends its value along, however large: what is
 * compared is what clients and tasks will be given, and not what a worker says of it. An error is a result like any other here. A copy
 * that dies, or that has retries left, has not come to a result.
 *
 * Where workers belong to several hosts, no host has more than one copy, for all of its workers may be of one mind.
 */

import type { ErrorOnWire } from "../protocol/errors.ts";
import type { WorkerAddress } from "../protocol/identity.ts";
import { failure } from "./answers.ts";
import type { CopyOutcome } from "./contract.ts";
import type { TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A name for what a value is: equal for equal values. Throws a TypeError if there is none. */
export type HashValue = (value: unknown) => string;

/** A worker that has come to a result. One that takes its place when it dies goes by its name. */
export type Voter = Pick<WorkerRecord, "address" | "name">;

interface Vote {
  readonly worker: Voter;
  /** Equal results have equal names. */
  readonly result: string;
}

type Stored = Extract<CopyOutcome, { readonly nbytes: number }>;
type Outcome = { readonly value: unknown; readonly stored?: Stored } | { readonly error: ErrorOnWire };

const NO_VOTES: readonly Vote[] = [];

export class Quorum {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #hash: HashValue;
  readonly #votes = new WeakMap<TaskRecord, readonly Vote[]>();

  constructor(state: SchedulerState, tools: RequestTools, hash: HashValue) {
    this.#state = state;
    this.#tools = tools;
    this.#hash = hash;
  }

  /** Workers that have come to a result already. */
  votersOf(task: TaskRecord): readonly Voter[] {
    return (this.#votes.get(task) ?? NO_VOTES).map(({ worker }) => worker);
  }

  /** A copy has ended, and is in no worker's hands any more. */
  hear(task: TaskRecord, worker: WorkerRecord, copy: CopyOutcome): void {
    const outcome = "nbytes" in copy ? this.#take(task, worker, copy) : copy;
    const { copies, agree } = task.group.options.demands?.quorum ?? { copies: 1, agree: 1 };
    let result: string;
    try {
      result = this.#nameOf(task, outcome);
    } catch (error) {
      const { message } = error as Error;
      const why = `${task.key} has a quorum, and its result cannot be compared with others: ${message}`;
      return this.#end(task, { error: failure("TypeError", why) });
    }
    const { address, name } = worker;
    const votes = [...(this.#votes.get(task) ?? NO_VOTES), { worker: { address, name }, result }];
    this.#votes.set(task, votes);
    const camps = new Map<string, WorkerAddress[]>();
    for (const vote of votes) camps.set(vote.result, [...(camps.get(vote.result) ?? []), vote.worker.address]);
    if (camps.get(result)?.length === agree) return this.#end(task, outcome);
    const most = Math.max(...[...camps.values()].map(({ length }) => length));
    if (most + copies - votes.length < agree) return this.#disagree(task, [...camps.values()], agree);
    const { move, tell } = this.#tools;
    move(this.#state, task, "released");
    tell(this.#state, task, (id) => ({ type: "tasks-pending", ids: [id] }));
  }

  /** The value that came along; what is left of it on the worker is not needed. */
  #take(task: TaskRecord, worker: WorkerRecord, stored: Stored): Outcome {
    const { pushed } = stored;
    if (pushed?.moved !== true) this.#state.toWorker(worker).free(task.id);
    if (pushed === undefined) return { error: failure("Error", "its worker did not send what it came to") };
    return { value: pushed.value, stored };
  }

  #nameOf(task: TaskRecord, outcome: Outcome): string {
    if ("error" in outcome) {
      const { error } = outcome;
      return `error ${error.type === "error" ? `${error.name}: ${error.message}` : this.#hash(error.value)}`;
    }
    if ((task.flags & this.#tools.FLAG_CARRIES) !== 0) throw new TypeError("there are futures in it");
    return this.#hash(outcome.value);
  }

  #disagree(task: TaskRecord, camps: readonly (readonly WorkerAddress[])[], agree: number): void {
    const { key } = task;
    const all = camps.flat().length;
    const text = `${key} was to have ${agree} equal results: ${all} copies came to ${camps.length} different ones`;
    const groups = camps.map((workers) => workers.join(" and ")).join("; ");
    this.#end(task, { error: failure("DisagreementError", `${text} (${groups})`, { key, camps }) });
  }

  /** It is decided. */
  #end(task: TaskRecord, outcome: Outcome): void {
    const { deliver, move } = this.#tools;
    this.#votes.delete(task);
    if ("error" in outcome) {
      task.error = outcome.error;
      move(this.#state, task, "erred");
      return;
    }
    // It is the scheduler's: whoever asked the worker for it might be given another.
    task.value = outcome.value;
    task.nbytes = outcome.stored?.nbytes ?? 0;
    if (outcome.stored !== undefined) task.valueType = outcome.stored.valueType;
    move(this.#state, task, "memory");
    if (outcome.stored !== undefined) deliver(this.#state, task, task.value, false);
  }
}
