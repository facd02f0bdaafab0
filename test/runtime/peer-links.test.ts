/** A worker's links to another worker: the best of them is used, and what was asked by one that broke is asked again. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import type { PeerMessage } from "../../src/protocol/peer-messages.ts";
import { type LinkKind, PeerLinks } from "../../src/runtime/peer-links.ts";

function stage({ hasActors = false } = {}) {
  const received: [number, readonly unknown[]][] = [];
  /** Links that nobody is to call actors by any more. */
  const keptOff: string[] = [];
  const links = new PeerLinks({
    lookUp: () => {
      throw new Error("nobody asks here");
    },
    read: () => {
      throw new Error("nobody asks here");
    },
    receive: (request, _ids, values) => void received.push([request, values]),
    refuse: () => {},
    hearOfActors: () => {},
    hasActors: () => hasActors,
    keepActorsOff: (peer) => keptOff.push(peer),
  });
  /** A link to the peer; what it was asked by it, and a way to answer. */
  const link = (kind: LinkKind = "hosts") => {
    const [here, there] = memoryComm<PeerMessage, PeerMessage>();
    const asked: number[] = [];
    const said: string[] = [];
    there.listen((message) => {
      if (message.type === "get-data") asked.push(message.request);
      if (message.type === "rest") said.push(message.how);
    });
    links.link("peer", here, kind);
    return {
      asked,
      said,
      say: (how: "ask" | "agree" | "refuse") => there.send({ type: "rest", how }),
      call: () => there.send({ type: "actor-calls", first: 0, calls: [] }),
      closed: there.closed,
      close: () => there.close("it broke"),
      answer: (request: number, value: unknown) =>
        there.send({ type: "data", request, ids: [1], values: [value] } as never),
    };
  };
  return { links, link, received, keptOff };
}

const limit = { timeout: 10_000 };
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("the latest link is asked, and the one before answers what it was asked", () => {
  const { links, link, received } = stage();
  const first = link();
  links.ask("peer", 1, [1]);
  const second = link();
  links.ask("peer", 2, [1]);
  assert.deepEqual([first.asked, second.asked], [[1], [2]]);
  first.answer(1, "by the first");
  second.answer(2, "by the second");
  second.answer(2, "once more");
  assert.deepEqual(received, [
    [1, ["by the first"]],
    [2, ["by the second"]],
  ]);
});

it("what was asked by a link that broke is asked by the one before it, or by the next that comes", async () => {
  const { links, link } = stage();
  const first = link();
  const second = link();
  links.ask("peer", 1, [1]);
  second.close();
  await turn();
  assert.deepEqual([first.asked, second.asked], [[1], [1]]);
  first.close();
  await turn();
  assert.equal(links.ask("peer", 2, [1]), true, "another will come");
  assert.deepEqual(link().asked, [1, 2]);
});

it("a link past the hosts is quiet once nothing was said on it between two questions, and nothing is asked or called by it", () => {
  const { links, link } = stage();
  link();
  const aside = link("aside");
  assert.deepEqual([links.isQuiet("peer"), links.isQuiet("peer")], [false, true], "nobody had asked before");
  links.ask("peer", 1, [1]);
  assert.deepEqual([links.isQuiet("peer"), links.isQuiet("peer")], [false, false], "it is to be answered");
  aside.answer(1, "the value");
  assert.deepEqual([links.isQuiet("peer"), links.isQuiet("peer")], [false, true]);
  assert.equal(links.isQuiet("nobody"), true);
  const other = stage({ hasActors: true });
  other.link();
  other.link("aside");
  assert.deepEqual([other.links.isQuiet("peer"), other.links.isQuiet("peer")], [false, false]);
});

it("it is let go of if the peer agrees, and meanwhile everything goes by the other link", limit, async () => {
  const { links, link, keptOff } = stage();
  const pipe = link();
  const aside = link("aside");
  const isAgreed = links.rest("peer");
  assert.deepEqual(keptOff, ["peer"], "before the peer is asked, and at once");
  links.ask("peer", 1, [1]);
  assert.deepEqual([aside.said, aside.asked, pipe.asked], [["ask"], [], [1]]);
  aside.say("agree");
  assert.equal(await isAgreed, true);
  await aside.closed;
  await turn();
  links.ask("peer", 2, [1]);
  assert.deepEqual(pipe.asked, [1, 2], "what was asked by the other link is not asked again");
});

it("it is used again if the peer refuses, which it does while it waits for an answer", limit, async () => {
  const { links, link, keptOff } = stage();
  const pipe = link();
  const aside = link("aside");
  const isAgreed = links.rest("peer");
  aside.say("refuse");
  assert.equal(await isAgreed, false);
  links.ask("peer", 1, [1]);
  aside.say("ask");
  assert.deepEqual([aside.said, aside.asked, pipe.asked], [["ask", "refuse"], [1], []]);
  assert.equal(await links.rest("peer"), false, "it is in use here as well");
  aside.answer(1, "the value");
  aside.say("ask");
  links.ask("peer", 2, [1]);
  assert.deepEqual([aside.said.at(-1), aside.asked, pipe.asked], ["agree", [1], [2]]);
  assert.equal(keptOff.length, 2, "when it asked, and when it agreed");
});

it(
  "it is not let go of where there is no other link, nor used once there is a newer one by way of the hosts",
  limit,
  async () => {
    const { links, link } = stage();
    const aside = link("aside");
    assert.equal(await links.rest("peer"), false);
    aside.say("ask");
    assert.deepEqual(aside.said, ["refuse"]);
    links.ask("peer", 1, [1]);
    const pipe = link();
    await aside.closed;
    await turn();
    assert.deepEqual(pipe.asked, [1], "and what it was asked is asked again");
  },
);

it("a peer that goes while it is asked to let go has not", limit, async () => {
  const { links, link } = stage();
  link();
  const aside = link("aside");
  const isAgreed = links.rest("peer");
  aside.close();
  assert.equal(await isAgreed, false);
});

it("a peer that answers what it was not asked is left", limit, async () => {
  const { link } = stage();
  link();
  const aside = link("aside");
  aside.say("agree");
  assert.match(await aside.closed, /not asked/);
});

it("by a link that only values go by, they are asked for, and nothing else is said", async () => {
  const { links, link, received } = stage();
  const pipe = link();
  const bypass = link("bypass");
  links.ask("peer", 1, [1]);
  assert.deepEqual([pipe.asked, bypass.asked], [[], [1]]);
  links.comms.get("peer")?.send({ type: "get-data", request: 9, ids: [] });
  assert.deepEqual(pipe.asked, [9], "actors are called by the other");
  bypass.close();
  await turn();
  assert.deepEqual(pipe.asked, [9, 1], "what it left unanswered");
  const another = link("bypass");
  links.ask("peer", 2, [1]);
  another.answer(2, "the value");
  assert.deepEqual(received, [[2, ["the value"]]]);
  another.call();
  await another.closed;
});

it(
  "a port is the best way, also when there is a later channel; it ends with the way of the hosts that it was beside",
  limit,
  async () => {
    const { links, link } = stage();
    const pipe = link();
    const port = link("port");
    const channel = link("aside");
    links.ask("peer", 1, [1]);
    assert.deepEqual([port.asked, channel.asked], [[1], []]);
    port.close();
    await turn();
    assert.deepEqual([channel.asked, pipe.asked], [[1], []], "then the channel is the best");
    const next = link("port");
    links.ask("peer", 2, [1]);
    pipe.close();
    await next.closed;
    await turn();
    assert.deepEqual([next.asked, channel.asked], [[2], [1, 2]], "a channel tells of its end by itself");
  },
);

it("there is none past the hosts to a peer that is gone", async () => {
  const { links, link } = stage();
  link();
  links.remove("peer");
  await link("bypass").closed;
  assert.equal(links.ask("peer", 1, [1]), false);
});
