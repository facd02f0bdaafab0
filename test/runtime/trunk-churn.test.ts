/** Wires that drop at any moment and are replaced: nothing is lost, nothing comes twice, and no more is kept than has to be. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Trunk } from "../../src/runtime/trunk.ts";
import type { TrunkOptions } from "../../src/runtime/trunk-options.ts";
import { Random } from "../support/random.ts";
import { ManualClock } from "../support/staged-cluster.ts";
import { Link, settle } from "../support/trunk-stage.ts";

interface Word {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** One direction of one channel: what was said, and that it is heard in order, once, as it was. */
class Talk {
  readonly #say: (word: Word) => void;
  said = 0;
  heard = 0;

  constructor(from: Trunk, to: Trunk, id: number, toId = id) {
    const out = from.channel(id);
    this.#say = (word) => out.send(word);
    to.channel(toId).listen((heard) => {
      const { number, bytes } = heard as Word;
      assert.equal(number, this.heard++, `channel ${id}`);
      assert.ok(bytes.every((byte) => byte === (number & 255)));
    });
  }

  say(size: number): void {
    this.#say({ number: this.said, bytes: new Uint8Array(size).fill(this.said & 255) });
    this.said++;
  }
}

const sizeOf = (random: Random) =>
  random.weighted({ tiny: 5, middling: 3, large: 1 }) === "tiny"
    ? random.integer(0, 50)
    : random.integer(0, random.chance(0.2) ? 400_000 : 60_000);

const clock = new ManualClock();
const options: TrunkOptions = { clock, leaseMs: 1e9, mayRest: true, limits: { channelBytes: 2 ** 18 } };

describe("a trunk whose wires drop", () => {
  it("loses and repeats nothing, whenever that happens, nor when they are let go of", async () => {
    let rests = 0;
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const link = new Link(new Trunk(options), new Trunk(options));
      const talks = [1, 2, 300].flatMap((id) => [
        new Talk(link.left, link.right, id),
        new Talk(link.right, link.left, id),
      ]);
      const most = random.pick([2 ** 14, 2 ** 16, 2 ** 20] as const);
      link.join(most);
      for (let step = 0; step < 60; step++) {
        switch (random.weighted({ say: 8, move: 10, cut: 1, join: 1, pass: 1, rest: 1 })) {
          case "say":
            for (let i = random.integer(1, 6); i > 0; i--) random.pick(talks)?.say(sizeOf(random));
            await settle();
            break;
          case "move":
            await link.move(random.integer(1, 12), random);
            break;
          case "cut":
            await link.cut();
            break;
          case "join":
            // Sometimes twice: another wire takes the place of one that is still good, or of one that never carried anything.
            for (let i = random.integer(1, 3); i > 0; i--) link.join(most);
            break;
          case "pass":
            await clock.pass(random.integer(1, 40));
            break;
          case "rest":
            await link.drain();
            await clock.pass(100);
            await link.drain();
            if (random.pick([link.left, link.right] as const).rest()) rests += 1;
            // Whoever speaks before it has heard of that, or as soon as it has, is heard.
            if (random.chance(0.5)) random.pick(talks)?.say(sizeOf(random));
        }
      }
      link.join(most);
      await link.drain();
      await clock.pass(100);
      await link.drain();
      for (const talk of talks) assert.equal(talk.heard, talk.said, `seed ${seed}`);
      for (const trunk of [link.left, link.right]) {
        const { queuedBytes, unacknowledgedBytes } = trunk.statistics();
        assert.deepEqual([queuedBytes, unacknowledgedBytes], [0, 0], `seed ${seed}`);
        trunk.close("over");
      }
      await link.drain();
    }
    assert.ok(rests > 20, `${rests} rests`);
  });

  it("loses and repeats nothing on the way through another trunk", async () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const [near, far] = [
        new Link(new Trunk(options), new Trunk(options)),
        new Link(new Trunk(options), new Trunk(options)),
      ];
      near.right.forward(5, far.left, 900);
      const talks = [new Talk(near.left, far.right, 5, 900), new Talk(far.right, near.left, 900, 5)];
      near.join();
      far.join(2 ** 14);
      for (let step = 0; step < 60; step++) {
        const link = random.pick([near, far] as const);
        switch (random.weighted({ say: 6, move: 12, cut: 1, join: 1 })) {
          case "say":
            random.pick(talks)?.say(sizeOf(random));
            await settle();
            break;
          case "move":
            await link.move(random.integer(1, 12), random);
            break;
          case "cut":
            await link.cut();
            break;
          case "join":
            link.join(link === far ? 2 ** 14 : 2 ** 16);
        }
      }
      near.join();
      far.join(2 ** 14);
      for (let round = 0; round < 50; round++) {
        await near.drain();
        await far.drain();
      }
      for (const talk of talks) assert.equal(talk.heard, talk.said, `seed ${seed}`);
      const { closed } = far.right.channel(900);
      near.left.close("enough");
      for (const link of [near, far]) await link.drain();
      assert.equal(await closed, "enough");
      near.right.close("over");
      far.right.close("over");
      far.left.close("over");
    }
  });

  it("keeps no more than a bounded amount to be sent again", async () => {
    const link = new Link(new Trunk(options), new Trunk(options));
    link.right.channel(1).listen(() => {});
    link.join();
    for (let i = 0; i < 40; i++) link.left.channel(1).send(new Uint8Array(2 ** 20));
    await settle();
    let most = 0;
    // Everything arrives, but nothing of what the other end says.
    while (!link.isEmpty) {
      await link.move(1);
      most = Math.max(most, link.left.statistics().unacknowledgedBytes);
    }
    assert.ok(most > 2 ** 18 && most <= 9 * 2 ** 20, `${most} bytes`);
    assert.equal(link.left.statistics().queuedBytes, 0);
  });

  it("says so, waits for as long as its lease, and then closes", async () => {
    const time = new ManualClock();
    const trunks = [1, 2].map(() => new Trunk({ clock: time, leaseMs: 5_000 })) as [Trunk, Trunk];
    const link = new Link(...trunks);
    const said: string[] = [];
    link.left.onDetached((reason) => said.push(reason));
    const channel = link.left.channel(1);
    link.join();
    await link.cut();
    assert.deepEqual([said, link.left.isAttached], [["cut"], false]);
    await time.pass(4_999);
    link.join();
    await time.pass(20_000);
    assert.deepEqual([link.left.isAttached, link.left.isClosed, link.left.statistics().resumptions], [true, false, 1]);
    await link.cut();
    await time.pass(5_000);
    assert.match(await link.left.closed, /5000 ms: cut/);
    assert.match(await channel.closed, /5000 ms: cut/);
    assert.match(await link.right.closed, /5000 ms: cut/);
  });

  it("closes with its wire if it has no lease", async () => {
    const link = new Link(new Trunk({ clock }), new Trunk({ clock }));
    link.join();
    await link.cut();
    assert.equal(await link.left.closed, "cut");
    assert.equal(await link.right.channel(3).closed, "the trunk is closed");
  });

  it("closes, and says why, if another wire takes less at once than the one before", async () => {
    const link = new Link(new Trunk(options), new Trunk(options));
    link.join();
    link.join(2 ** 14);
    assert.match(await link.left.closed, /takes 16384 bytes at once, and 65536/);
  });

  it("does not believe that it said less, or more, than it did", async () => {
    for (const theirs of [1, 1_000]) {
      const trunk = new Trunk(options);
      const link = new Link(trunk, new Trunk(options));
      link.join();
      await link.drain();
      const [wire] = (await import("../../src/adapters/memory-wire.ts")).memoryWire();
      trunk.detach("dropped");
      trunk.attach(wire, theirs);
      assert.match(await trunk.closed, /^ProtocolError: \d+ frames were acknowledged, of \d+ that were sent\.$/);
      assert.match(await wire.closed, /^ProtocolError/);
    }
  });
});
