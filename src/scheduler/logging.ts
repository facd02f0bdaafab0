/** What workers write to their consoles: asked of them when somebody wants to read it, and noted as events while somebody follows it. */

import {
  type FollowLogsRequest,
  type KeptLog,
  type KeptLogs,
  LOG_TOPIC,
  type LogsRequest,
  type WorkerLog,
} from "../protocol/logs.ts";
import { answer, findWorkers, type Question } from "./answers.ts";
import type { Errands } from "./errands.ts";
import type { EventLog } from "./event-log.ts";
import type { ClientRecord } from "./records.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A worker that computes for longer is not waited for. Milliseconds. */
const PATIENCE_MS = 3000;

export class Logging {
  readonly #state: SchedulerState;
  readonly #errands: Errands;
  readonly #log: EventLog;
  /** Who follows, by which questions. */
  #followers: Question[] = [];

  constructor(state: SchedulerState, errands: Errands, log: EventLog) {
    this.#state = state;
    this.#errands = errands;
    this.#log = log;
  }

  hear(question: Question, request: LogsRequest | FollowLogsRequest): void {
    if (request.type === "logs") return this.#read(question, request);
    if (!this.#isOn) this.#follow(this.#state.workers.values(), true);
    this.#followers.push(question);
  }

  withdraw(client: ClientRecord, number: number): void {
    this.#keep((follower) => follower.client !== client || follower.number !== number);
  }

  removeClient(client: ClientRecord): void {
    this.#keep((follower) => follower.client !== client);
  }

  #keep(stays: (follower: Question) => boolean): void {
    const wasOn = this.#isOn;
    this.#followers = this.#followers.filter(stays);
    if (wasOn && !this.#isOn) this.#follow(this.#state.workers.values(), false);
  }

  addWorker(worker: WorkerRecord): void {
    if (this.#isOn) this.#follow([worker], true);
  }

  receive({ address }: WorkerRecord, { lines, missed }: WorkerLog): void {
    if (!this.#isOn) return;
    const gap = { atMs: lines[0]?.atMs ?? 0, level: "warn", text: `(${missed} lines are left out)` };
    for (const line of missed > 0 ? [gap, ...lines] : lines) this.#log.log([LOG_TOPIC], line, address);
  }

  get #isOn(): boolean {
    return this.#followers.length > 0;
  }

  #follow(workers: Iterable<WorkerRecord>, isOn: boolean): void {
    this.#errands.send(workers, { type: "log", isOn }, () => {});
  }

  #read(question: Question, { workers }: LogsRequest): void {
    const state = this.#state;
    const { found, unknown } = findWorkers(state, workers);
    if (unknown !== undefined) return answer(state, question, { error: unknown });
    const logs: Record<string, KeptLog | undefined> = {};
    let missing = found.length;
    const tell = () => {
      if (missing < 0) return;
      missing = -1;
      answer(state, question, { value: logs satisfies KeptLogs });
    };
    for (const worker of found) {
      logs[worker.address] = undefined;
      this.#errands.send([worker], { type: "log" }, (outcomes) => {
        const outcome = outcomes.get(worker);
        if (outcome !== undefined && "value" in outcome) logs[worker.address] = outcome.value as KeptLog | undefined;
        missing -= 1;
        if (missing === 0) tell();
      });
    }
    if (found.length === 0) tell();
    else state.demands?.later(PATIENCE_MS, tell);
  }
}
