/** Many futures at once: what comes of them, when, and in which shape. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { asCompleted, wait } from "../../src/client/as-completed.ts";
import type { Future } from "../../src/client/future.ts";
import { futuresOf } from "../../src/client/nesting.ts";
import { progress } from "../../src/client/progress.ts";
import { encodeError } from "../../src/protocol/errors.ts";
import { scripted } from "./scripted.ts";

const double = (x: number) => x * 2;

function mapped(count: number) {
  const stage = scripted();
  const futures = stage.client.map(
    double,
    Array.from({ length: count }, (_, i) => i),
  );
  const fail = (id: number) =>
    stage.tell({ type: "task-erred", id, error: encodeError(new RangeError(`${id} failed`)) });
  return { ...stage, futures, fail };
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("asCompleted()", () => {
  it("in batches with results gives what came before a failure, and then its error", async () => {
    const { futures, finish, fail } = mapped(3);
    finish(0, 0);
    fail(1);
    finish(2, 4);
    const ended = asCompleted(futures, { withResults: true });
    const batches = ended.batches();
    assert.deepEqual((await batches.next()).value, [[futures[0], 0]]);
    await assert.rejects(batches.next(), { message: "1 failed" });
    assert.deepEqual(await listOf(ended), [[futures[2], 4]], "the others can still be had");
  });

  it("with results waits for one that runs again before it was looked at", async () => {
    const { futures, finish, tell } = mapped(1);
    finish(0, 0);
    const ended = asCompleted(futures, { withResults: true });
    tell({ type: "tasks-pending", ids: [0] });
    const pairs = listOf(ended);
    finish(0, 7);
    assert.equal((await pairs).length, 1);
  });

  it("with results starts over for a failed future that is retried before it was looked at", async () => {
    const { futures, finish, fail, client } = mapped(1);
    fail(0);
    const ended = asCompleted(futures, { withResults: true });
    client.retry(futures);
    assert.equal(ended.count(), 1);
    const pairs = listOf(ended);
    finish(0, 7);
    assert.deepEqual(await pairs, [[futures[0], 7]]);
  });

  it("counts what is ready and what is to come", () => {
    const { futures, finish } = mapped(3);
    finish(1, 2);
    const ended = asCompleted([...futures, futures[1] as Future<number>]);
    assert.equal(ended.count(), 4);
    ended.clear();
    assert.equal(ended.count(), 0);
  });
});

describe("wait()", () => {
  it("refuses what is no future, and numbers that make no sense", () => {
    assert.throws(() => wait([5 as unknown as Future]), { name: "TypeError", message: /wait\(\) takes futures/ });
    assert.throws(() => wait([], { returnWhen: -1 }), TypeError);
    assert.throws(() => wait([], { returnWhen: Number.NaN }), TypeError);
  });

  it("with a signal that is aborted already does not wait", async () => {
    const { futures } = mapped(1);
    await assert.rejects(wait(futures, { signal: AbortSignal.abort(new RangeError("too late")) }), /too late/);
  });
});

describe("gather()", () => {
  it("keeps what is shared and what goes in circles", async () => {
    const { client, futures, finish } = mapped(1);
    const [future] = futures;
    const list: unknown[] = [future];
    const circle: Record<string, unknown> = { list, again: list, map: new Map([["list", list]]) };
    circle["self"] = circle;
    finish(0, 7);
    const gathered = (await client.gather(circle)) as typeof circle;
    assert.deepEqual(gathered["list"], [7]);
    assert.equal(gathered["self"], gathered);
    assert.equal(gathered["again"], gathered["list"]);
    assert.deepEqual(list, [future], "what was given is left as it is");
  });

  it("refuses a word for errors that it does not know", () => {
    const { client } = scripted();
    assert.throws(() => client.gather([], { errors: "raise" as "throw" }), { name: "TypeError", message: /"throw"/ });
  });

  it("asks for all in one message", async () => {
    const { client, futures, tell, sent } = mapped(100);
    for (const id of futures.keys()) tell({ type: "key-stored", id, nbytes: 80_000, valueType: "Float64Array" });
    await sent();
    const gathered = client.gather(futures);
    assert.deepEqual(await sent(), [{ type: "gather", ranges: [0, 100] }]);
    for (const id of futures.keys())
      tell({ type: "value-fetched", id, value: id, nbytes: 80_000, shared: false, moved: true });
    assert.equal((await gathered).length, 100);
  });
});

describe("futuresOf()", () => {
  it("finds each future once, at any depth", () => {
    const { futures } = mapped(3);
    const [a, b, c] = futures;
    const nested: Record<string, unknown> = { a, list: [b, [a]], map: new Map([[c, a]]), set: new Set([b]), text: "x" };
    nested["self"] = nested;
    assert.deepEqual(futuresOf(nested), [a, b, c]);
    assert.deepEqual([futuresOf(a), futuresOf(5), futuresOf(null)], [[a], [], []]);
  });
});

describe("progress()", () => {
  it("tells how far it is now and whenever that has changed, by the names of functions", async () => {
    const { client, futures, finish, fail } = mapped(2);
    const other = client.submit(function half(x: number) {
      return x / 2;
    }, 4);
    const named = client.future("a name");
    const reports = progress({ futures, other, named });
    const double = { done: 0, total: 2 };
    const [half, claimed] = [
      { done: 0, total: 1 },
      { done: 0, total: 1 },
    ];
    const first = await reports.next();
    assert.deepEqual(first.value, { done: 0, total: 4, byName: { double, half, "a name": claimed } });
    const second = reports.next();
    finish(1, 2);
    finish(2, 2);
    assert.deepEqual((await second).value, {
      done: 2,
      total: 4,
      byName: { double: { done: 1, total: 2 }, half: { done: 1, total: 1 }, "a name": claimed },
    });
    fail(0);
    named.cancel();
    const third = (await reports.next()).value as { done: number };
    assert.equal(third.done, 4, "however they ended");
    assert.deepEqual(await reports.next(), { done: true, value: undefined });
  });

  it("of nothing is told once", async () => {
    assert.deepEqual(await listOf(progress([])), [{ done: 0, total: 0, byName: {} }]);
  });
});

describe("a future", () => {
  it("shows its key and its status", () => {
    const { futures, finish } = mapped(1);
    const [future] = futures as [Future<number>];
    assert.equal(String(future), `Future ${future.key} pending`);
    finish(0, 0);
    assert.equal(inspect({ future }), `{ future: Future ${future.key} finished }`);
  });

  it("calls its done callbacks in order, whatever one of them throws, now or later", async (test) => {
    const reported = test.mock.method(console, "error", () => {});
    const { futures, finish } = mapped(1);
    const [future] = futures as [Future<number>];
    const called: string[] = [];
    future.addDoneCallback(() => called.push("first"));
    future.addDoneCallback(() => {
      called.push("second");
      throw new Error("its own");
    });
    future.addDoneCallback(async () => {
      called.push("third");
      await undefined;
      throw new Error("its own, later");
    });
    finish(0, 0);
    future.addDoneCallback(() => called.push("fourth"));
    assert.deepEqual(called, [], "in a turn of their own");
    await new Promise(setImmediate);
    assert.deepEqual(called, ["first", "second", "third", "fourth"]);
    assert.equal(reported.mock.callCount(), 2);
  });
});
