/** Results that are believed when several workers have come to the same. */
import { Client, closure, type DisagreementError, getTask, getWorker, LocalCluster } from "manyhands";
import type { Case } from "./case.ts";
import { equal, rejects, throws } from "./check.ts";

/** Workers are called `w-0`, `w-1`, …: some of them lie. */
function startWith(nWorkers: number, noWorkersTimeoutMs = 30_000) {
  const cluster = new LocalCluster({ nWorkers, name: "w", noWorkersTimeoutMs });
  const client = new Client(cluster);
  return {
    cluster,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await cluster.close();
    },
  };
}

/** What a worker says that is not to be trusted: its own number. */
const lieOn = (liars: readonly string[]) =>
  closure({ liars }, (truth: unknown) => (liars.includes(getWorker().name) ? getWorker().name : truth));

export const quorums: readonly Case[] = [
  {
    name: "with({ quorum }) runs a task on as many workers as it takes for enough to agree",
    async run() {
      await using t = startWith(3);
      const careful = t.client.with({ quorum: { copies: 3, agree: 2 } });
      const futures = careful.map(lieOn([]), [1, "two", { three: [3] }, undefined, null]);
      equal(await t.client.gather(futures), [1, "two", { three: [3] }, undefined, null]);
      const who = careful.submit(() => {
        getTask().progress(1, getWorker().name);
        return 7;
      });
      const heard: (string | undefined)[] = [];
      who.onProgress(({ note }) => heard.push(note));
      equal(await who.result(), 7);
      equal([heard.length, new Set(heard).size], [2, 2], "two copies, on two workers");
    },
  },
  {
    name: "a worker that comes to something else is outvoted, whichever one it is",
    async run() {
      await using t = startWith(3);
      const careful = t.client.with({ quorum: { copies: 3 } });
      for (const liar of ["w-0", "w-1", "w-2"]) {
        const results = careful.map(lieOn([liar]), [1, 2, 3, 4, 5, 6]);
        const sums = careful.map((x: unknown) => [x], results);
        equal(await t.client.gather(sums), [[1], [2], [3], [4], [5], [6]]);
      }
    },
  },
  {
    name: "large results are compared and kept as they were compared, for clients and tasks",
    async run() {
      await using t = startWith(3);
      const fill = closure({}, (n: number) =>
        new Float64Array(n).fill(getWorker().name === "w-1" ? Number(getWorker().name.slice(2)) + 5 : 2),
      );
      const careful = t.client.with({ quorum: { copies: 3, agree: 2 } });
      const tables = careful.map(fill, [50_000, 50_001]);
      const sums = tables.map((table) => t.client.submit((x: Float64Array) => x.reduce((a, b) => a + b), table));
      equal(await t.client.gather(sums), [100_000, 100_002]);
      const table = (await tables[0]?.result()) as Float64Array;
      equal([table.length, table[0], table.at(-1)], [50_000, 2, 2]);
      const { workers } = t.cluster.scheduler.machine.state;
      for (const future of tables) future.release();
      for (const future of sums) future.release();
      await t.client.schedulerInfo();
      equal([...t.cluster.scheduler.machine.state.tasks.values()].length, 0);
      equal(workers.size, 3);
    },
  },
  {
    name: "results that are all different are a DisagreementError, which says who agreed with whom",
    async run() {
      await using t = startWith(3);
      const future = t.client.with({ quorum: { copies: 3, agree: 2 } }).submit(lieOn(["w-0", "w-1", "w-2"]), 1);
      const error = (await rejects(
        future.result(),
        "DisagreementError",
        /was to have 2 equal results: 3 copies came to 3 different ones/,
      )) as DisagreementError;
      equal(error.key, future.key);
      equal(error.camps.flat().sort(), ["thread://w/0", "thread://w/1", "thread://w/2"]);
      const dependent = t.client.submit((x: unknown) => x, future);
      await rejects(dependent.result(), "DisagreementError");
    },
  },
  {
    name: "an error is a result like any other: one that enough agree on is the task's, and others are outvoted",
    async run() {
      await using t = startWith(3);
      const careful = t.client.with({ quorum: { copies: 3, agree: 2 } });
      const fails = () => {
        throw new RangeError("everywhere");
      };
      const failsOn = closure({}, (name: string) => {
        if (getWorker().name === name) throw new RangeError("here alone");
        return "fine";
      });
      await rejects(careful.submit(fails).result(), "RangeError", /everywhere/);
      equal(await t.client.gather(careful.map(failsOn, ["w-0", "w-1", "w-2"])), ["fine", "fine", "fine"]);
      const incomparable = careful.submit(() => Object.assign(new Error("x"), { f: 1 }) as unknown);
      await rejects(incomparable.result(), "TypeError", /cannot be compared/);
    },
  },
  {
    name: "with too few workers a quorum waits for more, and fails after a while",
    async run() {
      const { warn } = console;
      const heard: string[] = [];
      console.warn = (text: unknown) => heard.push(String(text));
      try {
        await using t = startWith(1, 50);
        const careful = t.client.with({ quorum: { copies: 2, agree: 2 } });
        await rejects(
          careful.submit(() => 1).result(),
          "NoValidWorkerError",
          /for one more copy beside those of thread:\/\/w\/0, and there is w-0/,
        );
        equal(heard.length, 1, heard.join("\n"));
        await using patient = startWith(1);
        const waits = patient.client.with({ quorum: { copies: 2, agree: 2 } }).submit(() => 1);
        await patient.client.schedulerInfo();
        await patient.cluster.scale(2);
        equal(await waits.result(), 1);
      } finally {
        console.warn = warn;
      }
    },
  },
  {
    name: "a quorum that makes no sense is refused at the call",
    async run({ client }) {
      for (const quorum of [{}, { copies: 0 }, { copies: 2, agree: 3 }, { copies: 1.5 }, { copies: 2, agre: 1 }, 3]) {
        throws(() => client.with({ quorum: quorum as never }), "TypeError", /quorum must be \{ copies, agree \}/);
      }
      const one = client.with({ quorum: { copies: 1 } }).submit(() => 1);
      equal(await one.result(), 1, "one copy is what any task has");
      throws(
        () => client.with({ quorum: { copies: 2 } }).stream(function* () {}),
        "TypeError",
        /quorum is for submit\(\) and map\(\)/,
      );
    },
  },
];
