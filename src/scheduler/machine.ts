/**
 * The scheduler: one door for everything that happens, `handle(event)`, and one for what is to be done about it, `take()`.
 *
 * It decides who runs what and knows who holds what; it moves no bytes, and does not know the time. The same events in the same
 * order give the same instructions. What it is told in one turn of the event loop may be handled event by event and the
 * instructions taken once: messages to the same party come out merged.
 *
 * Ordering is what it relies on: all messages between it and one party travel on one channel. A worker that was sent a value can
 * be sent a task that needs it; a client's claim is released after the tasks that were built on it have arrived.
 */

import { added } from "../collections/added.ts";
import type { ClientMessage } from "../protocol/client-messages.ts";
import { NO_TASK, type WorkerMessage } from "../protocol/worker-messages.ts";
import * as claims from "./claims.ts";
import type {
  DurabilityRules,
  RequestRules,
  SchedulerEvent,
  SchedulerInstruction,
  TransitionRecord,
} from "./contract.ts";
import type { demandRules } from "./demands.ts";
import { err, finish, lack, loseClientsValue, recompute, running, store, takeBack } from "./endings.ts";
import { receiveData } from "./gather.ts";
import type { hostRules } from "./hosts.ts";
import { addClient, addWorker, removeClient, removeWorker, setResources } from "./membership.ts";
import type { nestingRules } from "./nesting.ts";
import { tell } from "./news.ts";
import { assign, judgeRoom, surplus } from "./placement.ts";
import { unfold } from "./plain.ts";
import type { ClientRecord } from "./records.ts";
import { isLost, releaseClaim, stopFetching } from "./release.ts";
import { type RequestTools, requestTools } from "./request-tools.ts";
import { SchedulerState } from "./state.ts";
import { addKeys, freeStrays } from "./stray-values.ts";
import { settleRecommendations } from "./transitions.ts";
import type { WorkerRecord } from "./worker-record.ts";
import type { weavingRules } from "./woven.ts";

export class SchedulerMachine {
  readonly #state = new SchedulerState(unfold);
  constructor(weaving?: typeof weavingRules) {
    if (weaving !== undefined) this.learnWeaving(weaving);
  }

  /** Teaches it to keep tasks together that refer to each other. Without that they are taken one by one. */
  learnWeaving(weaving: typeof weavingRules): void {
    this.#state.weaving ??= weaving(this.#state, requestTools);
  }

  /** `nowMs`: the time, on any clock that does not go back. Little depends on it before it {@link hasLearnt}. */
  handle(event: SchedulerEvent, nowMs = 0): void {
    const state = this.#state;
    state.stimulus += 1;
    state.nowMs = nowMs;
    state.notes?.passTime(nowMs);
    this.#dispatch(event);
    state.durability?.settle();
    if (state.recommendations.length > 0) settleRecommendations(state);
    assign(state);
    // What was answered may not be kept any more, nor what only that needed.
    for (state.requests?.settle(event); state.recommendations.length > 0; state.requests?.settle(event)) {
      settleRecommendations(state);
      assign(state);
    }
    state.hosts?.settle();
  }

  /**
   * Teaches it what few programs need: to answer clients' questions, that tasks submit tasks, and to meet what tasks demand. Before it
   * hears of any of that. From then on it has to be told the time.
   */
  learn(
    requests: (state: SchedulerState, tools: RequestTools) => RequestRules,
    nesting?: typeof nestingRules,
    demands?: ReturnType<typeof demandRules>,
    nowMs = this.#state.nowMs,
  ): void {
    const state = this.#state;
    state.nowMs = nowMs;
    state.requests ??= requests(state, requestTools);
    state.nesting ??= nesting?.(state, requestTools, (client, message) => {
      this.#hearClient(client, message);
      settleRecommendations(state);
    });
    state.demands ??= demands?.(state, requestTools);
  }

  /** Teaches it about other pages and processes, before the first worker or client from there. What {@link learn} teaches comes first. */
  learnHosts(hosts: ReturnType<typeof hostRules>): void {
    this.#state.weaving?.unfold();
    this.#state.hosts ??= hosts(this.#state, requestTools);
  }

  /** Teaches it to say what is to outlive it, before it has heard of anything. */
  learnDurability(rules: (state: SchedulerState, tools: RequestTools) => DurabilityRules): void {
    this.#state.durability = rules(this.#state, requestTools);
  }

  /** Whether it might be worth looking around whether work can be shared, now or later: see `stealing.ts`. */
  get surplus(): ReturnType<typeof surplus> {
    return surplus(this.#state);
  }

  get hasLearnt(): boolean {
    return this.#state.requests !== undefined;
  }

  /** What the shell owes, in order; emptied by the call. */
  take(): readonly SchedulerInstruction[] {
    const state = this.#state;
    let instructions = state.orders;
    if (instructions.length > 0) state.orders = [];
    const { dirtyClients } = state;
    // To workers first: among the news is some that goes there.
    let news: SchedulerInstruction[] = [];
    for (let i = 0; i < dirtyClients.length; i++) {
      const told = this.#takeNews(dirtyClients[i] as ClientRecord);
      if (told !== undefined) news = added(news, told);
    }
    if (dirtyClients.length > 0) state.dirtyClients = [];
    const { dirtyWorkers } = state;
    for (let i = 0; i < dirtyWorkers.length; i++) {
      const worker = dirtyWorkers[i] as WorkerRecord;
      worker.isDirty = false;
      const messages = worker.outbox.take();
      if (worker.isForeign) state.hosts?.note(worker, messages);
      instructions = added(instructions, { type: "send-to-worker", worker: worker.address, messages });
    }
    if (dirtyWorkers.length > 0) state.dirtyWorkers = [];
    return news.length === 0 ? instructions : instructions.concat(news);
  }

  /** A client's news; what the tasks of a worker are told goes the worker's way. */
  #takeNews(client: ClientRecord): SchedulerInstruction | undefined {
    client.isDirty = false;
    const batch = client.batch++;
    const messages = client.outbox.take();
    if (client.isForeign) this.#state.hosts?.noteNews(client, messages);
    if (client.worker === undefined) return { type: "send-to-client", client: client.id, batch, messages };
    this.#state.toWorker(client.worker).send({ type: "client-news", news: { batch, messages } });
    return undefined;
  }

  /** Calls `watch` for every transition from now on; without it nothing is recorded. */
  watch(watch: ((record: TransitionRecord) => void) | undefined): void {
    for (const span of this.#state.tasks.folds()) this.#state.unfold(span);
    this.#state.watch = watch;
  }

  /** The machine's insides, to be looked at by tests and by whoever shows them; nobody else writes there. */
  get state(): SchedulerState {
    return this.#state;
  }

  #dispatch(event: SchedulerEvent): void {
    const state = this.#state;
    switch (event.type) {
      case "client-message": {
        const client = state.clients.get(event.client);
        if (client !== undefined) this.#hearClient(client, event.message);
        return;
      }
      case "worker-message": {
        const worker = state.workers.get(event.worker);
        if (worker === undefined || (worker.isForeign && state.hosts?.refuses(worker, event.message))) return;
        this.#hearWorker(worker, event.message);
        if (worker.strays.size > 0) freeStrays(state, worker);
        judgeRoom(state, worker);
        return;
      }
      case "add-worker":
        return addWorker(
          state,
          event.worker,
          event.name,
          event.nThreads,
          event.resources,
          event.isForeign,
          event.isReturning,
        );
      case "remove-worker":
        return removeWorker(state, event.worker, event.reason, event.expected);
      case "remove-host":
        return state.hosts?.removeHost(event);
      case "link-measured":
        return state.hosts?.measure(event);
      case "add-client":
        return addClient(state, event.client, event.isForeign, event.granted);
      case "remove-client":
        return removeClient(state, event.client);
      case "look-around":
        return state.requests?.lookAround();
      case "workers-starting":
        state.starting = event.count;
        return state.demands?.reconsider();
      case "set-resources":
        return setResources(state, event.worker, event.resources);
      case "looked-into":
        return state.requests?.hearStack(event.worker, event.stack);
      case "time-passed":
        return state.demands?.ring();
      default:
        event satisfies never;
    }
  }

  #hearClient(client: ClientRecord, message: ClientMessage): void {
    const state = this.#state;
    if (client.isForeign && state.hosts?.refusesClient(client, message)) return;
    switch (message.type) {
      case "update-graph":
        claims.updateGraph(state, client, message);
        return state.hosts?.adopt(client, message.first, message.count);
      case "scatter":
        return claims.scatter(state, client, message);
      case "gather":
        return claims.gather(state, client, message.ranges);
      case "client-releases-keys":
        for (const id of message.ids) releaseClaim(state, client, id);
        return;
      case "client-desires-key":
        return claims.desireKey(state, client, message);
      case "client-lost-value":
        for (const id of message.ids) loseClientsValue(state, client, id);
        return;
      case "cancel-keys":
        return claims.cancel(state, client, message);
      case "retry-keys":
        return claims.retry(state, client, message.ids);
      case "fire-and-forget":
        return claims.fireAndForget(client, message.ids);
      case "request":
        return state.requests?.hear(client, message);
      case "withdraw-request":
        return state.requests?.withdraw(client, message);
      case "carry-keys":
        return state.nesting?.carry(client, message);
      case "news-received":
        return claims.receiveAcknowledgement(state, client, message.batch);
      default:
        message satisfies never;
    }
  }

  #hearWorker(worker: WorkerRecord, message: WorkerMessage): void {
    const state = this.#state;
    switch (message.type) {
      case "task-finished":
        return finish(state, worker, message);
      case "task-stored":
        return store(state, worker, message);
      case "task-erred":
        return err(state, worker, message);
      case "task-started": {
        if (state.weaving?.isBrief(message.id)) return;
        const task = running(state, worker, message.id, message.run);
        if (task === undefined) return;
        task.started = true;
        state.startedMs.set(task, state.nowMs);
        stopFetching(task);
        state.noteMove(task, "processing", "executing", worker);
        tell(state, task, (id) => ({ type: "tasks-started", ids: [id] }));
        if (task.group.options.demands !== undefined) state.demands?.begun(task);
        return state.hosts?.begun(task);
      }
      case "task-dropped":
        // The last first: each goes to the head of its line, and they are to be in order there.
        for (let i = message.runs.length - 2; i >= 0; i -= 2) {
          takeBack(state, worker, message.runs[i] as number, message.runs[i + 1] as number);
        }
        return;
      case "task-progress": {
        const task = running(state, worker, message.id, message.run);
        if (task === undefined) return;
        const { fraction, note } = message;
        tell(state, task, (id) => ({ type: "task-progress", id, fraction, note }));
        return;
      }
      case "task-items": {
        const task = running(state, worker, message.id, message.run);
        if (task !== undefined) state.requests?.hearItems(task, message);
        return;
      }
      case "add-keys":
        addKeys(state, worker, message.ids);
        return;
      case "missing-data":
        if (message.id === NO_TASK) return state.requests?.hearNotAcquired(worker, state.tasks.get(message.missing));
        return lack(state, worker, message);
      case "worker-holds":
        return state.hosts?.hearHeld(worker, message);
      case "errand-done":
        return state.requests?.hearErrandDone(worker, message);
      case "log":
      case "trace":
        return state.requests?.hearTrace(worker, message);
      case "data": {
        const task = receiveData(state, worker, message);
        if (task !== undefined && isLost(state, task)) recompute(state, task);
        return;
      }
      case "client-messages":
      case "task-carries":
      case "task-seceded":
      case "task-rejoined":
      case "slots-lent":
        return state.nesting?.hear(worker, message);
      case "set-resources":
        return setResources(state, worker.address, message.resources);
      case "memory-used":
        worker.memory = message;
        return state.requests?.hearMemory(worker);
      default:
        message satisfies never;
    }
  }
}
