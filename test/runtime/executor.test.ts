/** Running functions as they come, and judging whether what they return may leave for good. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { PACKED } from "../../src/protocol/task-spec.ts";
import { Executor } from "../../src/runtime/executor.ts";
import { type AnyFunction, closure, describeFunction } from "../../src/shipping/function-source.ts";
import { FUNCTION_MARK } from "../../src/shipping/plain-data.ts";

const atOnce = (call: () => unknown) => call();
const nothing = () => undefined;

/** An executor that knows `fn`, and a task of it. As after a journey, nothing is shared with the original. */
function given(fn: AnyFunction, ...slots: unknown[]) {
  const executor = new Executor({});
  executor.register([[1, structuredClone(describeFunction(fn)) as never]]);
  return { executor, task: () => ({ fn: 1, shape: 0, slots: [...slots] }) };
}

/** Whether the buffers of what `fn` returns may be moved away, call by call. */
function moves(fn: AnyFunction, times = 1): boolean[] {
  const { executor, task } = given(fn);
  return Array.from({ length: times }, () => {
    const one = task();
    return executor.weigh(one, executor.call(one, nothing, atOnce)).load.movable;
  });
}

describe("a result", () => {
  it("may be moved if its function kept nothing", () => {
    assert.deepEqual(
      moves(() => new Float64Array(10)),
      [true],
    );
    const size = 10;
    const make = (n: number) => new Float64Array(n);
    assert.deepEqual(moves(closure({ size, make }, () => make(size))), [true]);
  });

  it("may not be moved if its function kept it in what it took along", () => {
    const cache = new Map<string, Float64Array>();
    const keeps = closure({ cache }, () => {
      const value = cache.get("x") ?? new Float64Array(10);
      cache.set("x", value);
      return value;
    });
    assert.deepEqual(moves(keeps, 2), [false, false]);
    assert.deepEqual(moves(closure({ keeps }, () => keeps())), [false]);
  });

  it("may not be moved if a function could have kept it on itself or on a helper", () => {
    function onItself() {
      const place = onItself as unknown as { cache?: Float64Array };
      place.cache ??= new Float64Array(10);
      return place.cache;
    }
    assert.deepEqual(moves(onItself), [false]);
    const helper = () => 1;
    assert.deepEqual(
      moves(
        closure({ helper }, () => {
          const place = helper as unknown as { cache?: Float64Array };
          place.cache ??= new Float64Array(10);
          return place.cache;
        }),
      ),
      [false],
    );
  });

  it("may not be moved if it is kept on the global object, however deep", () => {
    const keeps = () => {
      const place = globalThis as { kept?: unknown };
      const value = new Float64Array(10);
      place.kept = { list: [() => 1, { value }] };
      return value;
    };
    try {
      assert.deepEqual(moves(keeps), [false]);
    } finally {
      Reflect.deleteProperty(globalThis, "kept");
    }
  });

  it("may not be moved if a function that was an argument could have kept it", () => {
    const { executor } = given((f: () => Float64Array) => f());
    const inner = { [FUNCTION_MARK]: describeFunction(() => new Float64Array(10)) };
    const task = { fn: 1, shape: PACKED, slots: [[inner]] };
    const result = executor.weigh(task, executor.call(task, nothing, atOnce));
    assert.equal(result.load.movable, false);
  });

  it("may not be moved if an earlier result looks at the same buffer", () => {
    const { executor, task } = given(() => new Float64Array(10));
    const [one, two] = [task(), task()];
    const value = executor.call(one, nothing, atOnce);
    const first = executor.weigh(one, value);
    const second = executor.weigh(two, value);
    assert.deepEqual([first.load.movable, second.load.movable], [false, false]);
  });

  it("that cannot travel is refused, named by its place", () => {
    const { executor, task } = given(() => ({ deep: [new MessageChannel().port1] }));
    const one = task();
    const value = executor.call(one, nothing, atOnce);
    assert.throws(() => executor.weigh(one, value), { name: "UnserializableError", path: "result.deep[0]" });
  });
});

describe("a function of a module", () => {
  it("is imported once, and again if that failed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "manyhands-executor-"));
    try {
      const file = join(folder, "late.mjs");
      const url = pathToFileURL(file).href;
      const executor = new Executor({});
      executor.register([[1, { kind: "module", name: "f", url, exportName: "f", hash: "f" } as never]]);
      const task = { fn: 1, shape: 0, slots: [20] };
      await assert.rejects(executor.call(task, nothing, atOnce) as Promise<unknown>, /late\.mjs/);
      writeFileSync(file, "export const f = (x) => x + 1;");
      assert.equal(await executor.call(task, nothing, atOnce), 21);
      assert.equal(executor.call(task, nothing, atOnce), 21, "at once, now that it is there");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("how long a function takes", () => {
  it("is told by its second run rather than by its first, which is always slow, and changes slowly after that", () => {
    const { executor } = given(() => 1);
    assert.equal(executor.averageUs(1), undefined);
    executor.noteDuration(1, 20_000);
    assert.equal(executor.averageUs(1), 20_000);
    executor.noteDuration(1, 16);
    assert.equal(executor.averageUs(1), 16);
    executor.noteDuration(1, 96);
    assert.equal(executor.averageUs(1), 16);
    executor.noteDuration(1, 96);
    assert.equal(executor.averageUs(1), 26);
  });

  it("is not changed by one run whose thread was held up, unless nothing holds a thread up for so long", () => {
    const { executor } = given(() => 1);
    for (const us of [16, 16, 9000, 16, 16]) executor.noteDuration(1, us);
    assert.equal(executor.averageUs(1), 16);
    executor.noteDuration(1, 80_016);
    assert.equal(executor.averageUs(1), 10_016);
  });

  it("does not include the time in which it is made", () => {
    const { executor, task } = given(() => 1);
    const made: string[] = [];
    executor.watchMaking = () => {
      made.push("begun");
      return () => made.push("made");
    };
    assert.equal(executor.prepare(1), true);
    assert.deepEqual(made, ["begun", "made"]);
    assert.equal(executor.prepare(1), false);
    assert.equal(executor.call(task(), nothing, atOnce), 1);
    assert.equal(made.length, 2);
  });

  it("is not known of one that cannot be made: whoever calls it hears why", () => {
    const executor = new Executor({});
    executor.register([[1, { ...structuredClone(describeFunction(() => 1)), source: "(" } as never]]);
    assert.equal(executor.prepare(1), true);
    assert.throws(() => executor.call({ fn: 1, shape: 0, slots: [] }, nothing, atOnce), SyntaxError);
  });
});
