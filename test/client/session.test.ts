/** What a client says to the scheduler, and what becomes of futures by what it hears. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asCompleted, wait } from "../../src/client/as-completed.ts";
import { encodeError } from "../../src/protocol/errors.ts";
import { PACKED } from "../../src/protocol/task-spec.ts";
import { scripted, typesOf } from "./scripted.ts";

const add = (x: number, y: number) => x + y;

describe("submitting", () => {
  it("of a whole turn is one message, and a function goes along once", async () => {
    const { client, sent } = scripted();
    client.submit(add, 1, 2);
    client.submit(add, 3, 4);
    const [graph, ...others] = await sent();
    assert.deepEqual(others, []);
    assert.ok(graph?.type === "update-graph");
    assert.deepEqual([graph.first, graph.count, graph.functions.length], [0, 2, 1]);
    assert.deepEqual([graph.uniform, graph.rows], [{ fn: 0, slots: 2, shape: 0 }, [1, 2, 3, 4]]);
    client.submit(add, 5, 6);
    const [again] = await sent();
    assert.ok(again?.type === "update-graph");
    assert.deepEqual([again.first, again.count, again.functions.length], [2, 1, 0]);
  });

  it("is a message for each run of tasks that are alike, also where they refer to others", async () => {
    const { client, sent } = scripted();
    const one = client.submit(add, 1, 2);
    const two = client.submit(add, one, 3);
    client.submit(add, two, 4);
    client.submit((x: number) => x, 5);
    const graphs = (await sent()).map((message) => {
      assert.ok(message.type === "update-graph");
      return [message.uniform, message.first, message.count, message.rows];
    });
    assert.deepEqual(graphs, [
      [{ fn: 0, slots: 2, shape: 0 }, 0, 1, [1, 2]],
      [{ fn: 0, slots: 2, shape: 0b01 }, 1, 2, [0, 3, 1, 4]],
      [{ fn: 1, slots: 1, shape: 0 }, 3, 1, [5]],
    ]);
  });

  it("spells out rows where tasks keep differing", async () => {
    const { client, sent } = scripted();
    let last = client.submit(add, 1, 2);
    for (let i = 0; i < 40; i++) last = i % 2 === 0 ? client.submit(add, last, 3) : client.submit(add, 3, last);
    const graphs = await sent();
    assert.ok(graphs.length < 20, `${graphs.length} messages`);
    const graph = graphs.at(-1);
    assert.ok(graph?.type === "update-graph");
    assert.equal(graph.uniform, undefined);
    assert.deepEqual(graph.rows.slice(-10), [0, 2, 0b01, 38, 3, 0, 2, 0b10, 3, 39]);
  });

  it("keeps options and names with their tasks", async () => {
    const { client, sent } = scripted();
    client.submit(add, 1, 2);
    client.with({ priority: 5, retries: 1, key: "named" }).submit(add, 3, 4);
    const messages = await sent();
    assert.deepEqual(typesOf(messages), ["update-graph", "update-graph"]);
    const [, second] = messages;
    assert.ok(second?.type === "update-graph");
    assert.deepEqual(second.options, { priority: 5, retries: 1 });
    assert.deepEqual(second.keys, ["named"]);
  });

  it("packs futures that stand deep inside arguments", async () => {
    const { client, sent } = scripted();
    const one = client.submit(add, 1, 2);
    client.submit((x: { deep: number[] }, y: number) => x.deep.length + y, { deep: [one, one] }, one);
    const [, graph] = await sent();
    assert.ok(graph?.type === "update-graph");
    const row = graph.rows;
    assert.deepEqual(row.slice(0, 3), [1, 2, PACKED]);
    assert.deepEqual(row[4], 0, "the one task it refers to");
    const mark = { "manyhands:future": 1 };
    assert.deepEqual(row[3], [{ deep: [mark, mark] }, mark]);
  });

  it("sends the value of a future that has one here, where that is cheaper", async () => {
    const { client, sent, finish } = scripted();
    const one = client.submit(add, 1, 2);
    await sent();
    finish(0, 3);
    client.submit(add, one, 10);
    const messages = (await sent()).filter(({ type }) => type === "update-graph");
    const [graph] = messages;
    assert.ok(graph?.type === "update-graph");
    assert.deepEqual(graph.rows, [3, 10]);
  });

  it("gives back a value that was moved here before a task refers to it", async () => {
    const { client, sent, tell } = scripted();
    const one = client.submit(() => new Float64Array(3));
    const value = one.result();
    await sent();
    tell({ type: "value-fetched", id: 0, value: new Float64Array(3), nbytes: 24, shared: false, moved: true });
    await value;
    const lengthOf = (x: Float64Array) => x.length;
    client.submit(lengthOf, one);
    client.submit(lengthOf, one);
    const messages = await sent();
    assert.deepEqual(typesOf(messages), ["scatter", "update-graph"], "once for both");
    assert.ok(messages[0]?.type === "scatter");
    assert.deepEqual([messages[0].id, messages[0].value], [0, new Float64Array(3)]);
  });

  it("gives a value back that arrives when a task refers to it already", async () => {
    const { client, sent, tell } = scripted();
    const one = client.submit(() => new Float64Array(3));
    const value = one.result();
    client.submit((x: Float64Array) => x.length, one);
    await sent();
    tell({ type: "value-fetched", id: 0, value: new Float64Array(3), nbytes: 24, shared: false, moved: true });
    await value;
    const messages = (await sent()).filter(({ type }) => type === "scatter");
    assert.equal(messages.length, 1);
  });

  it("gives a value back that is moved here once more, since its future has it", async () => {
    const { client, sent, tell } = scripted();
    const one = client.submit(() => new Float64Array(3));
    const value = one.result();
    await sent();
    const news = { type: "value-fetched", id: 0, value: new Float64Array(3), nbytes: 24, shared: false } as const;
    tell({ ...news, moved: false });
    await value;
    await sent();
    tell({ ...news, moved: true });
    const [back, ...others] = await sent();
    assert.deepEqual([back?.type, others.length], ["scatter", 0]);
    one.release();
    await sent();
    tell({ ...news, moved: true });
    assert.deepEqual(await sent(), [], "what is not held is nobody's");
  });

  it("refuses a value that its user has transferred away, where nobody else has it", async () => {
    const { client, sent, finish } = scripted();
    const future = client.submit(() => new Float64Array(4));
    await sent();
    finish(0, new Float64Array(4));
    const value = await future.result();
    structuredClone(value, { transfer: [value.buffer] });
    assert.throws(() => client.submit((x: Float64Array) => x.length, future), /detached/);
    const [received, ...others] = await sent();
    assert.deepEqual([received?.type, others], ["news-received", []], "nothing was submitted");
  });

  it("says so when a value that was moved here is not there any more", async () => {
    const { client, sent, tell } = scripted();
    const one = client.submit(() => new Float64Array(3));
    const value = one.result();
    await sent();
    tell({ type: "value-fetched", id: 0, value: new Float64Array(3), nbytes: 24, shared: false, moved: true });
    structuredClone(await value, { transfer: [(await value).buffer] });
    client.submit((x: Float64Array) => x.length, one);
    assert.deepEqual(typesOf(await sent()), ["client-lost-value", "update-graph"]);
  });

  it("scatters a large array that is an argument, once while it stays as it is", async () => {
    const { client, sent } = scripted();
    const array = new Float64Array(50_000);
    const length = (x: Float64Array) => x.length;
    client.submit(length, array);
    client.submit(length, array);
    const messages = await sent();
    assert.deepEqual(typesOf(messages), ["scatter", "update-graph"]);
    array[7] = 1;
    client.submit(length, array);
    assert.deepEqual(typesOf(await sent()), ["scatter", "update-graph"]);
  });

  it("that throws says nothing, and takes nothing away", async () => {
    const { client, sent } = scripted();
    const large = new Float64Array(50_000);
    const f = (..._: unknown[]) => 1;
    assert.throws(() => client.submit(f, large, Symbol("s")), { name: "UnserializableError" });
    assert.deepEqual(await sent(), []);
    const future = client.submit(f, 1);
    const [graph] = await sent();
    assert.ok(graph?.type === "update-graph" && graph.functions.length === 1, "the function is sent with the next");
    assert.equal(future.status, "pending");
  });
});

describe("hearing", () => {
  it("of a small result finishes its future, and says that it arrived", async () => {
    const { client, sent, finish } = scripted();
    const future = client.submit(add, 1, 2);
    await sent();
    finish(0, 3);
    assert.deepEqual([future.status, await future.result(), future.type], ["finished", 3, "number"]);
    assert.deepEqual(await sent(), [{ type: "news-received", batch: 1 }]);
  });

  it("of a value that others have too makes a copy of it", async () => {
    const { client, sent, tell } = scripted();
    const future = client.submit(() => [1]);
    await sent();
    const value = [1];
    tell({ type: "keys-in-memory", ranges: [0, 1], values: [value], shared: [0] });
    assert.deepEqual(await future.result(), [1]);
    assert.notEqual(await future.result(), value);
  });

  it("of a large result asks for it when the user does, and once", async () => {
    const { client, sent, tell } = scripted();
    const future = client.submit(() => new Float64Array(3));
    await sent();
    tell({ type: "key-stored", id: 0, nbytes: 24, valueType: "Float64Array" });
    assert.deepEqual([future.status, future.type, future.nbytes], ["finished", "Float64Array", 24]);
    const value = future.result();
    assert.deepEqual(await sent(), [{ type: "gather", ranges: [0, 1] }]);
    tell({ type: "value-fetched", id: 0, value: new Float64Array(3), nbytes: 24, shared: false, moved: false });
    assert.equal((await value).length, 3);
    assert.equal(await future.result(), await value);
    assert.deepEqual(await sent(), []);
  });

  it("of starting, dying and starting again moves the status to and fro", async () => {
    const { client, sent, tell, finish } = scripted();
    const future = client.submit(add, 1, 2);
    await sent();
    const seen = [future.status];
    tell({ type: "tasks-started", ids: [0] });
    seen.push(future.status);
    tell({ type: "tasks-pending", ids: [0] });
    seen.push(future.status);
    tell({ type: "key-stored", id: 0, nbytes: 9, valueType: "Object" });
    seen.push(future.status);
    tell({ type: "tasks-pending", ids: [0] });
    seen.push(future.status);
    finish(0, 3);
    seen.push(future.status);
    assert.deepEqual(seen, ["pending", "running", "pending", "finished", "pending", "finished"]);
  });

  it("of a failed task that runs again, because another asked for that, is followed", async () => {
    const { client, sent, tell, finish } = scripted();
    const future = client.submit(add, 1, 2);
    await sent();
    tell({ type: "task-erred", id: 0, error: encodeError(new RangeError("bad")) });
    assert.equal(future.status, "error");
    await assert.rejects(future.result(), { name: "RangeError", message: "bad" });
    tell({ type: "tasks-pending", ids: [0] });
    assert.equal(future.status, "pending");
    finish(0, 3);
    assert.equal(await future.result(), 3);
  });

  it("of what was released changes nothing", async () => {
    const { client, sent, finish, tell } = scripted();
    const future = client.submit(add, 1, 2);
    future.release();
    assert.equal(future.status, "cancelled");
    assert.deepEqual(typesOf(await sent()), ["update-graph", "client-releases-keys"]);
    finish(0, 3);
    tell({ type: "task-erred", id: 0, error: encodeError(new Error("late")) });
    assert.equal(future.status, "cancelled");
    await assert.rejects(future.result(), { name: "CancelledError" });
  });

  it("of a closed line loses what is pending, and keeps what is here", async () => {
    const { client, sent, finish, hangUp } = scripted();
    const [here, pending] = [client.submit(add, 1, 2), client.submit(add, 3, 4)];
    await sent();
    finish(0, 3);
    const waits = [pending.result(), pending.exception(), client.gather([here, pending])];
    hangUp("the line was cut");
    await assert.rejects(waits[0] as Promise<unknown>, { name: "CommClosedError", message: /the line was cut/ });
    assert.ok((await waits[1]) instanceof Error);
    await assert.rejects(waits[2] as Promise<unknown>, { name: "CommClosedError" });
    assert.deepEqual([here.status, await here.result(), pending.status], ["finished", 3, "lost"]);
    assert.throws(() => client.submit(add, 1, 2), { name: "CommClosedError", message: /the line was cut/ });
  });
});

describe("letting go", () => {
  it("releases a claim once, and only one that the scheduler knows of", async () => {
    const { client, sent, finish } = scripted();
    const small = client.submit(add, 1, 2);
    await sent();
    finish(0, 3);
    await sent();
    small.release();
    small.release();
    assert.deepEqual(await sent(), [], "a small value is the client's own already");
    const scattered = client.scatter([1]);
    await sent();
    scattered.release();
    scattered.release();
    assert.deepEqual(await sent(), [{ type: "client-releases-keys", ids: [1] }]);
  });

  it("of what is to run to its end waits for that", async () => {
    const { client, sent, finish } = scripted();
    const future = client.submit(add, 1, 2);
    client.fireAndForget(future);
    future.release();
    assert.deepEqual(typesOf(await sent()), ["update-graph", "fire-and-forget"]);
    assert.equal(future.status, "pending");
    finish(0, 3);
    assert.equal(future.status, "finished");
  });

  it("by cancelling tells the scheduler, and the future at once", async () => {
    const { client, sent } = scripted();
    const future = client.submit(add, 1, 2);
    future.cancel({ reason: "no need", force: true });
    assert.equal(future.status, "cancelled");
    const [, cancel] = await sent();
    assert.deepEqual(cancel, { type: "cancel-keys", ids: [0], force: true, reason: "no need" });
  });

  it("by a signal leaves alone what has ended", async () => {
    const { client, sent, finish } = scripted();
    const controller = new AbortController();
    const limited = client.with({ signal: controller.signal });
    const [one, two] = [limited.submit(add, 1, 2), limited.submit(add, 3, 4)];
    await sent();
    finish(0, 3);
    await sent();
    controller.abort(new Error("enough"));
    assert.deepEqual([one.status, two.status], ["finished", "cancelled"]);
    const messages = await sent();
    assert.deepEqual(
      messages.flatMap((message) => (message.type === "cancel-keys" ? message.ids : [])),
      [1],
    );
  });
});

describe("keeping the process alive", () => {
  it("is for as long as something is pending", async () => {
    const { client, sent, finish, tell, isKeptAlive } = scripted();
    assert.equal(isKeptAlive(), false);
    client.submit(add, 1, 2);
    const large = client.submit(add, 3, 4);
    await sent();
    assert.equal(isKeptAlive(), true);
    finish(0, 3);
    assert.equal(isKeptAlive(), true);
    tell({ type: "key-stored", id: 1, nbytes: 9, valueType: "Object" });
    await sent();
    assert.equal(isKeptAlive(), false, "a value elsewhere is no reason");
    const value = large.result();
    await sent();
    assert.equal(isKeptAlive(), true, "waiting for it is");
    tell({ type: "value-fetched", id: 1, value: 7, nbytes: 9, shared: false, moved: false });
    await value;
    assert.equal(isKeptAlive(), false);
    client.submit(add, 1, 2);
    await sent();
    await client.close();
    assert.equal(isKeptAlive(), false);
  });
});

describe("many at once", () => {
  it("asCompleted() yields in the order in which news came", async () => {
    const { client, sent, finish, tell } = scripted();
    const futures = client.map((x: number) => x, [1, 2, 3, 4]);
    await sent();
    const ended = asCompleted(futures);
    finish(2, 3);
    tell({ type: "task-erred", id: 0, error: encodeError(new Error("bad")) });
    finish(3, 4);
    tell({ type: "cancelled-keys", ids: [1], reason: "no need" });
    const order: number[] = [];
    for await (const future of ended) order.push(futures.indexOf(future));
    assert.deepEqual(order, [2, 0, 3, 1]);
  });

  it("asCompleted() with results fetches those that are elsewhere, and yields when they are here", async () => {
    const { client, sent, finish, tell } = scripted();
    const futures = client.map((x: number) => x, [1, 2]);
    await sent();
    const ended = asCompleted(futures, { withResults: true });
    assert.deepEqual(typesOf(await sent()), ["gather"]);
    tell({ type: "key-stored", id: 0, nbytes: 9, valueType: "Object" });
    finish(1, 2);
    tell({ type: "value-fetched", id: 0, value: 1, nbytes: 9, shared: false, moved: false });
    const pairs: unknown[] = [];
    for await (const [future, value] of ended) pairs.push([futures.indexOf(future), value]);
    assert.deepEqual(pairs, [
      [1, 2],
      [0, 1],
    ]);
  });

  it("two iterations share what comes", async () => {
    const { client, sent, finish } = scripted();
    const futures = client.map((x: number) => x, [1, 2, 3]);
    await sent();
    const ended = asCompleted(futures);
    const drain = async () => {
      const list: unknown[] = [];
      for await (const future of ended) list.push(future);
      return list;
    };
    const both = [drain(), drain()];
    for (const id of [0, 1, 2]) finish(id, id);
    assert.equal((await Promise.all(both)).flat().length, 3);
  });

  it("wait() counts each future once, in whatever way it ends", async () => {
    const { client, sent, finish, tell } = scripted();
    const [a, b] = client.map((x: number) => x, [1, 2]);
    assert.ok(a && b);
    await sent();
    const waited = wait([a, a, b]);
    finish(0, 1);
    tell({ type: "cancelled-keys", ids: [1], reason: "no need" });
    assert.deepEqual(await waited, { done: new Set([a, b]), notDone: new Set() });
  });

  it("gather() asks for what is elsewhere only", async () => {
    const { client, sent, finish, tell } = scripted();
    const futures = client.map((x: number) => x, [1, 2]);
    await sent();
    finish(0, 1);
    tell({ type: "key-stored", id: 1, nbytes: 9, valueType: "Object" });
    // Nothing is waited for, and so there might be nothing else to say it with for long.
    assert.deepEqual(await sent(), [{ type: "news-received", batch: 1 }]);
    const gathered = client.gather(futures);
    assert.deepEqual(await sent(), [{ type: "gather", ranges: [1, 1] }]);
    tell({ type: "value-fetched", id: 1, value: 2, nbytes: 9, shared: false, moved: false });
    assert.deepEqual(await gathered, [1, 2]);
  });
});
