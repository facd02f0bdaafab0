/** What a trunk does beside carrying: whose turn it is, what it grants, what it measures, and what it does not put up with. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryWire } from "../../src/adapters/memory-wire.ts";
import { Trunk } from "../../src/runtime/trunk.ts";
import type { TrunkOptions } from "../../src/runtime/trunk-options.ts";
import { Random } from "../support/random.ts";
import { ManualClock } from "../support/staged-cluster.ts";
import { Link, settle } from "../support/trunk-stage.ts";

const pair = (options: Partial<TrunkOptions> = {}, clock = new ManualClock()) =>
  new Link(new Trunk({ clock, ...options }), new Trunk({ clock, ...options }));

describe("a trunk", () => {
  it("lets short messages overtake long ones on other channels", async () => {
    const link = pair();
    link.join();
    const heard: string[] = [];
    for (const id of [1, 2]) link.right.channel(id).listen(() => heard.push(`from ${id}`));
    link.left.channel(1).send(new Uint8Array(20e6));
    await settle();
    await link.move(3);
    link.left.channel(2).send("short");
    link.left.channel(1).send("behind the long one");
    await link.drain();
    assert.deepEqual(heard, ["from 2", "from 1", "from 1"]);
  });

  it("lets long messages go on under a flood of short ones", async () => {
    const link = pair();
    link.join();
    let isThere = false;
    let shorts = 0;
    link.right.channel(1).listen(() => {
      isThere = true;
    });
    link.right.channel(2).listen(() => shorts++);
    link.left.channel(1).send(new Uint8Array(4e6));
    for (let round = 0; round < 2_000 && !isThere; round++) {
      for (let i = 0; i < 20; i++) link.left.channel(2).send("x".repeat(10_000));
      await settle();
      await link.move(20);
    }
    assert.ok(isThere && shorts > 100);
  });

  it("gives its wire no more than it can take, and goes on when that has drained", async () => {
    const link = pair();
    let heard = 0;
    link.right.channel(1).listen(() => heard++);
    const [wire, other] = memoryWire({ carry: (arrive) => waiting.push(arrive) });
    const waiting: (() => void)[] = [];
    link.left.attach(wire);
    link.right.attach(other);
    link.left.channel(1).send(new Uint8Array(30e6));
    let most = 0;
    for (await settle(); waiting.length > 0; await settle()) {
      most = Math.max(most, wire.bufferedBytes);
      waiting.shift()?.();
    }
    assert.equal(heard, 1);
    assert.ok(most > 2 ** 20 && most < 2 ** 20 + 2 ** 17, `${most} bytes`);
  });

  it("takes no more for a channel than its share while nobody listens to it", async () => {
    const link = pair({ limits: { channelBytes: 2 ** 19 } });
    link.join();
    for (let i = 0; i < 100; i++) link.left.channel(1).send(new Uint8Array(50_000).fill(i));
    link.left.channel(2).send("another channel");
    await link.drain();
    const { receivedBytes } = link.right.statistics();
    assert.ok(receivedBytes < 2 ** 19, `${receivedBytes} bytes`);
    const heard: unknown[] = [];
    link.right.channel(2).listen((message) => heard.push(message));
    assert.deepEqual(heard, ["another channel"]);
    const numbers: unknown[] = [];
    link.right.channel(1).listen((message) => numbers.push((message as Uint8Array).at(-1)));
    await link.drain();
    assert.deepEqual(
      numbers,
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  it("passes on no more than the next link takes", async () => {
    const [near, far] = [pair({ limits: { channelBytes: 2 ** 19 } }), pair()];
    near.right.forward(1, far.left, 2);
    near.join();
    for (let i = 0; i < 40; i++) near.left.channel(1).send(new Uint8Array(2 ** 18));
    await near.drain();
    // There is no wire on the other side yet.
    assert.ok(far.left.statistics().queuedBytes <= 2 ** 19, `${far.left.statistics().queuedBytes} bytes`);
    let heard = 0;
    far.right.channel(2).listen(() => heard++);
    far.join();
    for (let round = 0; round < 100; round++) {
      await far.drain();
      await near.drain();
    }
    assert.equal(heard, 40);
  });

  it("reserves memory for large messages one after the other, if all of them are too much", async () => {
    const link = pair({ limits: { messageBytes: 8e6 } });
    link.join();
    const heard: number[] = [];
    for (const id of [1, 2, 3, 4]) {
      link.right.channel(id).listen((message) => heard.push((message as Uint8Array).length));
      link.left.channel(id).send(new Uint8Array(5e6 + id));
      link.left.channel(id).close("said it");
    }
    const closed = [1, 2, 3, 4].map((id) => link.right.channel(id).closed);
    await link.drain();
    assert.deepEqual(heard.sort(), [5e6 + 1, 5e6 + 2, 5e6 + 3, 5e6 + 4]);
    assert.deepEqual(await Promise.all(closed), ["said it", "said it", "said it", "said it"]);
    assert.equal(link.right.statistics().channels, 0);
  });

  it("tells of conversations the other end began, those there already and those to come", async () => {
    const link = pair();
    link.join();
    link.left.channel(4).send("early");
    await link.drain();
    const heard: unknown[] = [];
    link.right.onChannel((channel) => channel.listen((message) => heard.push(channel.id, message)));
    link.right.channel(9).send("asked for here");
    link.left.channel(9).send("an answer");
    link.left.channel(5).send("late");
    await link.drain();
    assert.deepEqual(heard, [4, "early", 5, "late"]);
  });

  it("uses a number again once both ends know that it is over", async () => {
    const link = pair();
    link.join();
    const heard: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      const [here, there] = [link.left.channel(1), link.right.channel(1)];
      there.listen((message) => heard.push(message));
      here.send(round);
      await link.drain();
      here.close(`after ${round}`);
      if (round % 2 === 0) there.close("at the same time");
      await link.drain();
      assert.equal(await there.closed, round % 2 === 0 ? "at the same time" : `after ${round}`);
      assert.equal(link.left.statistics().channels + link.right.statistics().channels, 0);
    }
    assert.deepEqual(heard, [0, 1, 2, 3, 4]);
  });

  it("lets what a listener throws be heard of, and loses nothing for it", async (t) => {
    const link = pair();
    link.join();
    const heard: unknown[] = [];
    const thrown: unknown[] = [];
    const enqueue = queueMicrotask;
    t.mock.method(globalThis, "queueMicrotask", (run: () => void) =>
      enqueue(() => {
        try {
          run();
        } catch (error) {
          thrown.push(error);
        }
      }),
    );
    link.right.channel(1).listen((message) => {
      heard.push(message);
      if (message === 1) throw new Error("no listener should");
    });
    for (let i = 0; i < 4; i++) link.left.channel(1).send(i);
    await link.drain();
    assert.match(thrown.join(), /^Error: no listener should$/);
    assert.deepEqual(heard, [0, 1, 2, 3]);
  });

  it("says all that is still to be said before it closes", async () => {
    const link = pair();
    link.join();
    const heard: unknown[] = [];
    link.right.channel(1).listen((message) => heard.push((message as { length: number }).length));
    link.left.channel(1).send(new Uint8Array(9e6));
    link.left.channel(1).send("four");
    link.left.close("done");
    assert.equal(await link.left.closed, "done");
    await link.drain();
    assert.deepEqual(heard, [9e6, 4]);
    assert.equal(await link.right.closed, "done");
    assert.equal(link.right.isAttached || link.left.isAttached, false);
  });

  it("does not wait for ever for what is still to be said", async () => {
    const clock = new ManualClock();
    const link = pair({}, clock);
    link.join();
    link.left.channel(1).send(new Uint8Array(9e6));
    link.left.close("done");
    await clock.pass(5_000);
    assert.equal(link.left.isAttached, false);
  });

  it("asks a silent end whether it is there, and takes its wire for dead if it does not answer", async () => {
    const clock = new ManualClock();
    const link = pair({ pingMs: 1_000, silenceMs: 4_000, leaseMs: 10_000 }, clock);
    link.join();
    for (let second = 0; second < 20; second++) {
      await link.drain();
      await clock.pass(1_000);
    }
    assert.ok(link.isUp);
    // From here on nothing arrives, and nobody says that the wire is gone.
    const reasons: string[] = [];
    link.left.onDetached((reason) => reasons.push(reason));
    await clock.pass(6_000);
    assert.match(reasons.join(), /^nothing was heard for \d+ ms$/);
    assert.ok(!link.left.isAttached && !link.left.isClosed);
  });

  it("waits for another wire less long after a silence than for one that dropped, where it is told so", async () => {
    const clock = new ManualClock();
    const ends = () => pair({ pingMs: 1_000, silenceMs: 4_000, leaseMs: 10_000, silentLeaseMs: 2_000 }, clock);
    const [silent, dropped] = [ends(), ends()];
    silent.join();
    dropped.join();
    await silent.drain();
    await dropped.drain();
    dropped.left.detach("it dropped");
    const atMs: Record<string, number> = {};
    for (const [name, { left }] of Object.entries({ silent, dropped })) {
      left.closed.then(() => {
        atMs[name] = clock.now();
      });
    }
    const began = clock.now();
    for (let tenth = 0; tenth < 120; tenth++) await clock.pass(100);
    assert.equal(atMs["dropped"], began + 10_000);
    assert.ok((atMs["silent"] ?? 0) - began >= 6_000 && (atMs["silent"] ?? 0) - began <= 7_000, `${atMs["silent"]}`);
  });

  it("measures how far away the other end is, and how much gets through", async () => {
    const clock = new ManualClock();
    const link = pair({ pingMs: 1_000 }, clock);
    link.right.channel(1).listen(() => {});
    link.join();
    assert.equal(link.left.statistics().latencyMs, undefined);
    await settle();
    for (let hop = 0; hop < 4; hop++) {
      await clock.pass(20);
      await link.move(2);
    }
    assert.equal(link.left.statistics().latencyMs, 20);
    link.left.channel(1).send(new Uint8Array(8e6));
    for (await settle(); !link.isEmpty; ) {
      // Messages of 64 KiB, one each 10 ms: 6.5 MB/s.
      await clock.pass(10);
      await link.move(1);
    }
    const { bandwidth } = link.left.statistics();
    assert.ok(bandwidth !== undefined && bandwidth > 2e6 && bandwidth < 9e6, `${bandwidth} bytes a second`);
  });

  it("cuts what is long into larger pieces where more gets through at once, and not where it does not", async () => {
    for (const { everyMs, most } of [
      { everyMs: 10, most: 2 ** 16 },
      { everyMs: 0.1, most: 2 ** 19 },
    ]) {
      const clock = new ManualClock();
      const link = pair({ leaseMs: 1e9 }, clock);
      link.right.channel(1).listen(() => {});
      link.join(2 ** 20);
      link.left.channel(1).send(new Uint8Array(3e7));
      let largest = 0;
      for (await settle(); !link.isEmpty; ) {
        const before = link.right.statistics().receivedBytes;
        await clock.pass(everyMs);
        await link.move(1);
        largest = Math.max(largest, link.right.statistics().receivedBytes - before);
      }
      assert.ok(largest <= most && largest > 0.9 * most, `${largest} bytes at once, one each ${everyMs} ms`);
    }
  });
});

describe("a trunk closes with a ProtocolError", () => {
  const limits = { messageBytes: 1e6, channels: 10 };

  /** The trunk that is tried, and a wire to tell it anything. */
  async function strangers() {
    const trunk = new Trunk({ clock: new ManualClock(), limits });
    const [wire, end] = memoryWire();
    trunk.attach(wire);
    const channel = trunk.channel(1);
    channel.listen(() => {});
    return { trunk, channel, end };
  }

  const cases: Readonly<Record<string, readonly number[]>> = {
    "for a frame that is none": [0xf8, 0],
    "for a frame that is cut short": [0 << 3, 1, 5, 1],
    "for a message that is no value": [(0 << 3) | 3, 1, 1, 0xff],
    "for a piece that belongs to no message": [0 << 3, 1, 1, 0],
    "for a message that begins within another": [(0 << 3) | 1, 1, 1, 5, (0 << 3) | 1, 1, 1, 5],
    "for a message that says that it is too large": [(0 << 3) | 5, 1, 5, 4, 1, 0xff, 0xff, 0x7f],
    "for a message shorter than it said": [(0 << 3) | 7, 1, 5, 1, 1, 3, 0x91, 0],
    "for an acknowledgement of what was not sent": [4 << 3, 9],
    "for an answer to no question": [6 << 3, 3],
    "for credit on a channel that is not there": [2 << 3, 5, 5],
    "for a reason that is none": [3 << 3, 1, 1, 7],
    "for more channels than are allowed": Array.from({ length: 11 }, (_, i) => [0 << 3, i + 1, 0]).flat(),
    "for another frame where a piece was to come": [1 << 3, 1, 9, 5 << 3, 1],
  };
  for (const [name, bytes] of Object.entries(cases)) {
    it(name, async () => {
      const { trunk, channel, end } = await strangers();
      end.send(Uint8Array.from(bytes));
      assert.match(await trunk.closed, /^ProtocolError: /);
      assert.equal(await channel.closed, await trunk.closed);
      assert.equal(await end.closed, await trunk.closed);
    });
  }

  it("for a message that goes on and on without saying how long it is", async () => {
    const { trunk, end } = await strangers();
    const piece = [0 << 3, 1, 100, ...new Array(100).fill(0)];
    end.send(Uint8Array.of((0 << 3) | 1, 1, 1, 0));
    for (let i = 0; i < 100; i++) end.send(Uint8Array.from(piece));
    assert.match(await trunk.closed, /ProtocolError: A message has \d+ bytes or more, and 8192 are allowed/);
  });

  it("for a piece of another length than was said", async () => {
    const { trunk, end } = await strangers();
    end.send(Uint8Array.of((1 << 3) | 1, 1, 9));
    end.send(new Uint8Array(8));
    assert.match(await trunk.closed, /ProtocolError: 9 bytes were to come, not 8/);
  });

  it("for more than a channel can take", async () => {
    const trunk = new Trunk({ clock: new ManualClock(), limits });
    const [wire, end] = memoryWire();
    trunk.attach(wire);
    trunk.channel(1);
    for (let i = 0; i < 5; i++) {
      end.send(Uint8Array.of(1 << 3, 1, 0x80, 0x80, 0x04));
      end.send(new Uint8Array(2 ** 16));
    }
    assert.match(await trunk.closed, /ProtocolError: Channel 1 was sent more than it can take/);
  });

  it("or goes on, whatever bytes arrive, and never anything else", async () => {
    let closed = 0;
    for (let seed = 0; seed < 1_500; seed++) {
      const random = new Random(seed);
      const { trunk, end } = await strangers();
      for (let i = 0; i < 5; i++) {
        const bytes = Uint8Array.from({ length: random.integer(1, 40) }, () => random.integer(0, 256));
        if (random.chance(0.8)) bytes[0] = (random.integer(0, 8) << 3) | random.integer(0, 8);
        if (random.chance(0.8)) bytes[1] = random.integer(0, 4);
        if (random.chance(0.8)) bytes[2] = bytes.length - 3;
        end.send(bytes);
      }
      await settle();
      if (trunk.isClosed) {
        closed++;
        assert.equal(typeof (await trunk.closed), "string");
      } else assert.equal(trunk.isAttached, true);
      trunk.close("over");
    }
    assert.ok(closed > 500, `${closed} of 1500`);
  });
});
