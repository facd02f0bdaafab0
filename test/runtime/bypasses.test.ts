/** Wires from thread to thread, as two hosts and a worker of each agree on them; and what becomes of one that cannot be had, or breaks. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryWire } from "../../src/adapters/memory-wire.ts";
import { nobleSecrecy } from "../../src/adapters/noble-secrecy.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { Wire } from "../../src/ports/wire.ts";
import type { PeerMessage } from "../../src/protocol/peer-messages.ts";
import type { PeerComm } from "../../src/runtime/aside-link.ts";
import { BypassEnd } from "../../src/runtime/bypass-end.ts";
import type { Bypassing } from "../../src/runtime/bypass-wires.ts";
import { BYPASS_CHANNEL, BYPASSES, type BypassOrder } from "../../src/runtime/bypass-words.ts";
import { Bypasses, openBypasses } from "../../src/runtime/bypasses.ts";
import type { LinkKind } from "../../src/runtime/peer-links.ts";
import { Trunk } from "../../src/runtime/trunk.ts";
import { ownMemory } from "../../src/runtime/trunk-options.ts";
import { ManualClock } from "../support/staged-cluster.ts";

const limit = { timeout: 20_000 };
const MUCH = 1_100_000;
const PIPE = 1_000_000;

function trunks(): readonly [Trunk, Trunk] {
  const clock = new SystemClock();
  const both = [new Trunk({ clock }), new Trunk({ clock })] as const;
  const [left, right] = memoryWire();
  both[0].attach(left);
  both[1].attach(right);
  return both;
}

/** Two hosts, of which the first has come to the second, with a worker each and a pipe between these. */
function stage({ canExpect = true } = {}) {
  const clock = new ManualClock();
  const session = { id: "s", key: nobleSecrecy.random(32) };
  const story: string[] = [];
  let look = () => {};
  const tell = (line: string) => {
    story.push(line);
    look();
  };
  /** Those who are waited for: by address and ticket. */
  const awaited = new Map<string, (wire: Wire) => void>();
  const made: Wire[] = [];
  /** Nothing comes through these any more, and nobody says so. */
  const wires = { areMute: false };
  const nameOf = (address: string, ticket: Uint8Array) => `${address} ${Buffer.from(ticket).toString("hex")}`;
  const bypassing: Bypassing = {
    expect: async (at, ticket) => {
      tell("other's worker is to wait");
      if (!canExpect) throw new Error("there is no port left");
      const wire = new Promise<Wire>((resolve) => awaited.set(nameOf(at.replace(/:0$/, ":77"), ticket), resolve));
      return { port: 77, wire, stop: () => {} };
    },
    call: async (address, ticket) => {
      const accept = awaited.get(nameOf(address, ticket));
      if (accept === undefined) throw new Error("nobody is expected there");
      const [here, there] = memoryWire({ carry: (arrive) => queueMicrotask(() => wires.areMute || arrive()) });
      made.push(here);
      accept(there);
      return here;
    },
  };
  const [fromOne, fromOther] = trunks();
  const host = (name: string, trunk: Trunk, isCaller: boolean) => {
    const [pipeAtHost, pipeAtWorker] = trunks();
    const bypasses = new Bypasses(trunk, {
      clock,
      secrecy: nobleSecrecy,
      session,
      theirs: isCaller ? "tcp://10.0.0.2" : undefined,
      ours: isCaller ? undefined : "tcp://10.0.0.2:0",
      onRoute: (hasSome) => tell(`${name} has ${hasSome ? "some" : "none"}`),
      onMeasured: () => {},
    });
    bypasses.add(PIPE, pipeAtHost);
    trunk.forward(PIPE, pipeAtHost, 0);
    const links: PeerComm[] = [];
    const end = new BypassEnd(pipeAtWorker, pipeAtWorker.channel(0) as Comm<PeerMessage, PeerMessage>, {
      clock,
      peer: "peer",
      links: {
        link: (_peer: string, comm: PeerComm, kind?: LinkKind) => {
          links.push(comm);
          comm.listen((message) => tell(`${name}'s worker hears ${message.type}`));
          comm.closed.then(() => tell(`${name}'s worker has lost it`));
          tell(`${name}'s worker has a ${kind}`);
        },
      },
      bypassing: async () => bypassing,
      allocate: ownMemory.allocate,
    });
    end.comm.listen(() => tell(`${name}'s worker hears by the pipe`));
    return { trunk, bypasses, links, end, pipe: pipeAtHost };
  };
  const one = host("one", fromOne, true);
  const other = host("other", fromOther, false);
  /** Once that has happened so many times. */
  const until = (line: string, times = 1) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (story.filter((each) => each === line).length >= times) resolve();
      };
      look();
    });
  const values = { type: "data", request: 1, ids: [1], values: [new Uint8Array(MUCH)] } as unknown as PeerMessage;
  return { one, other, story, until, made, wires, clock, values };
}

it(
  "whichever worker has got much, that of the host that came to the other calls that of the other",
  limit,
  async () => {
    for (const [from, to] of [
      ["one", "other"],
      ["other", "one"],
    ] as const) {
      const t = stage();
      t[from].end.comm.send(t.values);
      await t.until(`${to}'s worker hears by the pipe`);
      await t.until("one has some");
      await t.until("other has some");
      assert.deepEqual([t.one.bypasses.made, t.other.bypasses.made], [[PIPE], [PIPE]]);
      assert.deepEqual(
        t.story.slice().sort(),
        [
          "one has some",
          "one's worker has a bypass",
          "other has some",
          "other's worker has a bypass",
          "other's worker is to wait",
          `${to}'s worker hears by the pipe`,
        ].sort(),
      );
      t.one.links[0]?.send({ type: "get-data", request: 1, ids: [1] });
      await t.until("other's worker hears get-data");
      t.other.links[0]?.send(t.values);
      await t.until("one's worker hears data");
      t.other.pipe.close("its host has lost the other");
      await t.until("one's worker has lost it");
    }
  },
);

it("one that breaks is over for both, and there is another when much has gone by the pipe again", limit, async () => {
  const t = stage();
  t.one.end.comm.send(t.values);
  await t.until("one has some");
  t.made[0]?.close("the cable was pulled");
  await t.until("one has none");
  await t.until("other has none");
  t.one.end.comm.send(t.values);
  await t.until("other's worker hears by the pipe", 2);
  assert.equal(t.made.length, 1, "it is not tried again at once");
  await t.clock.pass(1_000);
  t.one.end.comm.send(t.values);
  await t.until("one has some", 2);
  t.one.bypasses.remove(PIPE);
  await t.until("one has none", 2);
});

it(
  "one by which nothing comes any more is given up after a while, not because a worker computes for long",
  limit,
  async () => {
    const t = stage();
    t.one.end.comm.send(t.values);
    await t.until("one has some");
    await t.until("other has some");
    await t.clock.pass(60_000);
    assert.deepEqual([t.one.bypasses.made, t.other.bypasses.made], [[PIPE], [PIPE]], "they ask each other, and answer");
    t.wires.areMute = true;
    await t.clock.pass(25_000);
    assert.deepEqual([t.one.bypasses.made, t.other.bypasses.made], [[PIPE], [PIPE]]);
    await t.clock.pass(15_000);
    await t.until("one has none");
    await t.until("other has none");
  },
);

it("where the other cannot wait, all goes by the pipe, and it is tried again later and later", limit, async () => {
  const t = stage({ canExpect: false });
  const attempts: number[] = [];
  for (const waitMs of [0, 1_000, 1_999, 1]) {
    await t.clock.pass(waitMs);
    t.one.end.comm.send(t.values);
    await t.until("other's worker hears by the pipe", attempts.length + 1);
    await t.clock.pass(0);
    attempts.push(t.story.filter((line) => line === "other's worker is to wait").length);
  }
  assert.deepEqual(attempts, [1, 2, 2, 3]);
  assert.deepEqual([t.one.bypasses.made, t.made.length], [[], 0]);
});

it("what is no word of it ends the trunk between the hosts", limit, async () => {
  for (const word of [
    "nonsense",
    { type: "expect", pipe: 1, number: 1, ticket: new Uint8Array(3) },
    { type: "want" },
  ]) {
    const t = stage();
    t.one.trunk.channel(BYPASSES).send(word);
    assert.match(await t.other.trunk.closed, /no word of the protocol/);
  }
});

it(
  "threads are called, and wait, at the interface of their host, and not where that speaks under TLS",
  limit,
  async () => {
    for (const scheme of ["ws", "wss"]) {
      const [fromOne, fromOther] = trunks();
      const clock = new ManualClock();
      const session = { id: "s", key: nobleSecrecy.random(32) };
      const orders: unknown[] = [];
      const host = (trunk: Trunk, theirs: string | undefined, ours: string | undefined) => {
        const [atHost, atWorker] = trunks();
        const threshold = { clock, secrecy: nobleSecrecy };
        openBypasses({ trunk, session, threshold, theirs, ours, say: () => {} }).add(PIPE, atHost);
        const worker = atWorker.channel(BYPASS_CHANNEL);
        worker.listen((word) => {
          const order = word as BypassOrder;
          orders.push(order.type === "expect" ? order.at : order.address);
          if (order.type === "expect") worker.send({ type: "expecting", number: order.number, port: 4321 });
        });
        return worker;
      };
      host(fromOne, `${scheme}://10.0.0.2:8000`, `${scheme}://10.0.0.1:9000`).send({ type: "wanted" });
      host(fromOther, undefined, `${scheme}://10.0.0.2:8000`).send({ type: "wanted" });
      await clock.pass(0);
      await clock.pass(0);
      assert.deepEqual(orders, scheme === "ws" ? ["tcp://10.0.0.2:0", "tcp://10.0.0.2:4321"] : []);
    }
  },
);
