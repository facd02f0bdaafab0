/**
 * Which tasks are under way in a thread, which of them is at work at this moment, and which wait for others.
 *
 * That a task waits is seen where it asks for what it waits for. Who asks is certain while a task is being called, and while there
 * is only one. Else it is the task in whose name the future was asked for: each has its own client. If nobody can tell (a future
 * that came with a function, a client asked for after an `await`), one of them waits all the same, and a slot is lent.
 */

import type { Clock } from "../ports/clock.ts";
import type { Surroundings } from "../shipping/task-context.ts";
import type { WorkerMachine } from "../worker/machine.ts";
import type { LocalTask, Running } from "./running-task.ts";

export class InFlight {
  readonly #machine: WorkerMachine;
  readonly #clock: Clock;
  readonly #surroundings: Surroundings;
  readonly #onChange: () => void;
  /** Those that are to go on later. */
  readonly #asleep = new Set<Running>();
  #calling: Running | undefined;
  /** While many are called on end: which one it is at the moment. */
  #ask: (() => Running) | undefined;
  #lent = 0;
  /** Methods of actors under way: it need not be a task that asks. */
  #others = 0;

  /** `onChange`: another task may begin now, or there is something to be said. */
  constructor(machine: WorkerMachine, clock: Clock, surroundings: Surroundings, onChange: () => void) {
    this.#machine = machine;
    this.#clock = clock;
    this.#surroundings = surroundings;
    this.#onChange = onChange;
  }

  get isEmpty(): boolean {
    return this.#calling === undefined && this.#ask === undefined && this.#asleep.size === 0;
  }

  /** The task that must be at work now; undefined if nobody can tell which of several it is. */
  get current(): Running | undefined {
    return this.#calling ?? this.#ask?.() ?? this.#only();
  }

  /** So many more, or fewer, methods of actors are under way. */
  countOthers(change: number): void {
    this.#others += change;
    if (this.#asleep.size > 0) this.#lookAround();
  }

  /** Calls what is no task's. */
  apart<R>(call: () => R): R {
    if (this.isEmpty) return call();
    const { task } = this.#surroundings;
    this.#surroundings.task = undefined;
    this.#others += 1;
    try {
      return call();
    } finally {
      this.#others -= 1;
      this.#surroundings.task = task;
    }
  }

  /** It is being called from here on. */
  enter(running: Running): void {
    this.#calling = running;
    this.#surroundings.task = running;
  }

  /** Many are being called on end, of which `ask` tells which one it is: there is nothing else to be known of most of them. */
  enterMany(ask: () => Running): void {
    this.#ask = ask;
    this.#surroundings.ask = ask;
  }

  leaveMany(): void {
    this.#ask = undefined;
    this.#surroundings.ask = undefined;
  }

  /** It returned a promise, or has a module to wait for before it is called. */
  pass(running: Running): void {
    this.#asleep.add(running);
    this.#calling = undefined;
    this.#lookAround();
    this.settleSlot(running);
  }

  /** Calls it after others may have been there. */
  inside<R>(running: Running, call: () => R): R {
    this.enter(running);
    try {
      return call();
    } finally {
      this.pass(running);
    }
  }

  /** It has ended. */
  leave(running: Running): void {
    this.#calling = undefined;
    if (this.#asleep.size > 0) this.#asleep.delete(running);
    this.#lookAround();
    if (running.waitsSinceMs >= 0) this.#noteWait(running);
  }

  find(task: LocalTask): Running | undefined {
    for (const running of this.#asleep) if (running.task === task) return running;
    return undefined;
  }

  /** Somebody begins to wait, if nobody knows better on behalf of `owner`. Returns how to say that this is over. */
  pause(owner: Running | undefined): () => void {
    const running = this.current ?? (owner !== undefined && this.#asleep.has(owner) ? owner : undefined);
    const change = running === undefined ? (by: number) => this.#lend(by) : (by: number) => this.wait(running, by);
    let isOver = this.isEmpty;
    if (!isOver) change(1);
    return () => {
      if (isOver) return;
      isOver = true;
      change(-1);
    };
  }

  /** Gives its slot back or takes it again, as it is due; while it is being called, that can wait. */
  settleSlot(running: Running): void {
    if (running === this.#calling || !this.#asleep.has(running)) return;
    if (running.waits === 0 && running.waitsSinceMs >= 0) this.#noteWait(running);
    else if (running.waits > 0 && running.waitsSinceMs < 0) running.waitsSinceMs = this.#clock.now();
    const { task } = running;
    const before = task.state;
    if (running.waits > 0 || running.hasSeceded) this.#machine.secede(task);
    else this.#machine.rejoin(task);
    if (task.state !== before) this.#onChange();
  }

  /** It waits for so many things more, or fewer. */
  wait(running: Running, by: number): void {
    running.waits += by;
    this.settleSlot(running);
  }

  #lend(by: number): void {
    this.#lent += by;
    this.#machine.lend(this.#lent);
    this.#onChange();
  }

  #noteWait(running: Running): void {
    running.waitedMs += this.#clock.now() - running.waitsSinceMs;
    running.waitsSinceMs = -1;
  }

  #lookAround(): void {
    this.#surroundings.task = this.#asleep.size === 0 ? undefined : this.#only();
  }

  /** The task that it must be. */
  #only(): Running | undefined {
    if (this.#asleep.size !== 1 || this.#others > 0) return undefined;
    for (const running of this.#asleep) return running;
    return undefined;
  }
}
