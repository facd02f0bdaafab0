/**
 * Notices when nothing goes on any more because everybody waits for somebody.
 *
 * A task that waits gives its slot back, so as long as anything can run, it does. When no slot is taken and tasks wait all the same, only a
 * client outside could still help. One that waits for no result may be about to; if all of them wait, and nothing happens for a
 * while, they are told who waits for what.
 */

import type { TaskId } from "../../protocol/identity.ts";
import type { ClientRecord } from "../records.ts";
import type { SchedulerState } from "../state.ts";
import { type Ask, describe } from "./shared.ts";

/** For how long nothing has to have run. Milliseconds. */
const STANDSTILL_MS = 5_000;
/** Of so many it is told what they wait for. */
const MOST_TOLD = 10;

export class Standstill {
  readonly #state: SchedulerState;
  /** Of tasks. */
  readonly #asks = new Set<Ask>();
  /** Since when nothing has run, if nothing does. */
  #sinceMs: number | undefined;
  #isAlarmSet = false;
  #told = "";

  constructor(state: SchedulerState) {
    this.#state = state;
  }

  enter(ask: Ask): void {
    if (ask.task !== undefined) this.#asks.add(ask);
  }

  leave(ask: Ask): void {
    this.#asks.delete(ask);
  }

  get isWaiting(): boolean {
    return this.#asks.size > 0 || this.#sinceMs !== undefined;
  }

  /** To be called after every event. */
  settle(): void {
    const isOver = this.#asks.size === 0 || [...this.#state.workers.values()].some(({ running }) => running > 0);
    if (isOver) this.#sinceMs = undefined;
    else if (this.#sinceMs === undefined) {
      this.#sinceMs = this.#state.nowMs;
      this.#setAlarm(STANDSTILL_MS);
    }
  }

  /** One at a time: what stands still mostly goes on at once, over and over. */
  #setAlarm(afterMs: number): void {
    const { demands } = this.#state;
    if (this.#isAlarmSet || demands === undefined) return;
    this.#isAlarmSet = true;
    demands.later(afterMs, () => {
      this.#isAlarmSet = false;
      if (this.#sinceMs === undefined) return;
      const leftMs = this.#sinceMs + STANDSTILL_MS - this.#state.nowMs;
      if (leftMs > 0) this.#setAlarm(leftMs);
      else this.#tell();
    });
  }

  #tell(): void {
    const outside = [...this.#state.clients.values()].filter(({ worker }) => worker === undefined);
    if (!outside.every((client) => this.#waits(client))) return;
    const text = this.#text();
    if (text === this.#told) return;
    this.#told = text;
    for (const client of outside) this.#state.requests?.warn(client, text);
  }

  /** Whether a client outside waits for a result. */
  #waits(client: ClientRecord): boolean {
    const { tasks } = this.#state;
    for (const span of tasks.folds()) {
      if (span.group.client === client && span.awaitedTo > span.awaitedFrom) return true;
    }
    for (const task of tasks.values()) {
      if (task.state === "memory" || task.state === "erred") continue;
      if (task.client === client && task.awaited) return true;
      if (task.claims?.some((claim) => claim.client === client && claim.awaited) === true) return true;
    }
    return false;
  }

  #text(): string {
    const asks = [...this.#asks];
    const told = asks
      .slice(0, MOST_TOLD)
      .map(({ task, at }) => `${this.#name(task)} for ${at.map(({ target }) => describe(target)).join(" or ")}`);
    if (asks.length > MOST_TOLD) told.push(`${asks.length - MOST_TOLD} more`);
    return (
      `nothing has run for ${STANDSTILL_MS / 1000} s: every task that is left waits, and so does every client. ` +
      `Waiting are ${told.join(", ")}`
    );
  }

  #name(id: TaskId | undefined): string {
    return (id === undefined ? undefined : this.#state.tasks.get(id)?.key) ?? "a task";
  }
}
