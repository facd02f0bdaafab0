/** Recording what workers do. */
import type { Case } from "./case.ts";
import { equal, ok } from "./check.ts";

export const recording: readonly Case[] = [
  {
    name: "taskStream() tells which tasks ran where, when and how long, and how they ended",
    async run({ client }) {
      const stream = await client.taskStream();
      const spin = (ms: number) => {
        const end = performance.now() + ms;
        while (performance.now() < end);
        return ms;
      };
      const fail = () => {
        throw new Error("on purpose");
      };
      await client.gather(client.map(spin, [20, 30, 40]));
      await client.submit(fail).exception();
      await stream.stop();
      const spun = stream.spans.filter(({ kind, name }) => kind === "compute" && name === "spin");
      equal(
        spun.reduce((sum, { tasks }) => sum + tasks, 0),
        3,
      );
      const totalMs = spun.reduce((sum, { ms }) => sum + ms, 0);
      ok(totalMs >= 85 && totalMs < 2000, `they took ${totalMs} ms`);
      for (const { kind, beganMs, worker } of spun) {
        equal(kind, "compute");
        ok(Math.abs(Date.now() - beganMs) < 60_000, "it began lately");
        ok(worker.startsWith("thread://"), worker);
      }
      equal(
        stream.spans.filter(({ status }) => status === "error").map(({ name }) => name),
        ["fail"],
      );
    },
  },
  {
    name: "taskStream() tells of values that moved between workers",
    async run({ client }) {
      await client.waitForWorkers(2);
      await using stream = await client.taskStream();
      const [one = "", two = ""] = Object.keys((await client.schedulerInfo()).workers);
      const large = client.with({ workers: one }).submit(() => new Float64Array(100_000));
      const size = client.with({ workers: two }).submit((array: Float64Array) => array.length, large);
      equal(await size.result(), 100_000);
      await stream.stop();
      const moved = stream.spans.filter(({ kind }) => kind === "transfer");
      equal(
        moved.map(({ worker, name, nbytes }) => [worker, name, nbytes >= 800_000]),
        [[two, one, true]],
      );
    },
  },
  {
    name: "a recording gives batches while it goes on, tells many short tasks together, and ends when it is stopped",
    async run({ client }) {
      const stream = await client.taskStream();
      let tasks = 0;
      const reading = (async () => {
        for await (const spans of stream) for (const span of spans) tasks += span.tasks;
      })();
      await client.gather(
        client.map(
          (x: number) => x,
          Array.from({ length: 5000 }, (_, i) => i),
        ),
      );
      await stream.stop();
      await reading;
      equal(tasks, 5000);
      ok(stream.spans.length < 2500, `${stream.spans.length} spans`);
    },
  },
  {
    name: "recordings do not disturb each other, and nothing is told when none is left",
    async run({ client }) {
      const first = await client.taskStream();
      const second = await client.taskStream();
      await first.stop();
      await client.submit(function later() {}).result();
      await second.stop();
      equal(first.spans.length, 0);
      equal(
        second.spans.map(({ kind, name }) => [kind, name]),
        [
          ["deserialize", "later"],
          ["compute", "later"],
        ],
      );
    },
  },
];
