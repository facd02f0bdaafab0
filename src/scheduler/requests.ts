/**
 * Answers to what clients ask beside having tasks run.
 *
 * Few programs ask, and pages should not have to load the answers: the machine is taught these rules when the first question comes. What
 * they need of the machine itself comes with `RequestTools`.
 */

import type { StackTaken } from "../protocol/call-stacks.ts";
import type { Answer, ClientRequest, WithdrawRequest } from "../protocol/client-messages.ts";
import type { Key, WorkerAddress } from "../protocol/identity.ts";
import type { WorkerLog } from "../protocol/logs.ts";
import type { Survey } from "../protocol/survey.ts";
import type { Trace } from "../protocol/tracing.ts";
import type { ErrandDone, TaskItems } from "../protocol/worker-messages.ts";
import { Actors } from "./actors.ts";
import { Advice } from "./advice.ts";
import { findWorkers } from "./answers.ts";
import type { RecoveredMeetings, RequestRules, SchedulerEvent } from "./contract.ts";
import { Coordination } from "./coordination.ts";
import { Copies } from "./copies.ts";
import { Copying } from "./copying.ts";
import { Datasets } from "./datasets.ts";
import { Errands } from "./errands.ts";
import { EventLog } from "./event-log.ts";
import { Forgetting } from "./forgetting.ts";
import { Keeping } from "./kept-value.ts";
import { Logging } from "./logging.ts";
import { addNotes, Makers } from "./makers.ts";
import { MemoryLimits } from "./memory-limits.ts";
import { Rebalancing } from "./rebalancing.ts";
import { Recipes } from "./recipes.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import { Replication } from "./replication.ts";
import type { RequestTools } from "./request-tools.ts";
import type { SchedulerState } from "./state.ts";
import { Streams } from "./streams.ts";
import { countByName, drawGraph } from "./survey.ts";
import { totals } from "./totals.ts";
import { describe, hasWhat, sizes, tasksOf, whoHas } from "./whereabouts.ts";
import type { WorkerRecord } from "./worker-record.ts";
import { WorkerRequests } from "./worker-requests.ts";

/** A question that cannot be answered yet. */
interface Waiting {
  readonly client: ClientRecord;
  readonly number: number;
  /** The answer, once there is one. */
  readonly tryAnswer: () => { readonly value: unknown } | undefined;
}

class Requests implements RequestRules {
  readonly #state: SchedulerState;
  readonly #keeping: Keeping;
  readonly #datasets: Datasets;
  readonly #actors: Actors;
  readonly #coordination: Coordination;
  readonly #workers: WorkerRequests;
  readonly #log: EventLog;
  readonly #logging: Logging;
  readonly #advice: Advice;
  readonly #forgetting: Forgetting;
  readonly #memory: MemoryLimits;
  readonly #streams: Streams;
  readonly #recipes: Recipes;
  readonly #copying: Copying;
  readonly #copies: Copies;
  readonly #replication: Replication;
  readonly #rebalancing: Rebalancing;
  /** Whose results are whose, once somebody has asked. */
  #makers: Makers | undefined;
  /** For workers that come, or for what is noted. */
  #waiting: Waiting[] = [];
  /** Nobody waits for anything that tasks do: what most events do then concerns none of these rules. */
  #isResting = false;
  /** Events that had been noted when it was looked last who waits for them. */
  #logged = 0;
  /** Functions that had been introduced when it was looked last which may be forgotten. */
  #introductions = 0;

  constructor(state: SchedulerState, tools: RequestTools) {
    this.#state = state;
    this.#log = new EventLog(state);
    for (const { address, name } of state.workers.values()) {
      this.#log.note("workers", { type: "worker-added", worker: address, name });
    }
    this.#memory = new MemoryLimits(state, tools, this.#log);
    for (const worker of state.unnoted.splice(0)) this.#noteRemoval(...worker);
    const keeping = new Keeping(state, tools);
    this.#keeping = keeping;
    this.#datasets = new Datasets(keeping, () => state.durability);
    const errands = new Errands(state);
    this.#actors = new Actors(state, tools, keeping, errands);
    this.#coordination = new Coordination(state, keeping, this.#actors);
    this.#workers = new WorkerRequests(state, tools, errands, this.#actors);
    this.#logging = new Logging(state, errands, this.#log);
    this.#advice = new Advice(state, errands, this.warn.bind(this));
    this.#forgetting = new Forgetting(state, errands, () => this.#advice.sourceBytes);
    errands.onRun = () => this.#advice.expectAnswer();
    const answer = this.#answer.bind(this);
    this.#streams = new Streams(state, tools, answer);
    this.#recipes = new Recipes(state, tools, answer);
    this.#copying = new Copying(state, tools);
    this.#copies = new Copies(state, tools, this.#copying);
    this.#replication = new Replication(state, tools, this.#copying);
    this.#rebalancing = new Rebalancing(state, tools, this.#copying);
  }

  hear(client: ClientRecord, { number, request }: ClientRequest): void {
    const state = this.#state;
    switch (request.type) {
      case "log-event":
        this.#log.log(request.topics, request.message, client.worker?.address ?? client.id);
        return this.#answer(client, number, { value: undefined });
      case "events": {
        const { topic, after } = request;
        if (after === undefined) return this.#answer(client, number, { value: this.#log.read(topic) });
        const tryAnswer = () => {
          const value = this.#log.readAfter(topic, after);
          return value && { value };
        };
        this.#waiting.push({ client, number, tryAnswer });
        return;
      }
      case "shutdown":
        state.orders.push({ type: "end-cluster", reason: `client ${client.id} shut the cluster down` });
        return;
      case "scheduler-info":
        return this.#answer(client, number, { value: describe(state) });
      case "wait-for-workers": {
        const { count } = request;
        this.#waiting.push({
          client,
          number,
          tryAnswer: () => (state.workers.size >= count ? { value: undefined } : undefined),
        });
        return;
      }
      case "survey": {
        const value = {
          info: describe(state),
          names: countByName(state),
          graph: drawGraph(state, request.graph),
          meetingPlaces: this.#coordination.survey(),
        };
        return this.#answer(client, number, { value: value satisfies Survey });
      }
      case "story":
        return this.#answer(client, number, { value: this.#workers.story(request.key, this.#log) });
      case "logs":
      case "log-follow":
        return this.#logging.hear({ client, number }, request);
      case "call-stack":
        return this.#workers.look({ client, number }, request);
      case "totals":
        return this.#answer(client, number, { value: totals(state) });
      case "who-has":
        return this.#answer(client, number, { value: whoHas(state, request.tasks && tasksOf(client, request.tasks)) });
      case "who-made": {
        if (this.#makers === undefined) {
          this.#makers = new Makers();
          addNotes(state, this.#makers);
        }
        return this.#answer(client, number, { value: this.#makers.of(tasksOf(client, request.tasks)) });
      }
      case "has-what": {
        const { found, unknown } = findWorkers(state, request.workers);
        return this.#answer(
          client,
          number,
          unknown === undefined ? { value: hasWhat(state, found) } : { error: unknown },
        );
      }
      case "nbytes":
        return this.#answer(client, number, { value: sizes(state, request.tasks && tasksOf(client, request.tasks)) });
      case "replicate":
        return this.#replication.begin({ client, number }, request);
      case "rebalance":
        return this.#rebalancing.begin({ client, number }, request);
      case "publish-dataset":
        return this.#answer(client, number, this.#datasets.publish(client, request));
      case "get-dataset":
        if (this.#datasets.handOut(client, number, request.name)) return;
        return this.#answer(client, number, { value: this.#datasets.names });
      case "list-datasets":
        return this.#answer(client, number, { value: this.#datasets.names });
      case "unpublish-dataset":
        return this.#answer(client, number, { value: this.#datasets.unpublish(request.name) });
      case "coordinate":
        return this.#coordination.hear(client, number, request);
      case "recipe":
        return this.#recipes.hear(client, number, request.id);
      case "stream-credit":
      case "stream-items":
      case "stream-close":
        return this.#streams.hear(client, number, request);
      default:
        if (request.type !== "run" && request.type !== "load" && !request.type.startsWith("trace-")) {
          this.#log.note("cluster", { type: request.type, client: client.id, about: aboutOf(request) });
        }
        return this.#workers.hear({ client, number }, request);
    }
  }

  warn(client: ClientRecord, text: string): void {
    this.#state.toClient(client).send({ type: "warning", text });
    this.#log.note("warnings", { type: "warning", text, client: client.id });
  }

  followStream(task: TaskRecord): void {
    this.#isResting = false;
    this.#streams.follow(task);
  }

  hearItems(task: TaskRecord, { items }: TaskItems): void {
    this.#streams.hearItems(task, items);
  }

  isUsed(task: TaskRecord): boolean {
    return this.#streams.isUsed(task);
  }

  interrupt(task: TaskRecord, worker: WorkerAddress, reason: string): boolean {
    return this.#streams.interrupt(task, worker, reason);
  }

  withdraw(client: ClientRecord, { number }: WithdrawRequest): void {
    this.#workers.withdraw(client, number);
    this.#logging.withdraw(client, number);
    this.#streams.withdraw(client, number);
    this.#replication.withdraw(client, number);
    this.#rebalancing.withdraw(client, number);
    this.#waiting = this.#waiting.filter((each) => each.client !== client || each.number !== number);
    this.#coordination.withdraw(client, number);
  }

  removeClient(client: ClientRecord): void {
    this.#log.note("clients", { type: "client-removed", client: client.id });
    this.#workers.removeClient(client);
    this.#logging.removeClient(client);
    this.#streams.removeClient(client);
    this.#replication.removeClient(client);
    this.#rebalancing.removeClient(client);
    this.#waiting = this.#waiting.filter((each) => each.client !== client);
    this.#actors.removeClient(client);
    this.#coordination.removeClient(client);
  }

  unname(key: Key): void {
    this.#isResting = false;
    this.#coordination.unname(key);
  }

  restore({ datasets, places }: RecoveredMeetings): void {
    for (const { name, value, tasks } of datasets) {
      this.#datasets.restore(name, this.#keeping.keepTasks(tasks, value, `dataset "${name}"`));
    }
    this.#coordination.restore(places);
  }

  addWorker(worker: WorkerRecord): void {
    const { address, name } = worker;
    this.#log.note("workers", { type: "worker-added", worker: address, name });
    this.#workers.addWorker(worker);
    this.#logging.addWorker(worker);
  }

  removeWorker(worker: WorkerRecord, reason: string, expected: boolean): void {
    this.#noteRemoval(worker, reason, expected);
    this.#workers.removeWorker(worker, reason, expected);
    this.#actors.removeWorker(worker, reason);
  }

  lookAround(): void {
    this.#workers.lookAround();
  }

  hearErrandDone(worker: WorkerRecord, message: ErrandDone): void {
    this.#workers.hearErrandDone(worker, message);
  }

  hearStack(worker: WorkerAddress, stack: StackTaken | undefined): void {
    this.#workers.hearStack(worker, stack);
  }

  hearTrace(worker: WorkerRecord, told: Trace | WorkerLog): void {
    if (told.type === "log") this.#logging.receive(worker, told);
    else this.#workers.hearTrace(worker, told);
  }

  hearNotAcquired(worker: WorkerRecord, task: TaskRecord | undefined): void {
    this.#workers.hearNotAcquired(worker, task);
    if (task !== undefined) this.#copying.hearNotAcquired(task, worker);
  }

  hearMemory(worker: WorkerRecord): void {
    this.#memory.hear(worker);
    this.#copies.look();
  }

  refuses(task: TaskRecord): boolean {
    task.error = this.#memory.lackOfRoom(task) ?? task.error;
    if (task.error !== undefined) this.#state.recommend(task, "erred");
    return task.error !== undefined;
  }

  receiveValue(worker: WorkerRecord, task: TaskRecord, value: unknown): void {
    this.#workers.receiveValue(worker, task, value);
  }

  settle(event: SchedulerEvent): void {
    const { nowMs, introductions } = this.#state;
    const isTold = introductions === this.#introductions && this.#log.count === this.#logged;
    if (this.#isResting && isTold && nowMs < this.#advice.nextMs && isPlain(event)) return;
    this.#introductions = introductions;
    this.#workers.settle();
    this.#streams.settle();
    this.#actors.settle();
    this.#coordination.lookAround();
    this.#copying.settle();
    this.#replication.settle();
    this.#rebalancing.settle();
    this.#copying.send();
    this.#advice.settle();
    this.#forgetting.settle();
    this.#waiting = this.#waiting.filter(({ client, number, tryAnswer }) => {
      const answer = tryAnswer();
      if (answer !== undefined) this.#answer(client, number, answer);
      return answer === undefined;
    });
    this.#logged = this.#log.count;
    const waiting = [this.#workers, this.#streams, this.#actors, this.#coordination, this.#copying, this.#replication];
    this.#isResting = ![...waiting, this.#rebalancing].some(({ isWaiting }) => isWaiting);
  }

  #noteRemoval(worker: WorkerRecord, reason: string, expected: boolean): void {
    const { address, name } = worker;
    this.#log.note("workers", { type: "worker-removed", worker: address, name, reason, expected });
    for (const { key, deaths, state } of this.#state.tasks.values()) {
      if (deaths?.at(-1) !== address || state !== "erred") continue;
      this.#log.note("tasks", { type: "task-killed-workers", key, workers: deaths });
    }
  }

  #answer(client: ClientRecord, number: number, outcome: Answer["outcome"]): void {
    this.#state.toClient(client).send({ type: "answer", number, outcome });
  }
}

/** Whether it is one of those that come for each task. Whoever waits may wait for just that; nobody else is concerned. */
function isPlain(event: SchedulerEvent): boolean {
  if (event.type !== "client-message" && event.type !== "worker-message") return false;
  const { type } = event.message;
  if (type === "update-graph" || type === "gather" || type === "news-received") return true;
  return type === "client-releases-keys" || type === "task-finished" || type === "task-started";
}

/** What such a request is about, in words. */
function aboutOf(request: object): string | undefined {
  const { workers, name, url } = request as { workers?: readonly string[]; name?: string; url?: string };
  return workers?.join(", ") ?? name ?? url;
}

/** The rules, for {@link SchedulerMachine.learn}. */
export function requestRules(state: SchedulerState, tools: RequestTools): RequestRules {
  return new Requests(state, tools);
}
