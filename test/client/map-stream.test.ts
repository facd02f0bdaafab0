/** mapStream: what is taken from the source when, what comes out, and what is cancelled when it is given up. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MapStreamOptions, StreamSource } from "../../src/client/streaming.ts";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import { encodeError } from "../../src/protocol/errors.ts";
import { scripted } from "./scripted.ts";

const double = (x: number) => x * 2;

/** A source that tells how often it was asked, and whether it was closed. */
function counted(end = Number.POSITIVE_INFINITY, finish: () => unknown = () => {}) {
  const seen = { asked: 0, isClosed: false };
  async function* generate() {
    try {
      while (seen.asked < end) yield seen.asked++;
      await finish();
    } finally {
      seen.isClosed = true;
    }
  }
  return { seen, items: generate() };
}

/** A stream over `source`, and a scheduler that is the test. */
function stream(source: StreamSource<number>, options: MapStreamOptions = {}) {
  const stage = scripted();
  const results = stage.client.mapStream(double, source, options);
  return { ...stage, results };
}

/** Lets everything happen that only waits for its turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    // What is loaded when it is needed may be asked for a few turns later than this; it is there when this is.
    await import("../../src/client/map-stream.ts");
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const cancelled = (messages: readonly ClientMessage[]) =>
  messages.flatMap((message) => (message.type === "cancel-keys" ? message.ids : []));

describe("mapStream()", () => {
  it("takes nothing before it is asked, and then no more than its limit", async () => {
    const { seen, items } = counted();
    const { results, finish } = stream(items, { limit: 3 });
    await settled();
    assert.equal(seen.asked, 0);
    const first = results.next();
    await settled();
    assert.equal(seen.asked, 3);
    finish(0, 0);
    assert.deepEqual(await first, { done: false, value: 0 });
    await settled();
    assert.equal(seen.asked, 4, "what was handed on makes room");
    for (const id of [1, 2, 3]) finish(id, id * 2);
    await settled();
    assert.equal(seen.asked, 4, "what waits for its consumer does not");
    assert.equal((await results.next()).value, 2);
    await settled();
    assert.equal(seen.asked, 5);
    await results.return?.();
  });

  it("gives results in the order of the items", async () => {
    const { results, finish } = stream([1, 2, 3]);
    const all = listOf(results);
    await settled();
    for (const id of [2, 0, 1]) finish(id, id);
    assert.deepEqual(await all, [0, 1, 2]);
  });

  it("gives results as they come, if told to", async () => {
    const { results, finish } = stream([1, 2, 3], { ordered: false });
    const all = listOf(results);
    await settled();
    for (const id of [2, 0, 1]) finish(id, id);
    assert.deepEqual(await all, [2, 0, 1]);
  });

  it("waits for promises among the items of a plain iterable", async () => {
    const { results, finish, sent } = stream([Promise.resolve(7), 8]);
    const all = listOf(results);
    await settled();
    const [, graph] = await sent();
    assert.ok(graph?.type === "update-graph");
    assert.deepEqual(graph.rows, [7, 8]);
    finish(0, 14);
    finish(1, 16);
    assert.deepEqual(await all, [14, 16]);
  });

  it("ends with a source that has nothing", async () => {
    assert.deepEqual(await listOf(stream([]).results), []);
    assert.deepEqual(await listOf(stream(counted(0).items).results), []);
  });

  it("throws a task's error in its place, cancels what is under way and closes the source", async () => {
    const { seen, items } = counted();
    const { results, finish, tell, sent } = stream(items, { limit: 4 });
    const [first, second, third] = [results.next(), results.next(), results.next()];
    await settled();
    tell({ type: "task-erred", id: 1, error: encodeError(new RangeError("no")) });
    await settled();
    await sent();
    finish(0, 0);
    assert.equal((await first).value, 0);
    await assert.rejects(second, { name: "RangeError" });
    assert.deepEqual(await third, { done: true, value: undefined });
    assert.deepEqual(await results.next(), { done: true, value: undefined });
    assert.deepEqual(cancelled(await sent()), [2, 3]);
    assert.ok(seen.isClosed);
  });

  it("lets a later error wait for the results before it", async () => {
    const { results, finish, tell } = stream([1, 2]);
    const first = results.next();
    await settled();
    tell({ type: "task-erred", id: 1, error: encodeError(new RangeError("no")) });
    finish(0, 2);
    assert.equal((await first).value, 2);
    await assert.rejects(results.next(), { name: "RangeError" });
  });

  it("throws an error at once if results come as they are there", async () => {
    const { results, tell } = stream([1, 2], { ordered: false });
    const first = results.next();
    await settled();
    tell({ type: "task-erred", id: 1, error: encodeError(new RangeError("no")) });
    await assert.rejects(first, { name: "RangeError" });
  });

  it("throws the source's error after the results before it", async () => {
    const { items } = counted(2, () => {
      throw new TypeError("the source is dry");
    });
    const { results, finish } = stream(items);
    const both = [results.next(), results.next()];
    const third = results.next();
    await settled();
    finish(1, 2);
    finish(0, 0);
    assert.deepEqual(
      (await Promise.all(both)).map(({ value }) => value),
      [0, 2],
    );
    await assert.rejects(third, { name: "TypeError", message: "the source is dry" });
    assert.deepEqual(await results.next(), { done: true, value: undefined });
  });

  it("throws the error of a source that fails before it gives anything", async () => {
    const broken = {
      [Symbol.iterator]: () => ({
        next: (): IteratorResult<number> => {
          throw new TypeError("broken");
        },
      }),
    };
    await assert.rejects(stream(broken).results.next(), { message: "broken" });
  });

  it("given up, cancels what is under way, lets go of what has ended, and closes the source", async () => {
    const { seen, items } = counted();
    const { results, finish, sent } = stream(items, { limit: 3 });
    const values: number[] = [];
    const read = (async () => {
      for await (const value of results) {
        values.push(value);
        break;
      }
    })();
    await settled();
    finish(1, 2);
    finish(0, 0);
    await read;
    const under = cancelled(await sent());
    assert.deepEqual([values, under.includes(2), under.includes(1)], [[0], true, false]);
    assert.ok(seen.isClosed);
  });

  it("given up while the source lets it wait, does not wait for it", async () => {
    const { seen, items } = counted(0, () => new Promise(() => {}));
    const { results } = stream(items);
    const first = results.next();
    await settled();
    await results.return?.();
    assert.deepEqual(await first, { done: true, value: undefined });
    assert.equal(seen.isClosed, false, "it is still busy with the item before");
  });

  it("ends with the reason of its signal", async () => {
    const { seen, items } = counted();
    const controller = new AbortController();
    const { results, sent } = stream(items, { limit: 2, signal: controller.signal });
    const first = results.next();
    await settled();
    await sent();
    controller.abort(new RangeError("enough"));
    await assert.rejects(first, { message: "enough" });
    assert.deepEqual(cancelled(await sent()), [0, 1]);
    await settled();
    assert.ok(seen.isClosed);
    const late = stream([1], { signal: controller.signal });
    await assert.rejects(late.results.next(), { message: "enough" });
    assert.deepEqual(await late.results.next(), { done: true, value: undefined });
  });

  it("without a limit goes by how many tasks the workers can have in flight", async () => {
    const { seen, items } = counted();
    const { results, tell } = stream(items);
    const first = results.next();
    await settled();
    assert.equal(seen.asked, 16);
    const worker = { name: "", nThreads: 4, processing: 0, nbytes: 0 };
    const workers = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`w${i}`, worker]));
    tell({ type: "answer", number: 0, outcome: { value: { workers, queued: 0 } } });
    await settled();
    assert.equal(seen.asked, 80);
    await results.return?.();
    assert.deepEqual(await first, { done: true, value: undefined });
  });

  it("names its tasks if told to", async () => {
    const { client, sent } = scripted();
    const results = client.with({ key: "row" }).mapStream(double, [1, 2]);
    const first = results.next();
    await settled();
    const graphs = (await sent()).flatMap((message) => (message.type === "update-graph" ? message.keys : []));
    assert.deepEqual(graphs, ["row-0", "row-1"]);
    await results.return?.();
    await first;
  });

  it("refuses at the call what cannot work", () => {
    const { client } = scripted();
    assert.throws(() => client.mapStream(5 as never, []), { name: "TypeError", message: /must be a function/ });
    assert.throws(() => client.mapStream(double, 5 as never), { name: "TypeError", message: /async iterable/ });
    assert.throws(() => client.mapStream(double, [], { limit: 0 }), { name: "TypeError", message: /limit/ });
    assert.throws(() => client.mapStream(double, [], { limit: Number.NaN }), { name: "TypeError", message: /limit/ });
  });
});
