/** Channels beside a wire, handed to the workers at both ends; and hosts that cannot, or find out too late that they cannot. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryWire } from "../../src/adapters/memory-wire.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import type { Wire } from "../../src/ports/wire.ts";
import { Asides } from "../../src/runtime/asides.ts";
import { Trunk } from "../../src/runtime/trunk.ts";

const clock = new SystemClock();

/** What happened, in order, at two hosts with a wire between them; `fails` names those that cannot hand anything over. */
function hosts(fails: readonly string[] = [], canAside = true) {
  const story: string[] = [];
  let check = () => {};
  const tell = (line: string) => {
    story.push(line);
    check();
  };
  const host = (name: string, wire: Wire) => {
    const trunk = new Trunk({ clock });
    const aside = canAside ? (number: number) => ({ number }) : undefined;
    trunk.attach(Object.assign(Object.create(wire) as Wire, bound(wire), { aside }));
    const asides = new Asides(trunk, {
      hand: (pipe, channel) => {
        if (fails.includes(name)) return false;
        tell(`${name} hands ${(channel as { number: number }).number} to ${pipe}`);
        return true;
      },
      takeBack: (pipe) => tell(`${name} takes back ${pipe}`),
      onMade: (pipe) => tell(`${name} knows that ${pipe} is made`),
    });
    return { trunk, asides };
  };
  const [left, right] = memoryWire();
  const [here, there] = [host("here", left), host("there", right)];
  const until = (line: string) =>
    new Promise<void>((resolve) => {
      check = () => {
        if (story.includes(line)) resolve();
      };
      check();
    });
  return { here, there, story, until };
}

function bound(wire: Wire) {
  return {
    send: wire.send.bind(wire),
    listen: wire.listen.bind(wire),
    onDrain: wire.onDrain.bind(wire),
    close: wire.close.bind(wire),
    closed: wire.closed,
    maxMessageBytes: wire.maxMessageBytes,
    bufferedBytes: 0,
  };
}

const limit = { timeout: 10_000 };

it("the other host hands its end over first, then the one that offered", limit, async () => {
  const { here, there, story, until } = hosts();
  there.asides.add(7, false);
  here.asides.add(7, true);
  await until("here knows that 7 is made");
  assert.deepEqual(story, ["there hands 0 to 7", "here hands 0 to 7", "here knows that 7 is made"]);
});

it(
  "an offer for a pipe that is not known yet is kept until it is, and each has a number of its own",
  limit,
  async () => {
    const { here, there, story, until } = hosts();
    here.asides.add(7, true);
    here.asides.add(8, true);
    there.asides.add(8, false);
    await until("here knows that 8 is made");
    there.asides.add(7, false);
    await until("here knows that 7 is made");
    assert.deepEqual(
      story.filter((line) => line.startsWith("there")),
      ["there hands 1 to 8", "there hands 0 to 7"],
    );
  },
);

it("nothing comes of it where the other host cannot hand anything over", limit, async () => {
  const { here, there, story, until } = hosts(["there"]);
  there.asides.add(7, false);
  here.asides.add(7, true);
  here.trunk.channel(1).send("after that");
  await new Promise<void>((resolve) => there.trunk.channel(1).listen(() => resolve()));
  there.trunk.channel(2).send("after its answer");
  await new Promise<void>((resolve) => here.trunk.channel(2).listen(() => resolve()));
  assert.deepEqual(story, []);
  assert.equal(await Promise.race([until("never"), Promise.resolve("quiet")]), "quiet");
});

it("what leads nowhere is taken back", limit, async () => {
  const { here, there, story, until } = hosts(["here"]);
  there.asides.add(7, false);
  here.asides.add(7, true);
  await until("there takes back 7");
  assert.deepEqual(story, ["there hands 0 to 7", "there takes back 7"]);
});

it("nonsense ends the trunk", limit, async () => {
  const { here, there } = hosts();
  here.trunk.channel(999_999).send({ type: "offer", pipe: "seven" });
  assert.match(await there.trunk.closed, /no word of the protocol/);
});
