/** Values with futures in them, kept by something else than clients and handed to those: see `protocol/packed-value.ts`. */

import type { ClientTaskId } from "../protocol/identity.ts";
import type { HandedValue, PackedValue } from "../protocol/packed-value.ts";
import { type Refusal, refuse } from "./answers.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import type { Keeper, SchedulerState } from "./state.ts";

/** A value that is kept, and with it the tasks it refers to. */
export interface KeptValue extends Keeper {
  readonly value: unknown;
  readonly tasks: readonly TaskRecord[];
}

export class Keeping {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#tools = tools;
  }

  /**
   * Keeps what a client sent: its tasks outlive the claims of clients until {@link drop}.
   *
   * @param name - of what keeps it, as `dataset "points"`.
   * @returns a refusal, to be the client's answer, if the client has let go of one of the futures in it.
   */
  keep(client: ClientRecord, { value, tasks: ids }: PackedValue, name: string): KeptValue | Refusal {
    const tasks: TaskRecord[] = [];
    for (const id of ids) {
      const task = client.tasks.get(id);
      if (task === undefined) {
        const reason = `${name} cannot hold a future that was released or cancelled`;
        return refuse(reason, "CancelledError", { key: "", reason });
      }
      tasks.push(task);
    }
    return this.keepTasks(tasks, value, name);
  }

  /** The same for one whose tasks are known. */
  keepTasks(tasks: readonly TaskRecord[], value: unknown, name: string): KeptValue {
    const kept: KeptValue = { name, value, tasks };
    for (const task of tasks) {
      task.flags |= this.#tools.FLAG_KEPT;
      this.#state.kept.add(task, kept);
    }
    return kept;
  }

  /** Lets go of a value; what nobody else wants of its tasks is forgotten. */
  drop(kept: KeptValue): void {
    const state = this.#state;
    state.kept.deleteRight(kept);
    for (const task of kept.tasks) {
      if (state.kept.rightsOf(task).size > 0 || state.durability?.isOfPast(task)) continue;
      task.flags &= ~this.#tools.FLAG_KEPT;
      if (!task.isNeeded || task.atClient) state.recommend(task, "released");
    }
  }

  /**
   * Answers a client with kept values, and claims their tasks for it. What is not to be kept any longer is dropped after that, not before.
   *
   * @param isShared - whether anybody else gets them, or got them before.
   * @param shape - the answer, made of the values as they travel.
   */
  handOut(
    client: ClientRecord,
    number: number,
    values: readonly KeptValue[],
    isShared: boolean,
    shape: (values: readonly HandedValue[]) => unknown,
  ): void {
    const claimed: [ClientTaskId, TaskRecord][] = [];
    const handed = values.map(({ value, tasks }): HandedValue => {
      const ids = tasks.map((task) => {
        client.granted -= 1;
        claimed.push([client.granted, task]);
        return client.granted;
      });
      return { value, tasks: ids, shared: isShared };
    });
    const grants = claimed.map(([id, task]) => ({ id, key: task.key }));
    const outbox = this.#state.toClient(client);
    outbox.send({ type: "answer", number, outcome: { value: shape(handed), grants } });
    for (const [id, task] of claimed) {
      if ((task.flags & this.#tools.FLAG_KEPT) === 0) {
        // By force, for otherwise what is kept stays.
        outbox.send({ type: "cancelled-keys", ids: [id], reason: "it was cancelled by somebody else" });
        continue;
      }
      this.#tools.enterClaim(client, id, task);
      this.#tools.tellHowFar(this.#state, client, id, task);
    }
  }
}
