/** A simulated operator: pauses workers, sends them away and lets others come, and has them do things, while users work. */
import assert from "node:assert/strict";
import type { Session } from "../../src/client/session.ts";
import type { WorkerAddress } from "../../src/protocol/identity.ts";
import type { Elasticity } from "../../src/runtime/elasticity.ts";
import { describeFunction } from "../../src/shipping/function-source.ts";
import { FUNCTION_MARK } from "../../src/shipping/plain-data.ts";
import { getWorker } from "../../src/shipping/task-context.ts";
import type { Random } from "../support/random.ts";
import { Asker } from "./asker.ts";
import type { World } from "./world.ts";

/** What the operator does to a cluster, beside asking the scheduler. */
export interface Switchboard {
  readonly elasticity: Elasticity;
  addresses(): readonly WorkerAddress[];
  /** Every task may end as cancelled from here on. */
  cancelAll(): void;
}

const HABITS = {
  pause: 3,
  unpause: 2,
  retire: 2,
  scale: 3,
  restartSome: 2,
  restart: 0.3,
  run: 2,
  plugIn: 2,
  plugOut: 1,
};

export class Operator extends Asker {
  readonly #random: Random;
  readonly #switchboard: Switchboard;
  #scaled = 0;

  /** `random`: of its own, lest all that happens without it change with what it does. */
  constructor(random: Random, world: World, session: Session, switchboard: Switchboard) {
    super("operator", world, session);
    this.#random = random;
    this.#switchboard = switchboard;
  }

  /** Draws when it does something. In the end it sees to it that there is somebody to work. */
  plan(spanMs: number): void {
    for (let i = this.#random.pick([1, 3, 10]); i > 0; i--) {
      this.world.at(this.#random.next() * spanMs, () => this.#act());
    }
    this.world.at(spanMs * 1.5, () => {
      this.#scale(2);
      this.question({ type: "unpause-workers", workers: this.#switchboard.addresses() }, () => {}, isUnknown);
    });
  }

  #act(): void {
    const random = this.#random;
    const all = this.#switchboard.addresses();
    const some = all.filter(() => random.chance(0.5));
    switch (random.weighted(HABITS)) {
      case "pause":
        return this.question({ type: "pause-workers", workers: some }, () => {}, isUnknown);
      case "unpause":
        return this.question({ type: "unpause-workers", workers: some }, () => {}, isUnknown);
      case "retire":
        return this.#retire(some);
      case "scale":
        return this.#scale(random.integer(0, 5));
      case "restartSome":
        return this.question({ type: "restart", workers: some, waits: true }, () => {}, isUnknown);
      case "restart":
        this.#switchboard.cancelAll();
        return this.question(
          { type: "restart", waits: true },
          () => {},
          () => false,
        );
      case "run":
        return this.#run();
      case "plugIn":
        return this.#plugIn();
      case "plugOut": {
        const name = random.pick(["one", "another"]);
        return this.question(
          { type: "unregister-plugin", name },
          () => {},
          () => false,
        );
      }
    }
  }

  #retire(workers: readonly WorkerAddress[]): void {
    const check = (left: unknown) =>
      assert.ok(
        (left as WorkerAddress[]).every((address) => workers.includes(address)),
        "only those leave that were to",
      );
    this.question({ type: "retire-workers", workers }, check, () => false);
  }

  #scale(goal: number): void {
    const name = `scale ${this.#scaled++}`;
    this.tell(() => `wants ${goal} workers`);
    this.questions.add(name);
    this.#switchboard.elasticity
      .scale(goal)
      .catch((problem) => {
        this.problem ??= problem;
      })
      .finally(() => this.questions.delete(name));
  }

  #run(): void {
    const fn = describeFunction(() => getWorker().address);
    const check = (value: unknown) => {
      for (const [address, answer] of Object.entries(value as object)) assert.equal(answer, address);
    };
    this.question({ type: "run", fn, args: [] }, check, hasEnded);
  }

  /** Some cannot be set up anywhere. */
  #plugIn(): void {
    const isBad = this.#random.chance(0.2);
    const setup = isBad ? refusesSetup : passesSetup;
    const plugin = { setup: { [FUNCTION_MARK]: describeFunction(setup) } };
    const name = this.#random.pick(["one", "another"]);
    this.question(
      { type: "register-plugin", name, plugin },
      () => {},
      (error) => isBad || hasEnded(error.cause as Error),
    );
  }
}

/** Whether it says that a worker is not there any more. */
function isUnknown(error: Error): boolean {
  return error.name === "RangeError";
}

/** Whether it says that a worker had ended. */
function hasEnded(error: Error): boolean {
  return error.name === "CommClosedError";
}

function passesSetup() {}

function refusesSetup() {
  throw new Error("no");
}
