/** Hosts whose ways to each other are closed while nothing goes by them, and opened again when something is to. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, type Future, join, LocalCluster } from "manyhands";

const limit = { timeout: 60_000 };

class Counter {
  count = 0;
  add(by: number): number {
    this.count += by;
    return this.count;
  }
}

/** Two hosts that reach each other, and a client. */
async function room(idleMs: number) {
  const cluster = new LocalCluster({ nWorkers: 0 });
  const { invitation } = await cluster.listen("ws://127.0.0.1:0");
  const hosts = await Promise.all(
    ["one", "other"].map((name) => join(invitation, { name, nWorkers: 1, idleMs, sandbox: false })),
  );
  const client = new Client(cluster);
  await client.waitForWorkers(2);
  const on = (name: string) => client.with({ workers: [`${name}-0`] });
  return {
    client,
    on,
    hosts,
    /** Has a value made at one, and read at the other. */
    move(from: string, to: string, count: number): Future<number> {
      const made = on(from).submit((length: number) => new Float64Array(length).fill(length), count);
      return on(to).submit((array: Float64Array) => (array.at(-1) as number) + array.length, made);
    },
    /** Settles when both have so many connections. */
    async connected(count: number): Promise<void> {
      while (hosts.some((host) => host.stats().connections !== count)) await new Promise((look) => setTimeout(look, 5));
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      for (const host of hosts) await host.close();
      await cluster.close();
    },
  };
}

describe("a connection between two hosts", () => {
  it(
    "is closed when nothing has gone by it for a while, and opened again by whichever has something to say",
    limit,
    async () => {
      await using t = await room(150);
      assert.equal(await t.move("one", "other", 100_000).result(), 200_000);
      for (const [from, to] of [
        ["one", "other"],
        ["other", "one"],
      ] as const) {
        await t.connected(0);
        assert.equal(await t.move(from, to, 50_000).result(), 100_000);
      }
      const { links } = await t.client.schedulerInfo();
      assert.deepEqual(
        links.map(({ route }) => route),
        ["direct"],
      );
      await t.connected(0);
    },
  );

  it(
    "is closed with what workers have past it, once they move nothing any more, and both are made again",
    limit,
    async () => {
      await using t = await room(300);
      const routes = async () => (await t.client.schedulerInfo()).links.map(({ route }) => route);
      for (let round = 0; round < 2; round++) {
        while (!(await routes()).includes("threads")) {
          assert.equal(await t.move("one", "other", 300_000).result(), 600_000);
          assert.equal(await t.move("other", "one", 300_000).result(), 600_000);
        }
        await t.connected(0);
        while ((await routes()).includes("threads")) await new Promise((look) => setTimeout(look, 5));
      }
      assert.equal(await t.move("one", "other", 300_000).result(), 600_000);
    },
  );

  it("loses nothing of what begins when it is being closed: values, nor calls of actors", limit, async () => {
    await using t = await room(100);
    const counter = await t.on("one").actor(Counter).result();
    let calls = 0;
    for (let round = 0; round < 12; round++) {
      const [from, to] = round % 2 === 0 ? (["one", "other"] as const) : (["other", "one"] as const);
      const moved = t.move(from, to, 2_000 + round);
      const called = t.on("other").submit(async (actor: typeof counter) => actor.add(1), counter);
      assert.equal(await moved.result(), 2 * (2_000 + round), `round ${round}`);
      assert.equal(await called.result(), ++calls, `round ${round}`);
      // About as long as it takes until it is closed: sometimes it is, sometimes it is about to be, and sometimes it was just before.
      await new Promise((wake) => setTimeout(wake, 90 + ((round * 7) % 40)));
    }
    await t.connected(0);
  });
});

it("a host is not told to close its connections at once", async () => {
  await assert.rejects(join("ws://127.0.0.1:1", { idleMs: 5 }), {
    name: "RangeError",
    message: /idleMs must be at least 100/,
  });
});
