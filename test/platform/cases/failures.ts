/** Errors: the task's own, an input's, and those of what cannot travel. */
import { AsCompleted, asCompleted, getTask } from "manyhands";
import { type Case, nextTurn, start } from "./case.ts";
import { equal, ok, rejects, throws } from "./check.ts";

export const failures: readonly Case[] = [
  {
    name: "an error comes back with class, message, stack, cause and fields",
    async run({ client }) {
      const future = client.submit(function faulty() {
        class DeepError extends RangeError {
          readonly code = 17;
          readonly detail = { list: [1, 2] };
          override readonly name = "DeepError";
        }
        throw new DeepError("deep down", { cause: new TypeError("the cause", { cause: "its cause" }) });
      });
      const error = (await rejects(future.result(), "DeepError", /^deep down$/)) as Error & Record<string, unknown>;
      ok(error instanceof RangeError, "it is of the class that both sides know");
      equal(error.constructor.name, "DeepError");
      equal([error["code"], error["detail"]], [17, { list: [1, 2] }]);
      const cause = error.cause as TypeError;
      ok(cause instanceof TypeError, "its cause is a TypeError");
      equal([cause.message, cause.cause], ["the cause", "its cause"]);
      ok(error.stack?.includes("faulty"), `its stack is the remote one: ${error.stack}`);
      equal(future.status, "error");
      equal(await future.traceback(), error.stack);
      ok((await future.exception()) === error, "exception() gives what result() throws");
    },
  },
  {
    name: "built-in errors are what they are",
    async run({ client }) {
      const failing = {
        TypeError: () => (undefined as unknown as { x: number }).x,
        SyntaxError: () => JSON.parse("{"),
        RangeError: () => new Array(-1),
        URIError: () => decodeURIComponent("%"),
      };
      const classes: Record<string, ErrorConstructor> = { TypeError, SyntaxError, RangeError, URIError };
      for (const [name, fn] of Object.entries(failing)) {
        const error = await rejects(client.submit(fn as () => unknown).result(), name);
        ok(error instanceof (classes[name] as ErrorConstructor), `a ${name} is a ${name}`);
      }
      const abort = await client.submit(() => AbortSignal.abort().throwIfAborted()).exception();
      ok(abort instanceof DOMException && abort.name === "AbortError", "a DOMException is one");
    },
  },
  {
    name: "an AggregateError brings all its errors",
    async run({ client }) {
      const future = client.submit(async () => {
        await Promise.any([Promise.reject(new RangeError("one")), Promise.reject(new Error("two"))]);
      });
      const error = (await rejects(future.result(), "AggregateError")) as AggregateError;
      equal(error.errors, [new RangeError("one"), new Error("two")]);
    },
  },
  {
    name: "anything can be thrown",
    async run({ client }) {
      const thrown = async (fn: () => never) => {
        try {
          return ["returned", await client.submit(fn).result()];
        } catch (error) {
          return ["threw", error];
        }
      };
      equal(
        await thrown(() => {
          throw "a text";
        }),
        ["threw", "a text"],
      );
      equal(
        await thrown(() => {
          throw { code: 5, f: () => 1 };
        }).then(([word, error]) => [word, (error as { code: number }).code]),
        ["threw", 5],
      );
      equal(
        await thrown(() => {
          throw undefined;
        }),
        ["threw", undefined],
      );
      equal(
        await thrown(() => {
          throw Object.assign(new Error("with a symbol"), { mark: Symbol("mark"), f: () => 1 });
        }).then(([word, error]) => [word, (error as Error).message]),
        ["threw", "with a symbol"],
      );
    },
  },
  {
    name: "an async function that rejects has failed",
    async run({ client }) {
      await rejects(
        client
          .submit(async () => {
            await undefined;
            throw new RangeError("later");
          })
          .result(),
        "RangeError",
        /later/,
      );
    },
  },
  {
    name: "whoever depends on a failed task ends with its error",
    async run({ client }) {
      const bad = client.submit(() => {
        throw Object.assign(new RangeError("the original"), { code: 9 });
      });
      const one = client.submit((x: unknown) => x, bad);
      const two = client.submit((x: unknown) => x, { deep: [one] } as unknown);
      const errors = [await bad.exception(), await one.exception(), await two.exception()] as (Error & {
        code: number;
      })[];
      for (const error of errors) {
        ok(error instanceof RangeError, "it is the same class");
        equal([error.message, error.code, error.stack], ["the original", 9, errors[0]?.stack]);
      }
      const late = client.submit((x: unknown) => x, bad);
      await rejects(late.result(), "RangeError", /the original/);
      equal([one.status, two.status, late.status], ["error", "error", "error"]);
    },
  },
  {
    name: "a future that fails with nobody looking harms nothing",
    async run({ client }) {
      const unheard: unknown[] = [];
      const scope = globalThis as unknown as EventTarget;
      const hear = (event: Event) => unheard.push((event as PromiseRejectionEvent).reason);
      if (typeof scope.addEventListener === "function") scope.addEventListener("unhandledrejection", hear);
      for (let i = 0; i < 3; i++) {
        client.submit(() => {
          throw new Error("nobody looks");
        });
      }
      equal(await client.submit(() => 1).result(), 1);
      await nextTurn();
      if (typeof scope.removeEventListener === "function") scope.removeEventListener("unhandledrejection", hear);
      equal(unheard, []);
    },
  },
  {
    name: "retries run a task again, and the last error is the one that is seen",
    async run({ client }) {
      const flaky = (good: number) => {
        const { attempt } = getTask();
        if (attempt < good) throw new Error(`attempt ${attempt}`);
        return attempt;
      };
      equal(await client.with({ retries: 2 }).submit(flaky, 3).result(), 3);
      await rejects(client.with({ retries: 2 }).submit(flaky, 9).result(), "Error", /attempt 3/);
      await rejects(client.submit(flaky, 2).result(), "Error", /attempt 1/);
      const futures = client.with({ retries: 1 }).map(flaky, [1, 2, 3]);
      equal(await client.gather(futures, { errors: "skip" }), [1, 2]);
    },
  },
  {
    name: "retry() runs a failed task again, and before it the inputs that made it fail",
    async run({ client }) {
      const flaky = () => {
        if (getTask().attempt === 1) throw new Error("the first time");
        return 20;
      };
      const x = client.submit(flaky);
      const y = client.submit((a: number) => a + 1, x);
      await rejects(y.result(), "Error", /the first time/);
      y.retry();
      equal(y.status, "pending");
      equal([await y.result(), await x.result()], [21, 20]);
      y.retry();
      equal(await y.result(), 21, "retrying a success is harmless");
      const again = client.submit(flaky);
      await again.exception();
      client.retry([again]);
      equal(await again.result(), 20);
    },
  },
  {
    name: "an argument that cannot travel is refused at the call, named by its place",
    async run({ client }) {
      const f = (..._: unknown[]) => "never";
      const refused: [unknown[], string][] = [
        [[Symbol("s")], "args[0]"],
        [[1, { deep: [{ mark: Symbol("s") }] }], "args[1].deep[0].mark"],
        [[new WeakMap()], "args[0]"],
        [[{ promise: Promise.resolve(1) }], "args[0].promise"],
        [[{ port: new MessageChannel().port1 }], "args[0].port"],
        [[new Map([["key", Symbol("s")]])], "args[0][0]"],
      ];
      for (const [args, path] of refused) {
        const error = throws(() => client.submit(f, ...args), "UnserializableError") as Error & { path: string };
        equal(error.path, path);
        ok(error.message.includes(path), `"${error.message}" names ${path}`);
        equal(await client.submit((x: number) => x, 1).result(), 1, "still usable");
      }
      throws(() => client.map(f, [1, Symbol("s"), 2]), "UnserializableError");
      throws(() => client.scatter(Symbol("s")), "UnserializableError");
      equal(await client.gather(client.map((x: number) => x, [1, 2])), [1, 2], "still usable");
    },
  },
  {
    name: "a result that cannot travel fails its task, named by its place",
    async run({ client }) {
      const failing: [() => unknown, string][] = [
        [() => () => 1, "result"],
        [() => Symbol("s"), "result"],
        [() => ({ deep: [1, { f: () => 1 }] }), "result.deep[1].f"],
        [() => [1, 2, Symbol("s")], "result[2]"],
        [() => new Map([["a", () => 1]]), "result[0]"],
        [() => ({ map: new WeakMap() }), "result.map"],
        [() => ({ nested: { port: new MessageChannel().port1 } }), "result.nested.port"],
        [() => new MessageChannel().port2, "result"],
      ];
      for (const [fn, path] of failing) {
        const error = (await rejects(client.submit(fn).result(), "UnserializableError")) as Error & { path: string };
        equal(error.path, path);
        ok(error.message.includes(path), `"${error.message}" names ${path}`);
      }
      equal(await client.submit(() => 1).result(), 1, "still usable");
    },
  },
  {
    name: "a large result that cannot travel fails its task, and nobody waits for ever",
    async run() {
      await using own = start();
      const withPort = () => ({ bulk: new Float64Array(5000), port: new MessageChannel().port1 });
      const one = own.client.submit(withPort);
      await rejects(one.result(), "UnserializableError", /result\.port/);
      const two = own.client.submit(withPort);
      await rejects(own.client.submit((x: object) => Object.keys(x), two).result(), "UnserializableError");
      const slyly = () => new Proxy({ bulk: new Float64Array(5000) }, {});
      const three = own.client.submit(slyly);
      await rejects(three.result(), "UnserializableError");
      const four = own.client.submit(slyly);
      await four.exception();
      await rejects(four.result(), "UnserializableError");
      equal(await own.client.submit(() => 1).result(), 1, "still usable");
    },
  },
  {
    name: "others in the same batch are not harmed by a result that cannot travel",
    async run({ client }) {
      const futures = client.map(
        (i: number): unknown => {
          if (i % 10 === 3) return { port: new MessageChannel().port1 };
          return i % 10 === 6 ? new Proxy({ i }, {}) : i;
        },
        Array.from({ length: 50 }, (_, i) => i),
      );
      const results = await client.gather(futures, { errors: "skip" });
      equal(
        results,
        Array.from({ length: 50 }, (_, i) => i).filter((i) => i % 10 !== 3 && i % 10 !== 6),
      );
    },
  },
  {
    name: "instances of classes travel as their fields",
    async run({ client }) {
      class Point {
        readonly x = 1;
        readonly y = [2];
        get length() {
          return this.x;
        }
      }
      const future = client.submit((p: object) => [Object.getPrototypeOf(p) === Object.prototype, p], new Point());
      equal(await future.result(), [true, { x: 1, y: [2] }]);
      const back = client.submit(() => {
        class Inner {
          readonly z = 3;
        }
        return new Inner() as object;
      });
      equal(await back.result(), { z: 3 });
    },
  },
  {
    name: "one failure among many is found by asCompleted()",
    async run({ client }) {
      const futures = client.map(
        (x: number) => {
          if (x === 2) throw new Error("two");
          return x;
        },
        [1, 2, 3],
      );
      const [results, errors]: [number[], unknown[]] = [[], []];
      const ended: AsCompleted<(typeof futures)[number]> = asCompleted(futures);
      ok(ended instanceof AsCompleted, "its class is public");
      for await (const future of ended) {
        try {
          results.push(await future.result());
        } catch (error) {
          errors.push(error);
        }
      }
      equal([results.sort(), errors], [[1, 3], [new Error("two")]]);
    },
  },
];
