/** A trunk that lets go of its wire while nothing is to be said, and asks for another when something is. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Trunk } from "../../src/runtime/trunk.ts";
import { ManualClock } from "../support/staged-cluster.ts";
import { Link, settle } from "../support/trunk-stage.ts";

/** Two ends that are joined, have said something, and are quiet; and which of them asks for a wire. */
async function quiet() {
  const clock = new ManualClock();
  const options = { clock, leaseMs: 4_000, pingMs: 1_000, silenceMs: 5_200, mayRest: true };
  const link = new Link(new Trunk(options), new Trunk(options));
  const wanted: string[] = [];
  const heard: unknown[] = [];
  link.left.onDetached(() => wanted.push("left"));
  link.right.onDetached(() => wanted.push("right"));
  link.right.channel(1).listen((message) => heard.push(message));
  link.join();
  link.left.channel(1).send("before");
  await link.drain();
  await clock.pass(100);
  await link.drain();
  return { clock, link, wanted, heard };
}

describe("a trunk at rest", () => {
  it("has no wire at either end, and waits for as long as nothing is said", async () => {
    const { clock, link, wanted } = await quiet();
    assert.equal(link.left.rest(), true);
    await link.drain();
    assert.deepEqual([link.left.isAttached, link.right.isAttached], [false, false]);
    await clock.pass(3_600_000);
    assert.deepEqual([link.left.isClosed, link.right.isClosed, wanted], [false, false, []]);
    assert.equal(link.left.rest(), false, "there is nothing to let go of");
  });

  it("asks for a wire at the end that has something to say, which is heard over the next, and once", async () => {
    const { link, wanted, heard } = await quiet();
    link.left.rest();
    await link.drain();
    link.left.channel(1).send("after");
    link.left.channel(1).send("it");
    assert.deepEqual(wanted, ["left"]);
    link.join();
    await link.drain();
    assert.deepEqual(heard, ["before", "after", "it"]);
  });

  it("is woken by either end, and closes if no wire comes within its lease", async () => {
    const { clock, link, wanted } = await quiet();
    link.left.rest();
    await link.drain();
    link.right.wake();
    link.right.wake();
    assert.deepEqual(wanted, ["right"]);
    await clock.pass(4_000);
    assert.match(await link.right.closed, /4000 ms: it was closed while nothing was to be said/);
    assert.equal(link.left.isClosed, false);
    link.left.close("the other end is gone");
    assert.deepEqual(wanted, ["right"], "who closes it wants no wire");
  });

  it("is not begun while something is under way", async () => {
    const { clock, link } = await quiet();
    link.left.channel(1).send("one more");
    await settle();
    assert.equal(link.left.rest(), false, "it has not been acknowledged");
    await link.move(1);
    assert.equal(link.right.rest(), false, "it has not been acknowledged by this end");
    await link.drain();
    await clock.pass(100);
    await link.drain();
    // Nobody listens there, and what waits for credit is to be sent.
    link.left.channel(2).send(new Uint8Array(4e6));
    await link.drain();
    await clock.pass(100);
    await link.drain();
    assert.equal(link.left.rest(), false);
    assert.equal(new Trunk({ clock }).rest(), false, "without a wire");
  });

  it("is refused by an end that would not find out then that the other is gone", async () => {
    const clock = new ManualClock();
    const link = new Link(new Trunk({ clock, leaseMs: 4_000, mayRest: true }), new Trunk({ clock, leaseMs: 4_000 }));
    link.join();
    assert.equal(link.right.rest(), false);
    assert.equal(link.left.rest(), true);
    await link.drain();
    assert.match(await link.right.closed, /^ProtocolError: The wire is not to be let go of/);
  });

  it("is ended at once by an end that spoke before it heard of it", async () => {
    const { link, wanted, heard } = await quiet();
    link.right.rest();
    link.left.channel(1).send("crossed");
    await link.drain();
    assert.deepEqual(wanted, ["left"]);
    link.join();
    await link.drain();
    assert.deepEqual(heard, ["before", "crossed"]);
  });
});
