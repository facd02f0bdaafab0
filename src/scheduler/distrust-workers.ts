/**
 * What a worker from elsewhere may say: of runs that it was given, values that it was told to fetch or asked for, and errands it was sent.
 *
 * Everything a worker is sent goes through here as well, as far as its answers depend on it. One that says anything else has broken off the
 * conversation: it is ended with a `ProtocolError`, and nothing of what it said then or later is heard. That another worker or client
 * comes to harm by it is out of the question; what became of tasks that it had in hand is what becomes of them when a worker goes.
 */

import type { TaskId, WorkerAddress } from "../protocol/identity.ts";
import type { SchedulerToWorkerMessage, TaskFinished, WorkerMessage } from "../protocol/worker-messages.ts";
import { HELD_VALUE, NO_TASK } from "../protocol/worker-messages.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import type { FunctionRecord, WorkerRecord } from "./worker-record.ts";

/** What was told to a worker about values is gone through when it has become so much. */
const SWEEP_FROM = 4096;

/** Runs that wait may be those of another scheduler, of which nothing is known here. */
const MOST_LENT = 10_000;

/** What a worker was sent that it may answer. */
class Sent {
  /** Values it was told where to fetch, and from whom. */
  readonly told = new Map<TaskId, Set<WorkerAddress>>();
  /** Times it was asked for a value. */
  readonly asked = new Map<TaskId, number>();
  readonly errands = new Set<number>();
  /** Those it was told to forget, too: it may still say what they took. */
  readonly functions = new WeakSet<FunctionRecord>();
  sweepAt = SWEEP_FROM;
  /** It was to say what it holds, which is done once, before anything else. */
  mayHold = true;
}

export class WorkerDistrust {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #sent = new WeakMap<WorkerRecord, Sent>();
  readonly #refused = new WeakSet<WorkerRecord>();

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#tools = tools;
  }

  refuses(worker: WorkerRecord, message: WorkerMessage): boolean {
    if (this.#refused.has(worker)) return true;
    const why = this.#whyNot(worker, message);
    if (why === undefined) return false;
    this.#refused.add(worker);
    this.#tools.endWorker(this.#state, worker, `ProtocolError: ${message.type}: ${why}`);
    return true;
  }

  note(worker: WorkerRecord, messages: readonly SchedulerToWorkerMessage[]): void {
    const sent = this.#sentTo(worker);
    for (const message of messages) {
      if (message.type === "compute-task" || message.type === "acquire-replicas") noteTold(sent, message);
      else if (message.type === "get-data") sent.asked.set(message.id, (sent.asked.get(message.id) ?? 0) + 1);
      else if (message.type === "errand") sent.errands.add(message.number);
      else if (message.type === "register-functions") {
        for (const [id] of message.functions) {
          const fn = this.#state.functionsById.get(id);
          if (fn !== undefined) sent.functions.add(fn);
        }
      }
    }
    if (sent.told.size < sent.sweepAt) return;
    for (const id of sent.told.keys()) if (this.#state.tasks.get(id) === undefined) sent.told.delete(id);
    sent.sweepAt = SWEEP_FROM + 2 * sent.told.size;
  }

  #sentTo(worker: WorkerRecord): Sent {
    let sent = this.#sent.get(worker);
    if (sent === undefined) {
      sent = new Sent();
      this.#sent.set(worker, sent);
    }
    return sent;
  }

  #whyNot(worker: WorkerRecord, message: WorkerMessage): string | undefined {
    const sent = this.#sentTo(worker);
    // Of what is forgotten, it may have been told long ago, and no harm can be done.
    const mayKnow = (id: TaskId) => sent.told.has(id) || this.#isForgotten(id);
    switch (message.type) {
      case "worker-holds": {
        if (!sent.mayHold) return "it has said before what it holds";
        sent.mayHold = false;
        return undefined;
      }
      case "task-finished":
        return this.#whyNotFinished(worker, message);
      case "task-erred":
        // That it could not hand out a value that it has been told to free meanwhile is no lie.
        return message.run === HELD_VALUE ? undefined : this.#whyNotRun(worker, message.id, message.run);
      case "task-stored":
      case "task-started":
      case "task-progress":
      case "task-items":
      case "task-carries":
      case "task-seceded":
      case "task-rejoined":
        return this.#whyNotRun(worker, message.id, message.run);
      case "task-dropped": {
        const seen = new Set<string>();
        for (let i = 0; i < message.runs.length; i += 2) {
          const [id, run] = [message.runs[i] as number, message.runs[i + 1] as number];
          const name = this.#tools.zombieName(id, run);
          if (seen.has(name)) return `it gives up run ${run} of task ${id} twice`;
          seen.add(name);
          const why = this.#whyNotRun(worker, id, run);
          if (why !== undefined) return why;
        }
        return undefined;
      }
      case "add-keys": {
        const untold = message.ids.find((id, i) => !mayKnow(id) || message.ids.indexOf(id) !== i);
        return untold === undefined ? undefined : `it was not told to fetch ${untold}, or says so twice`;
      }
      case "missing-data": {
        const { id, run, missing, holders } = message;
        const why = id === NO_TASK ? undefined : this.#whyNotRun(worker, id, run);
        if (why !== undefined) return why;
        const told = sent.told.get(missing);
        if (this.#isForgotten(missing)) return undefined;
        if (told === undefined && id === NO_TASK) return `it was not told to fetch ${missing}`;
        const stranger = holders.find((each) => told?.has(each) !== true);
        return stranger === undefined ? undefined : `it was not told that ${stranger} holds ${missing}`;
      }
      case "data": {
        const asked = sent.asked.get(message.id) ?? 0;
        if (asked === 0) return `it was not asked for ${message.id}`;
        if (asked === 1) sent.asked.delete(message.id);
        else sent.asked.set(message.id, asked - 1);
        return undefined;
      }
      case "errand-done":
        return sent.errands.delete(message.number) ? undefined : `it was sent no errand ${message.number}`;
      case "slots-lent":
        return message.count <= MOST_LENT ? undefined : `nobody has ${message.count} slots to lend`;
      case "client-messages":
      case "set-resources":
      case "memory-used":
      case "trace":
      case "log":
        return undefined;
      default:
        message satisfies never;
        return undefined;
    }
  }

  /** Whether there was such a task, and is not any more. */
  #isForgotten(id: TaskId): boolean {
    return id < this.#state.nextTaskId && this.#state.tasks.get(id) === undefined;
  }

  #whyNotFinished(worker: WorkerRecord, { ranges, spent }: TaskFinished): string | undefined {
    const { functions } = this.#sentTo(worker);
    for (let i = 0; i < spent.length; i += 3) {
      const fn = this.#state.functionsById.get(spent[i] as number);
      // Of one that is forgotten, no harm can be done.
      const isFine = fn === undefined ? this.#state.wasFunction(spent[i] as number) : functions.has(fn);
      if (!isFine) return `it was not sent function ${spent[i]}`;
    }
    const ends = new Map<number, number>();
    for (let i = 0; i < ranges.length; i += 3) {
      const [first, run, count] = [ranges[i] as number, ranges[i + 1] as number, ranges[i + 2] as number];
      for (let id = first; id < first + count; ) {
        const known = this.#runsFrom(worker, id, run, first + count - id);
        if (known === 0) return notIts(id, run);
        if (ranges.length > 3) {
          if (ends.get(id) === run) return `run ${run} of task ${id} ends twice`;
          for (let k = id; k < id + known; k++) ends.set(k, run);
        }
        id += known;
      }
    }
    return undefined;
  }

  #whyNotRun(worker: WorkerRecord, id: TaskId, run: number): string | undefined {
    return this.#runsFrom(worker, id, run, 1) === 1 ? undefined : notIts(id, run);
  }

  /** How many tasks from `id` on, up to `most`, are in its hands in their run `run`; those called off count. Looks at spans as they are. */
  #runsFrom(worker: WorkerRecord, id: TaskId, run: number, most: number): number {
    const { tasks } = this.#state;
    const span = tasks.foldAt(id);
    if (span !== undefined) {
      const at = id - span.firstTask;
      const part = span.sent.find((each) => each.worker === worker && each.from <= at && at < each.to);
      return part === undefined || run !== 1 ? 0 : Math.min(most, part.to - at);
    }
    const task = tasks.get(id);
    if (task?.processingOn === worker && task.runId === run) return 1;
    return worker.zombies.has(this.#tools.zombieName(id, run)) ? 1 : 0;
  }
}

function noteTold(
  { told }: Sent,
  { whoHas = [], peers = [] }: { readonly whoHas?: readonly number[]; readonly peers?: readonly WorkerAddress[] },
): void {
  for (let i = 0; i < whoHas.length; i += 3 + (whoHas[i + 2] as number)) {
    const id = whoHas[i] as TaskId;
    const holders = told.get(id) ?? new Set<WorkerAddress>();
    told.set(id, holders);
    for (let k = 0; k < (whoHas[i + 2] as number); k++)
      holders.add(peers[whoHas[i + 3 + k] as number] as WorkerAddress);
  }
}

function notIts(id: TaskId, run: number): string {
  return `run ${run} of task ${id} is not in its hands`;
}
