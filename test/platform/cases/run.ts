/** Functions that run on every worker outside the queue of tasks, plugins, and modules that every worker imports. */
import { type Client, closure, type Future, getTask, getWorker } from "manyhands";
import { begun, type Case, channelName, onWord, sayOn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

/** Where the functions below leave their traces, on the worker's global object. */
interface Traces {
  traces?: string[];
  close?: () => void;
}

const tracesOf = (client: Client) => client.run(() => (globalThis as Traces).traces ?? []);

/** A task on a worker that ends its thread. */
const exits = () => {
  if (typeof process === "object") process.exit(1);
  (globalThis as Traces).close?.();
  return new Promise<number>(() => {});
};

export const run: readonly Case[] = [
  {
    name: "run() calls a function on every worker, those that are being started included",
    async run() {
      await using t = start({ nWorkers: 3 });
      const names = await t.client.run((greeting: string) => `${greeting} ${getWorker().name}`, "hello");
      equal(Object.keys(names).length, 3);
      for (const [address, name] of Object.entries(names)) {
        equal(name, `hello ${address.replace("thread://", "").replace("/", "-")}`);
      }
    },
  },
  {
    name: "run() takes functions, closures and promises, and captures its arguments at the call",
    async run({ client }) {
      const list = [1, 2, 3];
      const factor = 10;
      const answers = client.run(
        closure({ factor }, async (numbers: number[], f: (x: number) => number) => numbers.map((x) => f(x) * factor)),
        list,
        (x: number) => x + 1,
      );
      list.push(4);
      for (const answer of Object.values(await answers)) equal(answer, [20, 30, 40]);
    },
  },
  {
    name: "run() refuses futures among its arguments",
    async run({ client }) {
      const future: Future<number> = client.submit(() => 1);
      await rejects(
        client.run((x: unknown) => x, [future]),
        "TypeError",
        /holds futures/,
      );
    },
  },
  {
    name: "run() rejects with the error of the function, of its own class",
    async run({ client }) {
      const failing = () => {
        throw new RangeError("too far");
      };
      await rejects(client.run(failing), "RangeError", /too far/);
      await rejects(
        client.run(() => Promise.reject(new SyntaxError("late"))),
        "SyntaxError",
        /late/,
      );
      await rejects(
        client.run(() => ({ deep: [() => 1] })),
        "UnserializableError",
        /result\.deep\[0\]/,
      );
      equal(await client.submit(() => "goes on").result(), "goes on");
    },
  },
  {
    name: "run() is answered while a task awaits something, and is no task",
    async run() {
      await using t = start({ nWorkers: 1 });
      const channel = channelName();
      const waiting = t.client.submit(onWord, channel);
      await begun(waiting);
      const outside = () => {
        try {
          return getTask().key;
        } catch {
          return "no task";
        }
      };
      equal(Object.values(await t.client.run(outside)), ["no task"]);
      sayOn(channel, "done");
      equal(await waiting.result(), "done");
    },
  },
  {
    name: "run() rejects when a worker dies before it has answered, with the cause",
    async run() {
      await using t = start({ nWorkers: 1 });
      const error = await rejects(t.client.run(exits), "CommClosedError", /before it answered/);
      equal((error as Error & { address?: string }).address, "thread://worker/0");
      equal(await t.client.submit(() => 1).result(), 1);
    },
  },
  {
    name: "a plugin is set up on all workers, and on a replacement before its first task",
    async run() {
      await using t = start();
      await t.client.registerPlugin({
        name: "traces",
        setup(worker) {
          (globalThis as Traces).traces = [`set up on ${worker.name}`];
        },
      });
      equal(
        Object.values(await tracesOf(t.client))
          .flat()
          .sort(),
        ["set up on worker-0", "set up on worker-1"],
      );
      await rejects(t.client.with({ retries: 0 }).submit(exits).result(), "KilledWorkerError");
      const seen = t.client.map((_: number) => (globalThis as Traces).traces?.length, [1, 2, 3, 4, 5, 6]);
      equal(await t.client.gather(seen), [1, 1, 1, 1, 1, 1]);
    },
  },
  {
    name: "no task begins while a plugin is being set up",
    async run() {
      await using t = start();
      const registered = t.client.registerPlugin({
        name: "slow",
        async setup() {
          await new Promise((resolve) => setTimeout(resolve, 30));
          (globalThis as Traces).traces = ["slow"];
        },
      });
      await t.client.schedulerInfo();
      const seen = t.client.map((_: number) => (globalThis as Traces).traces?.[0], [1, 2, 3, 4]);
      equal(await t.client.gather(seen), ["slow", "slow", "slow", "slow"]);
      await registered;
    },
  },
  {
    name: "a plugin can be an instance of a class, with fields, helpers and what it inherits",
    async run() {
      await using t = start({ nWorkers: 1 });
      class Counting {
        readonly name: string = "counting";
        count = 40;
        add(by: number) {
          this.count += by;
        }
      }
      class Plugin extends Counting {
        setup() {
          this.add(2);
          (globalThis as Traces).traces = [`${this.count}`];
        }
        transition(_key: string, from: string, to: string) {
          (globalThis as Traces).traces?.push(`${from} -> ${to}`);
        }
        teardown() {
          (globalThis as Traces).traces?.push("down");
        }
      }
      await t.client.registerPlugin(new Plugin());
      equal(await t.client.submit(() => 1).result(), 1);
      const failing = t.client.submit(() => {
        throw new Error("no");
      });
      await rejects(failing.result(), "Error");
      await t.client.unregisterPlugin("counting");
      await t.client.unregisterPlugin("counting");
      equal(await t.client.submit(() => 1).result(), 1);
      equal(Object.values(await tracesOf(t.client)), [
        ["42", "ready -> executing", "executing -> memory", "ready -> executing", "executing -> erred", "down"],
      ]);
    },
  },
  {
    name: "a plugin of the same name takes the place of the other, whose teardown comes first",
    async run() {
      await using t = start({ nWorkers: 1 });
      const plugin = (version: number) => ({
        name: "versions",
        version,
        setup() {
          const place = globalThis as Traces;
          place.traces = [...(place.traces ?? []), `${this.version} up`];
        },
        teardown() {
          (globalThis as Traces).traces?.push(`${this.version} down`);
        },
      });
      await t.client.waitForWorkers(1);
      await Promise.all([t.client.registerPlugin(plugin(1)), t.client.registerPlugin(plugin(2))]);
      equal(Object.values(await tracesOf(t.client)), [["1 up", "1 down", "2 up"]]);
    },
  },
  {
    name: "a plugin whose setup fails is named with the worker, and taken off the others",
    async run() {
      await using t = start();
      const picky = {
        name: "picky",
        setup(worker: { name: string }) {
          if (worker.name === "worker-1") throw new Error("not here");
          (globalThis as Traces).traces = ["up"];
        },
        teardown() {
          (globalThis as Traces).traces?.push("down");
        },
      };
      const error = await rejects(t.client.registerPlugin(picky), "Error", /picky.*thread:\/\/worker\/1.*not here/);
      equal((error.cause as Error).message, "not here");
      equal(await tracesOf(t.client), { "thread://worker/0": ["up", "down"], "thread://worker/1": [] });
    },
  },
  {
    name: "what is no plugin is refused",
    async run({ client }) {
      await rejects(client.registerPlugin(undefined as never), "TypeError", /must be an object/);
      await rejects(client.registerPlugin({ setup() {} } as never), "TypeError", /a name/);
      await rejects(client.registerPlugin({ name: "idle" }), "TypeError", /does nothing/);
      await rejects(client.registerPlugin({ name: "odd", setup: 5 as never }), "TypeError", /must be a function/);
    },
  },
  {
    name: "a module is imported by every worker, once, and later ones too",
    limitMs: 20_000,
    async run({ work }) {
      await using t = start();
      await t.client.registerModule(work);
      await t.client.registerModule(work.href);
      const code = "globalThis.imports = (globalThis.imports ?? 0) + 1";
      const counting = `data:text/javascript,${encodeURIComponent(code)}`;
      await t.client.registerModule(counting);
      await t.client.registerModule(counting);
      await t.cluster.scale(3);
      const countOn = (workers: string) =>
        t.client.with({ workers }).submit(() => (globalThis as { imports?: number }).imports);
      equal(await t.client.gather(["worker-0", "worker-1", "worker-2"].map(countOn)), [1, 1, 1]);
      const error = await rejects(t.client.registerModule(new URL("./no-such-module.mjs", work)), "Error");
      ok(/no-such-module\.mjs could not be imported on thread:/.test(error.message), error.message);
      await rejects(t.client.registerModule("./work-module.mjs"), "TypeError", /absolute/);
    },
  },
  {
    name: "client.run() on a closed client says so",
    async run() {
      const t = start({ nWorkers: 1 });
      await t.client.close();
      await t.cluster.close();
      await rejects(
        t.client.run(() => 1),
        "CommClosedError",
      );
      throws(() => t.client.submit(() => 1), "CommClosedError");
    },
  },
];
