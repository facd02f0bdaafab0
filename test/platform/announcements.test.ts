/** What hosts tell of themselves, what they are told, and how they are sent away. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, join, LocalCluster } from "manyhands";
import { WebSocket } from "ws";

/** A cluster that can be reached, and an announcement heard: the promise of the next. */
async function listening(nWorkers = 0) {
  const cluster = new LocalCluster({ nWorkers });
  const left: string[] = [];
  let onLeft: () => void = () => {};
  const place = await cluster.listen("ws://127.0.0.1:0", {
    onEvent: ({ type, role, id }) => {
      if (type !== "left" || role !== "host") return;
      left.push(id);
      onLeft();
    },
  });
  return {
    cluster,
    place,
    left,
    /** Settles when so many hosts have left. */
    async hasLeft(count: number) {
      while (left.length < count) {
        await new Promise<void>((resolve) => {
          onLeft = resolve;
        });
      }
    },
    [Symbol.asyncDispose]: () => cluster.close(),
  };
}

/** Hears what is announced, one after the other. */
function listener() {
  const heard: unknown[] = [];
  let wake: () => void = () => {};
  return {
    heard,
    onAnnouncement: (value: unknown) => {
      heard.push(value);
      wake();
    },
    async next(count: number) {
      while (heard.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return heard;
    },
  };
}

describe("a host and those who have the cluster", { timeout: 60_000 }, () => {
  it("know of each other what they were told: who it is, and what is announced", async () => {
    await using t = await listening();
    const { place } = t;
    const ears = listener();
    place.announce({ said: "before anybody came" });
    await using host = await join(place.invitation, {
      nWorkers: 1,
      name: "Ada",
      about: { colour: "#336699", cores: 8, mobile: false },
      onAnnouncement: ears.onAnnouncement,
    });
    assert.deepEqual(await ears.next(1), [{ said: "before anybody came" }]);
    const board = [{ name: "Ada", parts: 3 }];
    place.announce(board);
    board.push({ name: "somebody", parts: 1 }); // It was told as it was.
    assert.deepEqual((await ears.next(2))[1], [{ name: "Ada", parts: 3 }]);
    await using client = new Client(t.cluster);
    await client.waitForWorkers(1);
    const [known, ...others] = place.hosts;
    assert.deepEqual(others, []);
    const { sentBytes, receivedBytes, latencyMs, ...rest } = known as NonNullable<typeof known>;
    assert.deepEqual(rest, {
      id: host.id,
      name: "Ada",
      about: { colour: "#336699", cores: 8, mobile: false },
      workers: [`ws://${host.id}/0`],
      isPaused: false,
      isAway: false,
      isRelayed: false,
      link: "ws",
    });
    assert.ok(sentBytes > 0 && receivedBytes > 0 && (latencyMs === undefined || latencyMs >= 0));
  });

  it("are told at once what cannot be told", async () => {
    await using t = await listening();
    assert.throws(() => t.place.announce({ callback: () => 1 }), { name: "DataCloneError" });
    const refusedFor = (about: unknown) =>
      assert.rejects(join(t.place.invitation, { nWorkers: 1, about: about as never }), {
        name: "TypeError",
        message: /about/,
      });
    await refusedFor({ nested: { deep: 1 } });
    await refusedFor({ text: "x".repeat(501) });
    await refusedFor({ number: Number.NaN });
    await refusedFor(["a list"]);
    await refusedFor(Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`field ${i}`, i])));
    assert.deepEqual(t.place.hosts, []);
  });

  it("go on when what listens throws", async () => {
    await using t = await listening();
    const ears = listener();
    const complaints: unknown[] = [];
    const { error } = console;
    console.error = (...words: unknown[]) => complaints.push(words[1]);
    try {
      await using _host = await join(t.place.invitation, {
        nWorkers: 1,
        onAnnouncement: (value) => {
          ears.onAnnouncement(value);
          throw new RangeError(`not ${value}`);
        },
      });
      t.place.announce(1);
      t.place.announce(2);
      assert.deepEqual(await ears.next(2), [1, 2]);
    } finally {
      console.error = error;
    }
    assert.deepEqual(complaints.map(String), ["RangeError: not 1", "RangeError: not 2"]);
  });

  it("part when it is sent away: its work is done by others, and it does not come back", async () => {
    await using t = await listening(1);
    await using client = new Client(t.cluster);
    await using host = await join(t.place.invitation, { nWorkers: 1, name: "guest" });
    await client.waitForWorkers(2);
    const there = client
      .with({ workers: ["guest-0"], allowOtherWorkers: true })
      .submit(() => new Promise<string>((resolve) => setTimeout(resolve, 100, "done")));
    assert.equal(t.place.dismiss("nobody"), false);
    assert.equal(t.place.dismiss(host.id, "it was rude"), true);
    assert.equal(await host.closed, "it was sent away: it was rude");
    assert.equal(host.stats().status, "left");
    assert.equal(await there.result(), "done");
    await t.hasLeft(1);
    assert.deepEqual(t.place.hosts, []);
    assert.equal(t.place.dismiss(host.id), false);
    await using other = await join(t.place.invitation, { nWorkers: 1, name: "guest" });
    assert.equal(other.stats().status, "joined");
  });

  it("are let in again by the same id only if they were not sent away", async () => {
    await using t = await listening();
    await using host = await join(t.place.invitation, { nWorkers: 1 });
    const { id } = host;
    t.place.dismiss(id);
    await host.closed;
    const socket = new WebSocket(t.place.address.replace(/\/$/, ""));
    const said = new Promise<string>((resolve) => socket.once("message", (data) => resolve(String(data))));
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(new TextEncoder().encode(JSON.stringify({ manyhands: 1, role: "host", id, nonce: "0".repeat(64) })));
    assert.deepEqual(JSON.parse(await said), { refused: "UnauthorizedError", message: "it was sent away" });
    socket.close();
  });
});
