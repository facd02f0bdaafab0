/** Requests about workers rather than about tasks: each subject has a file of its own, and here they come together. */

import type { CallStackRequest, StackTaken } from "../protocol/call-stacks.ts";
import type { Key, WorkerAddress } from "../protocol/identity.ts";
import type { StoryAnswer } from "../protocol/stories.ts";
import type { Trace, TraceRequest } from "../protocol/tracing.ts";
import type { ErrandDone } from "../protocol/worker-messages.ts";
import type { WorkerRequest } from "../protocol/worker-requests.ts";
import type { Actors } from "./actors.ts";
import { answer, type Question } from "./answers.ts";
import { CallStackLooks } from "./call-stacks.ts";
import { type Errands, run } from "./errands.ts";
import type { EventLog } from "./event-log.ts";
import { measureLoad } from "./load.ts";
import { pause, unpause } from "./pausing.ts";
import { Plugins } from "./plugins.ts";
import type { ClientRecord, TaskRecord } from "./records.ts";
import type { RequestTools } from "./request-tools.ts";
import { Restarts } from "./restarting.ts";
import { Retirements } from "./retiring.ts";
import type { SchedulerState } from "./state.ts";
import { Stealing } from "./stealing.ts";
import { tellStory } from "./stories.ts";
import { Tracing } from "./tracing.ts";
import type { WorkerRecord } from "./worker-record.ts";

export class WorkerRequests {
  readonly #state: SchedulerState;
  readonly #tools: RequestTools;
  readonly #errands: Errands;
  readonly #plugins: Plugins;
  readonly #retirements: Retirements;
  readonly #restarts: Restarts;
  readonly #stealing: Stealing;
  readonly #tracing: Tracing;
  readonly #looks: CallStackLooks;
  /** What is to be run once those workers are there that are being started. */
  #toRun: { readonly question: Question; readonly request: WorkerRequest & { readonly type: "run" } }[] = [];

  constructor(state: SchedulerState, tools: RequestTools, errands: Errands, actors: Actors) {
    this.#state = state;
    this.#tools = tools;
    this.#errands = errands;
    this.#plugins = new Plugins(state, this.#errands);
    this.#retirements = new Retirements(state, tools, { errands, plugins: this.#plugins, actors });
    this.#restarts = new Restarts(state, tools, actors);
    this.#stealing = new Stealing(state, tools);
    this.#tracing = new Tracing(state, this.#errands);
    this.#looks = new CallStackLooks(state);
  }

  hear(question: Question, request: WorkerRequest | TraceRequest): void {
    const state = this.#state;
    switch (request.type) {
      case "run":
        this.#toRun.push({ question, request });
        return;
      case "register-plugin":
      case "register-module":
        return this.#plugins.register(question, request);
      case "unregister-plugin":
        return this.#plugins.unregister(question, request);
      case "pause-workers":
        return pause(state, question, request.workers);
      case "unpause-workers":
        return unpause(state, this.#tools, question, request.workers);
      case "retire-workers":
      case "retire-some":
        return this.#retirements.retire(question, request);
      case "restart":
        return this.#restarts.restart(question, request);
      case "trace-open":
      case "trace-read":
      case "trace-close":
        return this.#tracing.hear(question, request);
      case "load":
        return answer(state, question, { value: measureLoad(state) });
      default:
        request satisfies never;
    }
  }

  /** What is known of the task of this key. */
  story(key: Key, log: EventLog): StoryAnswer {
    return tellStory(this.#state, key, { log, tracing: this.#tracing });
  }

  /** Says what workers are at. */
  look(question: Question, request: CallStackRequest): void {
    this.#looks.begin(question, request);
  }

  hearStack(worker: WorkerAddress, stack: StackTaken | undefined): void {
    this.#looks.hear(worker, stack);
  }

  withdraw(client: ClientRecord, number: number): void {
    this.#retirements.withdraw(client, number);
    this.#restarts.withdraw({ client, number });
    this.#tracing.withdraw(client, number);
  }

  removeClient(client: ClientRecord): void {
    this.#tracing.removeClient(client);
  }

  addWorker(worker: WorkerRecord): void {
    this.#plugins.addWorker(worker);
    this.#tracing.addWorker(worker);
  }

  removeWorker(worker: WorkerRecord, reason: string, expected: boolean): void {
    this.#errands.removeWorker(worker, reason, expected);
    this.#looks.removeWorker(worker);
    this.#retirements.removeWorker(worker, expected);
  }

  lookAround(): void {
    this.#stealing.look();
  }

  hearErrandDone(worker: WorkerRecord, message: ErrandDone): void {
    this.#errands.hear(worker, message);
  }

  hearTrace(worker: WorkerRecord, trace: Trace): void {
    this.#tracing.receive(worker, trace);
  }

  hearNotAcquired(worker: WorkerRecord, task: TaskRecord | undefined): void {
    if (task !== undefined) this.#retirements.hearNotAcquired(worker, task);
  }

  receiveValue(worker: WorkerRecord, task: TaskRecord, value: unknown): void {
    this.#retirements.receiveValue(worker, task, value);
  }

  /** Whether somebody waits for something here. Who records waits for what workers tell alone. */
  get isWaiting(): boolean {
    const all = [this.#plugins, this.#retirements, this.#restarts];
    return this.#toRun.length > 0 || all.some(({ isWaiting }) => isWaiting);
  }

  settle(): void {
    if (this.#toRun.length > 0 && this.#state.starting === 0) {
      for (const { question, request } of this.#toRun.splice(0)) run(this.#state, this.#errands, question, request);
    }
    this.#plugins.settle();
    this.#retirements.settle();
    this.#restarts.settle();
    this.#tracing.settle();
  }
}
