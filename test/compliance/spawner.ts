/** What every spawner promises of the threads it starts. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Spawner, Thread } from "../../src/ports/spawner.ts";
import type { WorkerMessage } from "../../src/protocol/worker-messages.ts";

export interface SpawnerTrial {
  readonly spawner: Spawner;
  /** Source of a function that ends its thread from within. */
  readonly death: string;
}

/** A thread's messages, as they come. */
function ears(thread: Thread) {
  const heard: WorkerMessage[] = [];
  let check = () => {};
  thread.comm.listen((messages) => {
    heard.push(...messages);
    check();
  });
  return (type: WorkerMessage["type"]) =>
    new Promise<WorkerMessage>((resolve) => {
      check = () => {
        const found = heard.find((message) => message.type === type);
        if (found !== undefined) resolve(found);
      };
      check();
    });
}

/** Runs one function without arguments there. */
function order(thread: Thread, source: string, id = 1): void {
  thread.comm.send([
    {
      type: "register-functions",
      functions: [[id, { kind: "source", name: "", source, hash: source } as never]],
    },
    {
      type: "compute-task",
      client: "client",
      rows: [id, 1, 0, id, 0, 0],
      names: [],
      data: [],
      whoHas: [],
      peers: [],
    },
  ]);
}

let count = 0;
const setup = () => ({ address: `thread://trial/${count}`, name: `trial-${count++}`, nThreads: 1 });

export function promisesOfSpawner({ spawner, death }: SpawnerTrial): void {
  describe("a spawner", () => {
    it("knows how many cores there are", () => {
      assert.ok(Number.isInteger(spawner.cores) && spawner.cores >= 1);
    });

    it("starts a thread that says when it is ready, and works", { timeout: 10_000 }, async () => {
      const thread = spawner.spawn(setup());
      const hear = ears(thread);
      await thread.ready;
      order(thread, "() => 6 * 7");
      const finished = await hear("task-finished");
      assert.deepEqual(finished.type === "task-finished" && finished.values, [42]);
      thread.terminate("over");
    });

    it("ends a thread, and closes its comm with the reason, once", { timeout: 10_000 }, async () => {
      const thread = spawner.spawn(setup());
      await thread.ready;
      thread.terminate("not needed");
      thread.terminate("said twice");
      assert.equal(await thread.comm.closed, "not needed");
      assert.doesNotThrow(() => order(thread, "() => 1"));
    });

    it("ends a thread that is busy for ever", { timeout: 10_000 }, async () => {
      const thread = spawner.spawn(setup());
      const hear = ears(thread);
      await thread.ready;
      order(thread, "() => { for (;;); }");
      await hear("task-started");
      thread.terminate("it is busy");
      assert.equal(await thread.comm.closed, "it is busy");
    });

    it("ends a thread that is not ready yet: then it never is", { timeout: 10_000 }, async () => {
      const thread = spawner.spawn(setup());
      thread.terminate("changed our mind");
      assert.equal(await thread.comm.closed, "changed our mind");
      await assert.rejects(thread.ready, /changed our mind/);
    });

    it("closes the comm of a thread that dies by itself", { timeout: 10_000 }, async () => {
      const thread = spawner.spawn(setup());
      await thread.ready;
      order(thread, death);
      assert.equal(typeof (await thread.comm.closed), "string");
    });

    it("closes the comm of a thread that fails, and says why", { timeout: 10_000 }, async () => {
      const thread = spawner.spawn(setup());
      await thread.ready;
      order(thread, '() => { setTimeout(() => { throw new Error("the reason"); }); return new Promise(() => {}); }');
      assert.match(await thread.comm.closed, /the reason/);
    });

    it("links two threads, which fetch from each other", { timeout: 10_000 }, async () => {
      const [holder, asker] = [setup(), setup()];
      const [one, two] = [spawner.spawn(holder), spawner.spawn(asker)];
      const [hearOne, hearTwo] = [ears(one), ears(two)];
      await Promise.all([one.ready, two.ready]);
      const [here, there] = spawner.channel();
      one.link(asker.address, here);
      two.link(holder.address, there);
      order(one, "() => new Float64Array(5000).fill(2)", 7);
      const stored = await hearOne("task-stored");
      assert.equal(stored.type === "task-stored" && stored.valueType, "Float64Array");
      two.comm.send([
        {
          type: "register-functions",
          functions: [[8, { kind: "source", name: "", source: "(x) => x.length + x[4999]", hash: "sum" } as never]],
        },
        {
          type: "compute-task",
          client: "client",
          rows: [9, 1, 1, 8, 1, 1, 7],
          names: [],
          data: [],
          whoHas: [7, 40_000, 1, 0],
          peers: [holder.address],
        },
      ]);
      const finished = await hearTwo("task-finished");
      assert.deepEqual(finished.type === "task-finished" && finished.values, [5002]);
      one.terminate("over");
      two.terminate("over");
    });
  });
}
