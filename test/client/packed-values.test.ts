/** What a client sends to be kept, and what it makes of what was kept. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Future } from "../../src/client/future.ts";
import type { ClientMessage, ClientRequest } from "../../src/protocol/client-messages.ts";
import { FUTURES_MARK } from "../../src/protocol/packed-futures.ts";
import { scripted, typesOf } from "./scripted.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const MARK = "manyhands:future";
const data = (value: unknown, tasks: number[] = [], shared = true) => ({ value, tasks, shared });

function requestIn(messages: readonly ClientMessage[]): ClientRequest {
  return messages.find((message) => message.type === "request") ?? assert.fail("nothing was asked");
}

describe("a value to be kept", () => {
  it("is captured at the call, with futures by their numbers", async () => {
    const { client, sent } = scripted();
    const [a, b] = [client.submit(() => 1), client.submit(() => 2)];
    const value = { list: [b, a, b], plain: { x: 1 } };
    void client.publishDataset("d", value);
    value.plain.x = 2;
    const { request } = requestIn(await sent());
    assert.deepEqual(request, {
      type: "publish-dataset",
      name: "d",
      override: false,
      value: { value: { list: [{ [MARK]: 1 }, { [MARK]: 2 }, { [MARK]: 1 }], plain: { x: 1 } }, tasks: [1, 0] },
    });
  });

  it("comes after what only the client has, which keeps its key", async () => {
    const { client, sent, finish } = scripted();
    const future = client.submit(function five() {
      return 5;
    });
    await sent();
    finish(0, 5);
    assert.equal(await future.result(), 5);
    void client.publishDataset("d", future);
    const messages = await sent();
    assert.deepEqual(typesOf(messages), ["news-received", "scatter", "request"]);
    assert.deepEqual(messages[1], { type: "scatter", id: 0, value: 5, nbytes: 8, prefix: "five" });
    future.release();
    assert.deepEqual(await sent(), [{ type: "client-releases-keys", ids: [0] }]);
  });

  it("may not hold functions, or other clients' futures; nothing is sent", async () => {
    const [mine, other] = [scripted(), scripted()];
    const future = mine.client.submit(() => 1);
    await mine.sent();
    const refused: [unknown, object][] = [
      [[future, () => 1], { name: "UnserializableError", message: /^the dataset holds functions/ }],
      [{ x: other.client.submit(() => 1) }, { name: "TypeError", message: /another client/ }],
      [{ x: [Symbol("s")] }, { name: "UnserializableError", message: /^the dataset\.x\[0\] is a symbol/ }],
    ];
    for (const [value, error] of refused) await assert.rejects(mine.client.publishDataset("d", value), error);
    assert.deepEqual(await mine.sent(), []);
  });
});

describe("a result with futures in it", () => {
  it("is an error where it cannot be put together here", async () => {
    const { client, sent, tell } = scripted();
    const result = client.submit(() => 1).result();
    await sent();
    const packed = { [FUTURES_MARK]: ["k"], value: [{ [MARK]: 1 }, { "manyhands:handle": { kind: "queue" } }] };
    tell({ type: "value-fetched", id: 0, value: packed, nbytes: 100, shared: false, moved: false });
    await assert.rejects(result, TypeError);
    assert.deepEqual(await sent(), [
      { type: "client-desires-key", id: 1, key: "k" },
      { type: "client-releases-keys", ids: [1] },
    ]);
  });

  it("that comes twice is put together once: no claims are left that nobody knows of", async () => {
    const { client, sent, tell } = scripted();
    const future = client.submit(() => [1]);
    const result = future.result() as Promise<unknown> as Promise<Future[]>;
    await sent();
    const value = { [FUTURES_MARK]: ["k"], value: [{ [MARK]: 1 }] };
    const news = { type: "value-fetched", id: 0, nbytes: 100, shared: true, moved: false, value } as const;
    tell(news, news);
    const [inner] = await result;
    assert.equal(inner?.key, "k");
    await settled();
    const messages = await sent();
    const ids = messages.flatMap((message) => (message.type === "client-desires-key" ? [message.id] : []));
    const released = messages.flatMap((message) => (message.type === "client-releases-keys" ? message.ids : []));
    assert.equal(ids.length - released.length, 1);
    inner?.release();
    assert.deepEqual(
      (await sent()).flatMap((message) => (message.type === "client-releases-keys" ? message.ids : [])),
      ids.filter((id) => !released.includes(id)),
    );
  });
});

describe("a value that was kept", () => {
  it("comes with futures of the client's own, of which there may be news at once", async () => {
    const { client, sent, tell } = scripted();
    const reading = client.getDataset<{ list: Future[]; plain: number }>("d");
    const { number } = requestIn(await sent());
    const value = { list: [{ [MARK]: 1 }, { [MARK]: 2 }, { [MARK]: 3 }], plain: 1 };
    const ids = [-1, -2, -3];
    tell(
      {
        type: "answer",
        number,
        outcome: { value: data(value, ids), grants: ids.map((id) => ({ id, key: `key${id}` })) },
      },
      { type: "keys-in-memory", ranges: [-1, 1], values: [5], shared: [] },
      { type: "key-stored", id: -2, nbytes: 20_000, valueType: "Array" },
    );
    const { list, plain } = await reading;
    assert.equal(plain, 1);
    assert.ok(list.every((each) => each instanceof Future));
    assert.deepEqual(
      list.map(({ key, status }) => [key, status]),
      [
        ["key-1", "finished"],
        ["key-2", "finished"],
        ["key-3", "pending"],
      ],
    );
    assert.equal(await list[0]?.result(), 5);
    assert.deepEqual(value.list[0], { [MARK]: 1 }, "the kept value is as it was");
    const [large, pending] = [list[1]?.result(), list[2]?.result()];
    assert.deepEqual((await sent()).at(-1), { type: "gather", ranges: [-2, 1, -3, 1] });
    const news = { type: "value-fetched", nbytes: 20_000, shared: false, moved: false } as const;
    tell({ ...news, id: -2, value: "large" }, { ...news, id: -3, value: "pending" });
    assert.deepEqual([await large, await pending], ["large", "pending"]);
    for (const future of list) future.release();
    assert.deepEqual(await sent(), [{ type: "client-releases-keys", ids }]);
  });

  it("is a copy of the reader's own", async () => {
    const { client, sent, tell } = scripted();
    const kept = { list: [1, 2] };
    for (let i = 0; i < 2; i++) {
      const reading = client.getDataset<typeof kept>("d");
      tell({ type: "answer", number: requestIn(await sent()).number, outcome: { value: data(kept), grants: [] } });
      const mine = await reading;
      assert.deepEqual(mine, { list: [1, 2] });
      mine.list.push(3);
    }
  });

  it("is given back when nobody waits for it any more", async () => {
    const { session, sent, tell, isKeptAlive } = scripted();
    const abort = new AbortController();
    const reading = session.ask({ type: "get-dataset", name: "d" }, abort.signal);
    const { number } = requestIn(await sent());
    abort.abort(new Error("no longer"));
    await assert.rejects(reading, /no longer/);
    await sent();
    const grants = [{ id: -1, key: "x" }];
    tell({ type: "answer", number, outcome: { value: data({ [MARK]: 1 }, [-1]), grants } });
    assert.deepEqual(await sent(), [{ type: "client-releases-keys", ids: [-1] }]);
    assert.ok(!isKeptAlive(), "nothing is waited for");
  });

  it("that is not there is an error with the names that are, or the default", async () => {
    const { client, sent, tell } = scripted();
    const read = async (names: string[], options?: { default?: unknown }) => {
      const reading = client.getDataset("d", options);
      tell({ type: "answer", number: requestIn(await sent()).number, outcome: { value: names } });
      return reading;
    };
    await assert.rejects(read(["a", "b"]), { name: "Error", message: 'there is no dataset "d"; there are "a", "b"' });
    await assert.rejects(read([]), /nothing is published/);
    assert.equal(await read([], { default: undefined }), undefined);
    assert.equal(await read(["a"], { default: 5 }), 5);
  });
});
