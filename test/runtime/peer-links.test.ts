/** A worker's links to another worker: the best of them is used, and what was asked by one that broke is asked again. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import type { PeerMessage } from "../../src/protocol/worker-messages.ts";
import { PeerLinks } from "../../src/runtime/peer-links.ts";

function stage() {
  const received: [number, readonly unknown[]][] = [];
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
  });
  /** A link to the peer; what it was asked by it, and a way to answer. */
  const link = () => {
    const [here, there] = memoryComm<PeerMessage, PeerMessage>();
    const asked: number[] = [];
    there.listen((message) => void (message.type === "get-data" && asked.push(message.request)));
    links.link("peer", here);
    return {
      asked,
      close: () => there.close("it broke"),
      answer: (request: number, value: unknown) =>
        there.send({ type: "data", request, ids: [1], values: [value] } as never),
    };
  };
  return { links, link, received };
}

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
