/** What handles on shared objects say to the scheduler, and whose they are. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Event } from "../../src/client/coordination/event.ts";
import { Lock, MultiLock } from "../../src/client/coordination/lock.ts";
import { Queue } from "../../src/client/coordination/queue.ts";
import { Topic } from "../../src/client/coordination/topic.ts";
import { openSessions } from "../../src/client/open-sessions.ts";
import type { Session } from "../../src/client/session.ts";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import type { SharedAct } from "../../src/protocol/coordination.ts";
import { scripted, typesOf } from "./scripted.ts";

function actOf(message: ClientMessage | undefined): SharedAct {
  assert.ok(message?.type === "request" && message.request.type === "coordinate");
  return message.request.act;
}

/** Client and scheduler, which end with the test. */
function open() {
  const all = scripted();
  return { ...all, [Symbol.dispose]: () => all.session.close("the test is over") };
}

describe("a handle", () => {
  it("belongs to the only client that is open, or else has to be told", () => {
    // Whatever other tests have left open.
    for (const session of [...openSessions]) (session as Session).close("another test begins");
    assert.throws(() => new Lock("a"), /a lock belongs to a client, and no client is open/);
    using one = open();
    assert.equal(new Lock("a").name, "a");
    {
      using _other = open();
      assert.throws(() => new Lock("a"), /2 clients are open: say which one/);
      assert.equal(new Lock("a", { client: one.client }).name, "a");
    }
    assert.equal(new Lock("a").name, "a");
  });

  it("is not made for a client that is closed", () => {
    const { client, session } = scripted();
    session.close("enough");
    assert.throws(() => new Lock("a", { client }), { name: "CommClosedError", message: /enough/ });
  });

  it("claims what keeps the object once for all handles of a client, until the last is closed", async () => {
    using t = open();
    const { client, sent } = t;
    const [first, second] = [new Lock("a", { client }), new Lock("a", { client })];
    const anchors = await sent();
    assert.deepEqual(typesOf(anchors), ["scatter"]);
    assert.equal(anchors[0]?.type === "scatter" && anchors[0].key, "lock://a");
    first.close();
    first.close();
    assert.deepEqual(await sent(), []);
    second.close();
    assert.deepEqual(typesOf(await sent()), ["client-releases-keys"]);
    new Lock("a", { client });
    assert.deepEqual(typesOf(await sent()), ["scatter"]);
  });

  it("has a name of its own if it was given none", () => {
    using t = open();
    const [one, other] = [new Queue({ client: t.client }), new Queue({ client: t.client })];
    assert.notEqual(one.name, other.name);
  });

  it("takes one message to acquire, and all waits of a turn travel together", async () => {
    using t = open();
    const { client, sent } = t;
    const lock = new Lock("a", { client });
    await sent();
    const waits = [lock.acquire(), lock.acquire(), new Event("e", { client }).wait()];
    for (const each of waits) each.catch(() => {});
    assert.deepEqual(typesOf(await sent()), ["request", "request", "scatter", "request"]);
  });
});

describe("a wait that was given up", () => {
  it("is withdrawn, and what comes all the same is given back", async () => {
    using t = open();
    const { client, sent, tell } = t;
    const lock = new Lock("a", { client });
    await sent();
    const abort = new AbortController();
    const waiting = lock.acquire({ signal: abort.signal });
    await sent();
    abort.abort(new Error("no longer"));
    await assert.rejects(waiting, /no longer/);
    assert.deepEqual(typesOf(await sent()), ["withdraw-request"]);
    tell({ type: "answer", number: 0, outcome: { value: { token: 7, names: ["a"] } } });
    assert.deepEqual(actOf((await sent())[0]), { type: "release", token: 7 });
    assert.equal(lock.token, undefined);
  });

  it("puts items back that were on their way", async () => {
    using t = open();
    const { client, sent, tell } = t;
    const queue = new Queue("q", { client });
    await sent();
    const abort = new AbortController();
    const waiting = queue.getBatch(2, { signal: abort.signal });
    await sent();
    abort.abort(new Error("no longer"));
    await assert.rejects(waiting, /no longer/);
    await sent();
    const values = [1, 2].map((value) => ({ value, tasks: [], shared: false }));
    tell({ type: "answer", number: 0, outcome: { value: { values, hasEnded: false }, grants: [] } });
    assert.deepEqual(actOf((await sent())[0]), {
      type: "put-back",
      values: [
        { value: 1, tasks: [] },
        { value: 2, tasks: [] },
      ],
    });
  });

  it("before it was asked is not asked", async () => {
    using t = open();
    const event = new Event("e", { client: t.client });
    await t.sent();
    await assert.rejects(event.wait({ signal: AbortSignal.abort(new Error("no")) }), /no/);
    assert.deepEqual(await t.sent(), []);
  });
});

describe("a lease", () => {
  it("is released once, by whoever holds it or through its handle", async () => {
    using t = open();
    const { client, sent, tell } = t;
    const lock = new Lock("a", { client });
    const acquiring = lock.acquire();
    await sent();
    tell({ type: "answer", number: 0, outcome: { value: { token: 3, names: ["a"] } } });
    const lease = await acquiring;
    assert.deepEqual([lease.token, lock.token], [3, 3]);
    const releasing = lock.release();
    await assert.rejects(lease.release(), /released before/);
    await assert.rejects(lock.release(), /not held through this handle/);
    await lease[Symbol.asyncDispose]();
    assert.deepEqual((await sent()).map(actOf), [{ type: "release", token: 3 }]);
    tell({ type: "answer", number: 1, outcome: { value: undefined } });
    await releasing;
  });

  it("of several locks names each once", async () => {
    using t = open();
    const { client, sent } = t;
    const locks = new MultiLock(["a", "b", "a"], { client });
    const waiting = locks.acquire({ count: 1 });
    waiting.catch(() => {});
    const messages = await sent();
    assert.deepEqual(typesOf(messages), ["scatter", "scatter", "request"]);
    assert.deepEqual(actOf(messages[2]), { type: "acquire", names: ["a", "b"], count: 1 });
    await assert.rejects(locks.acquire({ count: 0 }), RangeError);
  });
});

describe("an iteration", () => {
  it("that is left stops reading, even before its first element", async () => {
    using t = open();
    const { client, sent } = t;
    const topic = new Topic("t", { client });
    await sent();
    const items = topic.values();
    assert.equal(actOf((await sent())[0]).type, "read");
    await items.return?.();
    assert.deepEqual(
      (await sent()).map((message) => (message.type === "request" ? actOf(message).type : message.type)),
      ["stop-reading"],
    );
    assert.deepEqual(await items.next(), { done: true, value: undefined });
  });

  it("ends with the reason of its signal, or quietly with its handle", async () => {
    using t = open();
    const queue = new Queue("q", { client: t.client });
    const abort = new AbortController();
    const next = queue.values({ signal: abort.signal }).next();
    const quiet = queue.values().next();
    await t.sent();
    abort.abort(new Error("enough"));
    await assert.rejects(next, /enough/);
    queue.close();
    assert.deepEqual(await quiet, { done: true, value: undefined });
  });
});
