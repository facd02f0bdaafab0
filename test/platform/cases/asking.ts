/** What a client can ask about the cluster. */
import { Client, LocalCluster } from "manyhands";
import { type Case, start } from "./case.ts";
import { equal, ok, rejects } from "./check.ts";

export const asking: readonly Case[] = [
  {
    name: "schedulerInfo() tells what a thread has in use, where the platform tells",
    async run({ isNode }) {
      await using own = start({ nWorkers: 1 });
      const held = own.client.submit(() => new Float64Array(1_000_000).fill(1));
      equal(await own.client.submit((x: Float64Array) => x.length, held).result(), 1_000_000);
      await own.client.submit(() => 1).result();
      const [worker] = Object.values((await own.client.schedulerInfo()).workers);
      if (isNode) ok((worker?.threadBytes ?? 0) > 1_000_000, "a megabyte at least");
      else equal(worker?.threadBytes, undefined);
    },
  },
  {
    name: "schedulerInfo() tells which workers there are",
    async run({ client }) {
      await client.waitForWorkers(2);
      const { workers } = await client.schedulerInfo();
      equal(Object.keys(workers).length, 2);
      for (const { nThreads } of Object.values(workers)) equal(nThreads, 1);
    },
  },
  {
    name: "schedulerInfo() and its like, asked on end, let timers and workers have their turns",
    async run({ client }) {
      const ask = [() => client.schedulerInfo(), () => client.survey(), () => client.whoHas(), () => client.nbytes()];
      for (const one of ask) {
        let isTime = false;
        setTimeout(() => {
          isTime = true;
        }, 1);
        const sum = client.submit((x: number) => x + 1, 1);
        let times = 0;
        // Without turns in between, neither could ever come.
        for (; (!isTime || !sum.done) && times < 100_000; times++) await one();
        ok(isTime && sum.done, `${times} answers came before a timer or a task`);
      }
    },
  },
  {
    name: "what is submitted in the same turn as a first question is not overtaken",
    async run() {
      await using t = start();
      const question = t.client.schedulerInfo();
      const sum = t.client.submit((a: number, b: number) => a + b, 1, 2);
      equal(await sum.result(), 3);
      equal(typeof (await question).queued, "number");
    },
  },
  {
    name: "a task is found by its key, though its function goes by another name than an equal one before it",
    async run() {
      await using t = start();
      const identity = (x: number) => x;
      await t.client.submit(identity, 1).result();
      const other = (x: number) => x;
      const future = t.client.submit(other, 2);
      equal(await t.client.future(future.key).result(), 2);
    },
  },
  {
    name: "waitForWorkers() can be given up",
    async run({ client }) {
      const abort = new AbortController();
      const waiting = client.waitForWorkers(99, { signal: abort.signal });
      abort.abort(new Error("no longer"));
      await rejects(waiting, "Error", /no longer/);
    },
  },
  {
    name: "a question is answered with an error when the cluster goes",
    async run() {
      const cluster = new LocalCluster({ nWorkers: 1 });
      const client = new Client(cluster);
      const waiting = client.waitForWorkers(99);
      await client.schedulerInfo();
      await cluster.close();
      await rejects(waiting, "CommClosedError");
      await client.close();
    },
  },
];
