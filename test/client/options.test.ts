/** What a client makes of options: what it refuses, what it says to the scheduler, and what it keeps to itself. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import type { Future } from "../../src/client/future.ts";
import type { WithOptions } from "../../src/client/with-options.ts";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import { closure, fromModule } from "../../src/shipping/function-source.ts";
import { scripted, typesOf } from "./scripted.ts";

const value = (x: unknown) => x;
const add = (x: number, y: number) => x + y;

function optionsOf([message]: readonly ClientMessage[]): object {
  assert.ok(message?.type === "update-graph");
  return message.options;
}

describe("with()", () => {
  it("refuses what it does not know, and says what it does", () => {
    const { client } = scripted();
    assert.throws(() => client.with({ retry: 1 } as WithOptions), {
      name: "TypeError",
      message: /knows no option "retry"; it takes key, name, pure, priority, retries/,
    });
    assert.throws(() => client.with({ toString: 1 } as unknown as WithOptions), TypeError);
  });

  const refused: readonly [WithOptions | object, RegExp][] = [
    [{ key: 1 }, /key must be a text, or several, not 1/],
    [{ key: "" }, /key must be/],
    [{ key: ["a", 2] }, /key must be/],
    [{ name: "" }, /name must be a text/],
    [{ name: null }, /name must be a text, not null/],
    [{ pure: "yes" }, /pure must be true or false, not yes/],
    [{ priority: "high" }, /priority must be a number, not high/],
    [{ priority: Number.NaN }, /priority must be a number, not NaN/],
    [{ retries: -1 }, /retries must be a whole number, or \{ times/],
    [{ retries: 1.5 }, /retries must be/],
    [{ retries: {} }, /retries must be/],
    [{ retries: { times: 1, delay: 5 } }, /retries must be .*delayMs/],
    [{ retries: { times: 1, delayMs: -5 } }, /retries must be/],
    [{ retries: { times: 1, delayMs: "5" } }, /retries must be/],
    [{ resources: 1 }, /resources must be amounts, as \{ gpu: 1 \}/],
    [{ resources: { gpu: -1 } }, /resources must be/],
    [{ resources: { gpu: "1" } }, /resources must be/],
    [{ resources: [1] }, /resources must be/],
    [{ workers: [] }, /workers must be a text, or several/],
    [{ workers: "" }, /workers must be/],
    [{ workers: [""] }, /workers must be/],
    [{ workers: "w", allowOtherWorkers: "Hello!" }, /allowOtherWorkers must be true or false, not Hello!/],
    [{ allowOtherWorkers: true }, /allowOtherWorkers says how to take workers/],
    [{ timeoutMs: 0 }, /timeoutMs must be a number of milliseconds/],
    [{ timeoutMs: "5s" }, /timeoutMs must be/],
    [{ quorum: { copies: 2, agree: 3 } }, /quorum must be \{ copies, agree \}/],
    [{ quorum: 3 }, /quorum must be/],
    [{ signal: {} }, /signal must be an AbortSignal/],
  ];
  for (const [options, message] of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const { client } = scripted();
      assert.throws(() => client.with(options), { name: "TypeError", message });
    });
  }

  it("takes things one after the other", async () => {
    const { client, sent } = scripted();
    const some = client.with({ workers: "w1" }).with({ allowOtherWorkers: true }).with({ retries: 2 });
    some.with({ retries: 3 }).submit(value, 1);
    assert.deepEqual(optionsOf(await sent()), {
      retries: 3,
      demands: { workers: ["w1"], allowOtherWorkers: true },
    });
    some.submit(value, 1);
    assert.deepEqual(optionsOf(await sent()), {
      retries: 2,
      demands: { workers: ["w1"], allowOtherWorkers: true },
    });
  });

  it("tells the scheduler nothing of what is as usual", async () => {
    const { client, sent } = scripted();
    client.with({ priority: 0, retries: 0, pure: false }).submit(value, 1);
    assert.deepEqual(optionsOf(await sent()), {});
    client.with({ retries: { times: 0, delayMs: 5 } }).submit(value, 1);
    assert.deepEqual(optionsOf(await sent()), {});
  });

  it("says all there is to be said", async () => {
    const { client, sent } = scripted();
    const retries = { times: 3, delayMs: 100, factor: 2, maxDelayMs: 1000 };
    client
      .with({ priority: 1, retries, resources: { gpu: 1 }, workers: ["a", "b"], timeoutMs: 50, name: "load" })
      .map(value, [1, 2]);
    const messages = await sent();
    assert.deepEqual(optionsOf(messages), {
      priority: 1,
      retries: 3,
      name: "load",
      demands: {
        resources: { gpu: 1 },
        workers: ["a", "b"],
        timeoutMs: 50,
        backoff: { delayMs: 100, factor: 2, maxDelayMs: 1000 },
      },
    });
    assert.equal(messages.length, 1, "in one message");
    client.with({ quorum: { copies: 5 } }).submit(value, 1);
    assert.deepEqual(optionsOf(await sent()), { demands: { quorum: { copies: 5, agree: 3 } } }, "most of them");
  });
});

describe("a label", () => {
  it("is what keys begin with", async () => {
    const { client, sent } = scripted();
    const load = client.with({ name: "load" });
    assert.deepEqual(
      [load.submit(add, 1, 2).key, ...load.map(add, [1], [2]).map(({ key }) => key), client.submit(add, 1, 2).key],
      ["load-me-0", "load-me-1", "add-me-2"],
    );
    const messages = await sent();
    const introduced = messages.flatMap((message) => (message.type === "update-graph" ? message.functions : []));
    assert.equal(introduced.length, 1, "the function goes along once");
  });

  it("goes before a number, not before a key", () => {
    const { client } = scripted();
    assert.equal(client.with({ name: "load", key: "mine" }).submit(add, 1, 2).key, "mine");
  });
});

describe("pure tasks", () => {
  const keysOf = (...futures: readonly Future[]) => futures.map(({ key }) => key);
  const areOne = (...futures: readonly Future[]) => assert.equal(new Set(keysOf(...futures)).size, 1);
  const differ = (...futures: readonly Future[]) => assert.equal(new Set(keysOf(...futures)).size, futures.length);

  it("have one key for equal functions with equal arguments, also between clients", async () => {
    const one = scripted();
    const two = scripted();
    const [a, b] = [one.client.with({ pure: true }), two.client.with({ pure: true })];
    areOne(a.submit(add, 1, 2), a.submit(add, 1, 2), b.submit(add, 1, 2), ...a.map(add, [1, 1], [2, 2]));
    assert.match(a.submit(add, 1, 2).key, /^add-[0-9a-z]{28}$/);
    const [graph] = await one.sent();
    assert.ok(graph?.type === "update-graph");
    assert.equal(new Set(graph.keys).size, 1);
    assert.equal(graph.keys?.length, 5);
  });

  it("differ where functions or arguments do", () => {
    const client = scripted().client.with({ pure: true });
    differ(
      client.submit(add, 1, 2),
      client.submit(add, 2, 1),
      client.submit((x: number, y: number) => x - y, 1, 2),
      client.submit(value, [1, 2]),
      client.submit(value, new Float64Array([1, 2])),
      client.submit(value, new Float32Array([1, 2])),
      client.submit(value, new Uint8Array([1, 2])),
      client.submit(value, new Set([1, 2])),
      client.submit(value, new Map([[1, 2]])),
      client.submit(value, { 1: 2 }),
      client.submit(value, 0),
      client.submit(value, -0),
      client.submit(value, Number.NaN),
      client.submit(value, null),
      client.submit(value, undefined),
      client.submit(value, "1"),
      client.submit(value, 1),
      client.submit(value, 1n),
      client.submit(value, new Date(1)),
      client.submit(value, new Date(2)),
      client.submit(value, /a/),
      client.with({ name: "label" }).submit(value, 1),
    );
  });

  it("do not mind how equal arguments came about", () => {
    const client = scripted().client.with({ pure: true });
    class Point {
      x = 1;
      y = [new Date(5)];
    }
    const buffer = new Float64Array([9, 1, 2]);
    areOne(client.submit(value, new Point()), client.submit(value, { y: [new Date(5)], x: 1 }));
    areOne(client.submit(value, buffer.subarray(1)), client.submit(value, new Float64Array([1, 2])));
    const large = new Float64Array(100_000).fill(1);
    areOne(client.submit(value, large), client.submit(value, large.slice()), client.submit(value, large));
    areOne(client.submit(value, [large, 1]), client.submit(value, [large.slice(), 1]));
  });

  it("tell functions by what they take along, and exports of modules by their address", () => {
    const client = scripted().client.with({ pure: true });
    const times = (k: number) => closure({ k }, (x: number) => x * k);
    areOne(client.submit(times(2), 1), client.submit(times(2), 1));
    differ(client.submit(times(2), 1), client.submit(times(3), 1));
    const module = () => fromModule<{ f(x: number): number; g(x: number): number }>("https://example.org/work.js");
    areOne(client.submit(module().f, 1), client.submit(module().f, 1));
    differ(client.submit(module().f, 1), client.submit(module().g, 1));
    const apply = (f: (x: number) => number) => f(1);
    areOne(client.submit(apply, times(2)), client.submit(apply, times(2)));
    differ(client.submit(apply, times(2)), client.submit(apply, times(3)));
  });

  it("tell futures by their key, whether they are done or not, and wherever they stand", async () => {
    const { client, sent, finish } = scripted();
    const pure = client.with({ pure: true });
    const [x, y] = [client.submit(value, 1), client.submit(value, 1)];
    const before = [pure.submit(value, x), pure.submit(value, [x]), pure.submit(value, { x, y })];
    differ(...before, pure.submit(value, y), pure.submit(value, [y]), pure.submit(value, { x: y, y: x }));
    await sent();
    finish(0, 1);
    const after = [pure.submit(value, x), pure.submit(value, [x]), pure.submit(value, { x, y })];
    assert.deepEqual(keysOf(...after), keysOf(...before));
  });

  it("refuse arguments that cannot be told by their content", () => {
    const pure = scripted().client.with({ pure: true });
    assert.throws(() => pure.submit(value, new Blob(["x"])), { name: "TypeError", message: /is a Blob/ });
    assert.throws(() => pure.submit(value, [1, { deep: new Error("x") }]), {
      name: "TypeError",
      message: /is a Error/,
    });
    const circle: unknown[] = [];
    circle.push(circle);
    assert.throws(() => pure.submit(value, circle), { name: "TypeError", message: /holds itself/ });
  });

  it("can be given a key all the same", () => {
    assert.equal(scripted().client.with({ pure: true, key: "mine" }).submit(value, 1).key, "mine");
  });
});

describe("a signal", () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

  it("that is aborted already has nothing sent", async () => {
    const { client, sent, isKeptAlive } = scripted();
    const limited = client.with({ signal: AbortSignal.abort(new Error("too late")) });
    const futures = [limited.submit(value, 1), ...limited.map(value, [1, 2])];
    assert.deepEqual(await sent(), []);
    for (const future of futures) {
      assert.deepEqual([future.status, future.done(), future.cancelled()], ["cancelled", true, true]);
      await assert.rejects(future.result(), { name: "CancelledError", message: /too late/, key: future.key });
    }
    assert.equal(new Set(futures.map(({ key }) => key)).size, 3);
    assert.throws(() => limited.submit("text" as never), TypeError);
    assert.equal(isKeptAlive(), false);
  });

  it("leaves the numbers of those that are sent in order", async () => {
    const { client, sent } = scripted();
    const one = client.submit(value, 1);
    const never = client.with({ signal: AbortSignal.abort() }).submit(value, 2);
    const two = client.submit(value, 3);
    const dependent = client.submit(value, never);
    const numbers = (await sent()).map((message) =>
      message.type === "update-graph" ? [message.first, message.count] : [],
    );
    assert.deepEqual(
      [one, never, two, dependent].map(({ key }) => key),
      ["value-me-0", "value-me-1", "value-me-2", "value-me-3"],
    );
    assert.deepEqual(numbers, [
      [0, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  it("is listened to until all is done, and no longer", async () => {
    const { client, sent, finish } = scripted();
    const abort = new AbortController();
    const limited = client.with({ signal: abort.signal });
    const [one, two] = limited.map(value, [1, 2]) as [Future, Future];
    const three = limited.submit(value, 3);
    assert.equal(listeners(abort.signal), 2, "one for each call");
    await sent();
    finish(0, 1);
    assert.equal(listeners(abort.signal), 2);
    two.release();
    assert.equal(listeners(abort.signal), 1);
    finish(2, 3);
    assert.equal(listeners(abort.signal), 0);
    assert.deepEqual([one.status, two.status, three.status], ["finished", "cancelled", "finished"]);
  });

  it("cancels what is not done when it is aborted", async () => {
    const { client, sent, finish } = scripted();
    const abort = new AbortController();
    const futures = client.with({ signal: abort.signal }).map(value, [1, 2, 3]);
    await sent();
    finish(1, 2);
    await sent();
    abort.abort(new Error("enough"));
    const messages = await sent();
    assert.deepEqual(typesOf(messages), ["news-received", "cancel-keys"]);
    assert.deepEqual(messages[1]?.type === "cancel-keys" && [messages[1].ids, messages[1].reason], [
      [0, 2],
      "Error: enough",
    ]);
    assert.deepEqual(
      futures.map(({ status }) => status),
      ["cancelled", "finished", "cancelled"],
    );
    assert.equal(listeners(abort.signal), 0);
  });
});

describe("scattering to workers", () => {
  it("says which, one as well as several, and by default those of the client", async () => {
    const { client, sent } = scripted();
    client.scatter(1, { workers: "w1" });
    client.with({ workers: ["w2", "w3"] }).scatterAll([2], { broadcast: true });
    client.with({ workers: "w2" }).scatter(3, { workers: ["w4"] });
    const messages = await sent();
    assert.deepEqual(
      messages.map((message) => message.type === "scatter" && [message.workers, message.broadcast]),
      [
        [["w1"], undefined],
        [["w2", "w3"], true],
        [["w4"], undefined],
      ],
    );
    assert.throws(() => client.scatter(1, { workers: [] }), { name: "TypeError", message: /workers must be/ });
  });
});
