/** How a client speaks of its functions: by number, for as long as the scheduler is sure to know that. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Recollection } from "../../src/client/recollection.ts";
import type { ClientMessage } from "../../src/protocol/client-messages.ts";
import { closure } from "../../src/shipping/function-source.ts";
import { scripted } from "./scripted.ts";

const fresh = (i: number) => new Function("x", `return x + ${i}`) as (x: number) => number;

function introducedIn(messages: readonly ClientMessage[]): string[] {
  return messages.flatMap((each) => (each.type === "update-graph" ? each.functions.map(([, { hash }]) => hash) : []));
}

describe("a function that a client has submitted", () => {
  it("is introduced once, and once more when the client has introduced many others", async () => {
    const { client, sent } = scripted();
    const double = (x: number) => 2 * x;
    client.submit(double, 1);
    const [hash] = introducedIn(await sent());
    for (let i = 0; i < 100; i++) client.submit(fresh(i), 1);
    client.submit(double, 2);
    assert.equal(introducedIn(await sent()).includes(hash as string), false, "100 others are not that many");
    for (let i = 100; i < 300; i++) client.submit(fresh(i), 1);
    await sent();
    const again = client.submit(double, 3);
    const messages = await sent();
    assert.deepEqual(introducedIn(messages), [hash]);
    assert.match(again.key, /^double-/);
    const [graph] = messages;
    assert.ok(graph?.type === "update-graph" && graph.uniform?.fn === graph.functions[0]?.[0], "by another number");
  });
});

describe("functions that are written in a loop", () => {
  it("are introduced once, and travel in one message of equal rows", async () => {
    const { client, sent } = scripted();
    for (let i = 0; i < 200; i++) client.submit((x: number) => x * 3, i);
    const messages = await sent();
    assert.equal(introducedIn(messages).length, 1);
    const [graph] = messages;
    assert.ok(graph?.type === "update-graph" && graph.uniform !== undefined && graph.count === 200);
  });

  it("are others if they take along something else, or are called otherwise", async () => {
    const { client, sent } = scripted();
    for (const factor of [2, 3])
      client.submit(
        closure({ factor }, (x: number) => x * factor),
        1,
      );
    for (const name of ["one", "other"]) client.submit({ [name]: (x: number) => x * 5 }[name] as () => number);
    const messages = await sent();
    assert.equal(introducedIn(messages).length, 4);
    assert.match(client.submit({ other: (x: number) => x * 5 }.other, 1).key, /^other-/);
  });

  it("each have futures of their own to take along", async () => {
    const { client, sent } = scripted();
    const inputs = [client.submit(() => 1), client.submit(() => 2)];
    for (const input of inputs) client.submit(closure({ input }, () => input));
    const carried = (await sent()).flatMap((each) => (each.type === "carry-keys" ? each.tasks : []));
    assert.equal(new Set(carried).size, 2);
  });
});

describe("what a client would have to say again", () => {
  it("does not hold on to functions that no task of it runs", () => {
    const recollection = new Recollection(0);
    const submit = (id: number) =>
      recollection.submit(
        {
          type: "update-graph",
          first: id,
          count: 1,
          rows: [],
          uniform: { fn: id, slots: 0, shape: 0 },
          functions: [[id, { name: "f", hash: `${id}` } as never]],
          options: {},
        },
        1,
      );
    submit(0);
    for (let id = 1; id < 5000; id++) {
      submit(id);
      recollection.release(id);
    }
    assert.ok(recollection.functions.size < 2000, `${recollection.functions.size} are kept`);
    assert.ok(recollection.functions.has(0) && recollection.functions.has(4999));
  });

  it("tells the same scheduler again of a function of which it has told it long ago", () => {
    const recollection = new Recollection(0);
    const entry = (id: number) => [id, { name: "f", hash: `${id}` } as never] as const;
    for (let id = 0; id < 300; id++) {
      recollection.functions.set(...entry(id));
      recollection.unknown(new Set([id]), [entry(id)]);
    }
    assert.deepEqual(recollection.unknown(new Set([299]), []), []);
    assert.deepEqual(recollection.unknown(new Set([0]), []), [entry(0)]);
    assert.deepEqual(recollection.unknown(new Set([0]), []), []);
  });
});
