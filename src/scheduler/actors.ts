/**
 * Actors: which worker hosts which, and what becomes of them when workers leave.
 *
 * An actor is made by a task, whose result is a handle. From then on calls go past the scheduler, which only says where the actor is. It
 * lives as long as somebody can call it, which is known by the task that stands for it, as for everything that clients meet at
 * (`coordination.ts`). What is to be made anew when its worker dies has its recipe copied while the task runs, for afterwards that is forgotten,
 * and its inputs are kept; then a task of the same kind is submitted in the name of a client that is nobody.
 */

import type { ActorNumber, ActorOptions } from "../protocol/actors.ts";
import type { SharedTarget } from "../protocol/coordination.ts";
import type { ClientTaskId, TaskId } from "../protocol/identity.ts";
import { isReference } from "../protocol/task-spec.ts";
import { type ActorShell, type Recipe, type Remaking, SharedActor } from "./coordination/shared-actor.ts";
import type { Errands } from "./errands.ts";
import type { Keeping, KeptValue } from "./kept-value.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import { ACTOR_TO_BE } from "./requirements.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

interface RemakingTask {
  readonly task: TaskRecord;
  readonly id: ClientTaskId;
  readonly failed: (message: string) => void;
}

export class Actors implements ActorShell {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #keeping: Keeping;
  readonly #errands: Errands;
  readonly #byWorker = new Map<WorkerRecord, Set<SharedActor>>();
  /** Links from clients outside to workers. */
  readonly #linked = new Map<ClientRecord, Set<WorkerRecord>>();
  readonly #remaking = new Set<RemakingTask>();
  /** In whose name actors are made anew. */
  #nobody: ClientRecord | undefined;
  #nextTask: ClientTaskId = 0;
  #numbers: ActorNumber = 0;
  readonly #warned = new WeakSet<WorkerRecord>();

  constructor(state: SchedulerState, tools: RequestTools, keeping: Keeping, errands: Errands) {
    this.#state = state;
    this.#tools = tools;
    this.#keeping = keeping;
    this.#errands = errands;
  }

  make(target: SharedTarget): SharedActor {
    return new SharedActor(target, this);
  }

  removeWorker(worker: WorkerRecord, reason: string): void {
    for (const linked of this.#linked.values()) linked.delete(worker);
    const actors = this.#byWorker.get(worker) ?? [];
    for (const actor of [...actors]) actor.loseWorker(worker, reason);
    this.#byWorker.delete(worker);
  }

  removeClient(client: ClientRecord): void {
    for (const worker of this.#linked.get(client) ?? []) {
      this.#state.toWorker(worker).send({ type: "remove-peer", address: client.id });
    }
    this.#linked.delete(client);
  }

  /** Ends all of them. */
  endAll(reason: string): void {
    for (const actors of this.#byWorker.values()) for (const actor of [...actors]) actor.end(reason);
    for (const { failed } of [...this.#remaking]) failed(reason);
  }

  /** Whether `worker`, which is to leave, has to stay for the sake of actors: until they are elsewhere, or nobody needs them. */
  holdBack(worker: WorkerRecord): boolean {
    const actors = this.#byWorker.get(worker);
    if (actors === undefined || actors.size === 0) return false;
    for (const actor of [...actors]) actor.moveAway();
    const fixed = [...actors].filter(({ canMove }) => !canMove).map(({ target }) => target.name);
    if (fixed.length > 0 && !this.#warned.has(worker)) {
      this.#warned.add(worker);
      const text =
        `${worker.address} is to leave and waits for the end of actors that cannot move: ${fixed.join(", ")}. ` +
        "Let go of their handles, or give their classes checkpoint() and restore(state)";
      for (const client of this.#state.clients.values()) {
        if (client.worker === undefined) this.#state.toClient(client).send({ type: "warning", text });
      }
    }
    return true;
  }

  /** Whether somebody waits for something here. */
  get isWaiting(): boolean {
    return this.#remaking.size > 0;
  }

  /** To be called after every event. */
  settle(): void {
    for (const remaking of this.#remaking) {
      const { task, id, failed } = remaking;
      if (task.state !== "memory" && task.state !== "erred" && task.state !== "forgotten") continue;
      this.#remaking.delete(remaking);
      const { error } = task;
      this.#tools.releaseClaim(this.#state, this.#client, id);
      if (task.state !== "memory")
        failed((error as { readonly message?: string } | undefined)?.message ?? "it was cancelled");
    }
  }

  newNumber(): ActorNumber {
    this.#numbers += 1;
    return this.#numbers;
  }

  optionsOf(id: TaskId): ActorOptions {
    return this.#state.tasks.get(id)?.group.options.demands?.actor ?? {};
  }

  recipeOf(id: TaskId): Recipe | undefined {
    const task = this.#state.tasks.get(id);
    if (task === undefined || task.isFinal) return undefined;
    const { function: fn, shape, firstSlot, slots: count } = task;
    const { name, parent, depth, ...options } = task.group.options;
    const client = this.#client;
    const claims: ClientTaskId[] = [];
    const slots = task.group.rows.slice(firstSlot, firstSlot + count).map((item, slot) => {
      if (!isReference(shape, slot)) return item;
      client.granted -= 1;
      claims.push(client.granted);
      this.#tools.enterClaim(client, client.granted, item as TaskRecord);
      return client.granted;
    });
    return {
      remake: (key, failed): Remaking => {
        const id = this.#nextTask++;
        this.#tools.updateGraph(this.#state, client, {
          type: "update-graph",
          first: id,
          count: 1,
          rows: [fn.id, count, shape, ...slots],
          functions: [[fn.id, fn.shipped]],
          options,
          keys: [key],
        });
        const again = client.tasks.get(id);
        const remaking: RemakingTask = { task: again as TaskRecord, id, failed };
        this.#remaking.add(remaking);
        const open = this.#remaking;
        return {
          get isOpen() {
            return open.has(remaking);
          },
          callOff: () => {
            if (open.delete(remaking)) this.#tools.releaseClaim(this.#state, client, id);
          },
        };
      },
      drop: () => {
        for (const claim of claims) this.#tools.releaseClaim(this.#state, client, claim);
      },
    };
  }

  link(client: ClientRecord, worker: WorkerRecord, anew: boolean): void {
    if (client.worker === worker) return;
    if (client.worker !== undefined) return this.#tools.link(this.#state, client.worker, worker);
    const linked = this.#linked.get(client) ?? new Set();
    if (linked.has(worker) && !anew) return;
    this.#linked.set(client, linked.add(worker));
    this.#state.orders.push({ type: "link-workers", from: client.id, to: worker.address });
  }

  later(afterMs: number, act: () => void): void {
    this.#state.demands?.later(afterMs, act);
  }

  drop(kept: KeptValue): void {
    this.#keeping.drop(kept);
  }

  dismiss(worker: WorkerRecord, actor: ActorNumber, reason: string): void {
    if (this.#state.workers.get(worker.address) !== worker) return;
    this.#errands.send([worker], { type: "drop-actor", actor, reason }, () => {});
  }

  moveOff(worker: WorkerRecord, actor: ActorNumber, done: (hasMoved: boolean) => void): void {
    this.#errands.send([worker], { type: "move-actor", actor }, (outcomes) => {
      const isThere = this.#state.workers.get(worker.address) === worker;
      done(isThere && "value" in (outcomes.get(worker) ?? {}));
    });
  }

  enter(actor: SharedActor, worker: WorkerRecord, task: TaskId): void {
    const actors = this.#byWorker.get(worker) ?? new Set();
    this.#byWorker.set(worker, actors.add(actor));
    worker.actors = actors.size;
    const run = this.#tools.zombieName(task, this.#state.tasks.get(task)?.runId ?? 0);
    const used = worker.used.get(run);
    if (used !== undefined) worker.used.set(run, { ...used, [ACTOR_TO_BE]: 0 });
  }

  leave(actor: SharedActor, worker: WorkerRecord): void {
    const actors = this.#byWorker.get(worker);
    actors?.delete(actor);
    worker.actors = actors?.size ?? 0;
  }

  get #client(): ClientRecord {
    this.#nobody ??= new this.#tools.ClientRecord("actors", this.#state.unfold);
    return this.#nobody;
  }
}
