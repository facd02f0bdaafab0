/** Simulated tasks that share a lock and a queue, and die with them in their hands. */
import assert from "node:assert/strict";
import { Lock } from "../../src/client/coordination/lock.ts";
import { Queue } from "../../src/client/coordination/queue.ts";
import type { Stage } from "./work.ts";

/** What the tasks of one world share. */
export class Sharing {
  /** Where somebody is at work with the lock held. */
  readonly #inside = new Set<Stage>();
  #lastToken = 0;
  problem: unknown;

  /** Works for a while under a lock that only one has at a time, be it that another died with it. */
  async underLock(stage: Stage, id: number, work: () => Promise<void>): Promise<void> {
    const lock = new Lock("of the tasks");
    try {
      const { token } = await lock.acquire();
      this.#check(() => {
        for (const other of this.#inside) assert.ok(other.isOver, `nobody else is under the lock with task ${id}`);
        assert.ok(token > this.#lastToken, "tokens rise");
      });
      this.#lastToken = token;
      this.#inside.clear();
      this.#inside.add(stage);
      try {
        await work();
      } finally {
        this.#inside.delete(stage);
      }
      // Some leave it to their end.
      if (id % 5 !== 0) await lock.release();
    } finally {
      if (id % 5 !== 0) lock.close();
      else stage.remember(lock);
    }
  }

  /** Puts something into a queue and takes something out of it: there is always enough. */
  async throughQueue(id: number): Promise<void> {
    const queue = new Queue<number>("of the tasks: items");
    try {
      await queue.put(id);
      const item = await queue.get();
      this.#check(() => assert.equal(typeof item, "number", "an item is what was put"));
    } finally {
      queue.close();
    }
  }

  #check(check: () => void): void {
    try {
      check();
    } catch (problem) {
      this.problem ??= problem;
    }
  }
}
