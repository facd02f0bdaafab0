/** How many workers a cluster has: as many as it is told, or as many as there is work for. */

import type { Clock } from "../ports/clock.ts";
import type { Comm } from "../ports/comm.ts";
import type { ClientMessage, News } from "../protocol/client-messages.ts";
import type { Load } from "../protocol/worker-requests.ts";
import type { Host } from "./host.ts";
import { SchedulerVoice } from "./scheduler-voice.ts";

/** What it needs of the cluster. */
export interface ElasticShell {
  readonly host: Host;
  readonly clock: Clock;
  /** A conversation with the scheduler, as clients have. */
  readonly comm: Comm<readonly ClientMessage[], News>;
  /** @throws if the cluster is closed. */
  demandOpen(): void;
}

/** How a cluster adapts itself to the work there is. */
export interface AdaptOptions {
  /** The fewest workers; 0 unless said. */
  readonly minimum?: number;
  /** The most; as many as the machine has cores unless said. */
  readonly maximum?: number;
  /** How often it is looked at what there is to be done, in milliseconds; 1000 unless said. */
  readonly intervalMs?: number;
  /** All that there is to be done should be done in about that time, in milliseconds; 5000 unless said. */
  readonly targetDurationMs?: number;
  /** Workers are sent away when that many looks one after the other have found too many; 3 unless said. */
  readonly waitCount?: number;
}

export class Elasticity {
  readonly #shell: ElasticShell;
  readonly #voice: SchedulerVoice;
  #goal = 0;
  /** Under way to the goal. */
  #way: Promise<void> | undefined;
  /** Calls off what is being done for a goal that does not count any more. */
  #abort = new AbortController();

  constructor(shell: ElasticShell) {
    this.#shell = shell;
    this.#voice = new SchedulerVoice(shell.comm);
  }

  /** Settles when there are so many, or as many as have been asked for since. */
  scale(goal: number): Promise<void> {
    this.#goal = goal;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#way ??= this.#reach().finally(() => {
      this.#way = undefined;
    });
    return this.#way;
  }

  /** Looks again and again at what there is to be done, until it `isStopped` or the cluster is closed. */
  async adapt(options: Required<AdaptOptions>, isStopped: () => boolean): Promise<void> {
    const { clock, host } = this.#shell;
    const { minimum, maximum, intervalMs, targetDurationMs, waitCount } = options;
    /** What would have been enough, look by look, since it was less than there is. */
    let votes: number[] = [];
    while (!isStopped()) {
      const { workUs, tasks, busy } = (await this.#voice.ask({ type: "load" })) as Load;
      if (isStopped()) return;
      // One in the middle of something long could not leave before it is done with that.
      const wanted = Math.min(tasks, Math.max(busy, Math.ceil(workUs / 1000 / targetDurationMs)));
      const target = Math.max(minimum, Math.min(maximum, wanted));
      const { size } = host;
      votes = target < size ? [...votes, target] : [];
      if (target > size || votes.length === waitCount) {
        // It is not waited for: while workers leave, there may be more to do again. What cannot be started now may be, next time.
        this.scale(Math.max(target, ...votes)).catch(() => {});
        votes = [];
      }
      await new Promise<void>((resolve) => clock.after(intervalMs, resolve));
    }
  }

  async #reach(): Promise<void> {
    const { host, clock } = this.#shell;
    const letGo = clock.keepAlive();
    try {
      for (;;) {
        const goal = this.#goal;
        const missing = goal - host.size;
        const { givenUp } = host;
        if (missing > 0) host.spawn(missing);
        const surplus = -missing - (missing < 0 ? host.callOff(-missing) : 0);
        if (surplus > 0) await this.#retire(surplus, this.#abort.signal);
        await Promise.race([host.started, whenAborted(this.#abort.signal)]);
        this.#shell.demandOpen();
        if (goal !== this.#goal) continue;
        if (host.givenUp > givenUp) throw new Error(`only ${host.size} of ${goal} workers could be started`);
        if (host.size <= goal) return; // Fewer, if some were retired meanwhile.
      }
    } finally {
      letGo();
    }
  }

  /** Until they have left, or it does not matter any more. */
  async #retire(count: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#voice.ask({ type: "retire-some", count }, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
