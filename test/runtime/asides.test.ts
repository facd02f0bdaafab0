/** Channels beside a wire, handed to the workers at both ends; and hosts that cannot, or find out too late that they cannot. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryWire } from "../../src/adapters/memory-wire.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import type { Cloakroom } from "../../src/ports/cloakroom.ts";
import type { Wire } from "../../src/ports/wire.ts";
import { Asides } from "../../src/runtime/asides.ts";
import { Trunk } from "../../src/runtime/trunk.ts";

const clock = new SystemClock();

/** What happened, in order, at two hosts with a wire between them; `fails` names those that cannot hand anything over. */
function hosts(fails: readonly string[] = [], cloakrooms: { readonly [name: string]: Cloakroom } = {}) {
  const story: string[] = [];
  let check = () => {};
  const tell = (line: string) => {
    story.push(line);
    check();
  };
  const host = (name: string, wire: Wire) => {
    const trunk = new Trunk({ clock });
    const aside = { open: (number: number) => ({ number }), cloakroom: cloakrooms[name] };
    trunk.attach(Object.assign(Object.create(wire) as Wire, bound(wire), { aside }));
    const asides = new Asides(trunk, {
      hand: (pipe, channel) => {
        const { number } = channel as { readonly number: number | string };
        if (fails.includes(name) || fails.includes(`${name} ${number}`)) return false;
        tell(`${name} hands ${number} to ${pipe}`);
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
  const others = hosts();
  others.here.trunk.channel(999_999).send({ type: "left", pipe: 7, number: 0 });
  assert.match(await others.there.trunk.closed, /no word of the protocol/);
});

/** A browser's, which both hosts are in; what is in it, and where it is held up. */
function browser({ isLost = false, isSilent = false } = {}) {
  const left = new Map<string, object>();
  let count = 0;
  const cloakroom: Cloakroom = {
    channel: () => [{ number: "a port" }, { number: "its other end" }],
    leave: async (end) => {
      if (isLost) return undefined;
      const ticket = `ticket ${++count}`;
      left.set(ticket, end);
      return ticket;
    },
    fetch: (ticket) => {
      if (isSilent) return new Promise(() => {});
      const end = left.get(ticket);
      left.delete(ticket);
      return Promise.resolve(end);
    },
    forget: (ticket) => void left.delete(ticket),
  };
  return { cloakroom, left };
}

const inOne = (cloakroom: Cloakroom) => ({ here: cloakroom, there: cloakroom });
/** What was said before by either has been heard by the other, and answered. */
async function settle({ here, there }: ReturnType<typeof hosts>): Promise<void> {
  for (const number of [11, 12, 13])
    for (const [from, to] of [
      [here, there],
      [there, here],
    ] as const) {
      const heard = new Promise<void>((resolve) => to.trunk.channel(number).listen(() => resolve()));
      from.trunk.channel(number).send("that far");
      await heard;
    }
}

it(
  "two workers in one browser are given a port as well, beside the channel, by whoever fetched it first",
  limit,
  async () => {
    const { cloakroom, left } = browser();
    const { here, there, story, until } = hosts([], inOne(cloakroom));
    there.asides.add(7, false);
    here.asides.add(7, true);
    await until("here hands a port to 7");
    assert.deepEqual(story, [
      "there hands 0 to 7",
      "here hands 0 to 7",
      "here knows that 7 is made",
      "there hands its other end to 7",
      "here hands a port to 7",
    ]);
    assert.equal(left.size, 0);
    assert.deepEqual([here.asides.handed, there.asides.handed], [[7], [7]]);
  },
);

it(
  "who is in another browser finds nothing there, and the channel stays; what was left is forgotten",
  limit,
  async () => {
    const [one, other] = [browser(), browser()];
    const staged = hosts([], { here: one.cloakroom, there: other.cloakroom });
    const { here, there, story } = staged;
    there.asides.add(7, false);
    here.asides.add(7, true);
    await staged.until("here knows that 7 is made");
    await settle(staged);
    assert.deepEqual(story, ["there hands 0 to 7", "here hands 0 to 7", "here knows that 7 is made"]);
    assert.equal(one.left.size, 0);
  },
);

it("the channel does without a place that has gone, or never answers", limit, async () => {
  for (const place of [browser({ isLost: true }), browser({ isSilent: true })]) {
    const staged = hosts([], inOne(place.cloakroom));
    const { here, there, story } = staged;
    there.asides.add(7, false);
    here.asides.add(7, true);
    await staged.until("here knows that 7 is made");
    await settle(staged);
    assert.deepEqual(story, ["there hands 0 to 7", "here hands 0 to 7", "here knows that 7 is made"]);
    here.trunk.close("over");
    await here.trunk.closed;
    await new Promise(setImmediate);
    assert.equal(place.left.size, 0, "nobody will come for it any more");
  }
});

it(
  "a port that leads nowhere is taken back, and so is nothing that the other host could not hand over",
  limit,
  async () => {
    {
      const { here, there, story, until } = hosts(["here a port"], inOne(browser().cloakroom));
      there.asides.add(7, false);
      here.asides.add(7, true);
      await until("there takes back 7");
      assert.equal(story.at(-2), "there hands its other end to 7");
    }
    const staged = hosts(["there its other end"], inOne(browser().cloakroom));
    staged.there.asides.add(7, false);
    staged.here.asides.add(7, true);
    await staged.until("here knows that 7 is made");
    await settle(staged);
    assert.equal(staged.story.at(-1), "here knows that 7 is made");
  },
);

it("a port outlasts the wire; channels of the next wire are offered, and no second port", limit, async () => {
  const staged = hosts([], inOne(browser().cloakroom));
  const { here, there, story } = staged;
  there.asides.add(7, false);
  here.asides.add(7, true);
  await staged.until("here hands a port to 7");
  for (const { asides } of [there, here]) asides.renew();
  await staged.until("here hands 1 to 7");
  await settle(staged);
  assert.deepEqual(story.slice(5), ["there hands 1 to 7", "here hands 1 to 7", "here knows that 7 is made"]);
  // Once its workers have let go of all they had, they are to have all again.
  here.asides.letGo(7);
  here.asides.complete();
  await staged.until("here hands 2 to 7");
  await settle(staged);
  assert.equal(story.at(-1), "here hands a port to 7");
});

it("what is found when the other host is gone is handed to nobody", limit, async () => {
  let find = (_: object) => {};
  const slow = {
    ...browser().cloakroom,
    fetch: () =>
      new Promise<object>((resolve) => {
        find = resolve;
      }),
  };
  const staged = hosts([], inOne(slow));
  const { here, there, story } = staged;
  there.asides.add(7, false);
  here.asides.add(7, true);
  await staged.until("here knows that 7 is made");
  await settle(staged);
  here.trunk.close("over");
  await there.trunk.closed;
  find({ number: "its other end" });
  await new Promise(setImmediate);
  assert.equal(story.at(-1), "here knows that 7 is made");
});
