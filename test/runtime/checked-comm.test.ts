/** Comms with those who need not be believed. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryComm } from "../../src/adapters/memory-comm.ts";
import type { PeerMessage } from "../../src/protocol/peer-messages.ts";
import { validateClientMessages } from "../../src/protocol/validate.ts";
import { checkedComm } from "../../src/runtime/checked-comm.ts";
import { checkedPeerComm } from "../../src/runtime/checked-peer-comm.ts";

describe("a checked comm", () => {
  it("closes with a ProtocolError at the first message that is none, and lets nothing pass after it", async () => {
    const [here, there] = memoryComm<unknown, unknown>();
    const heard: unknown[] = [];
    checkedComm(there, validateClientMessages).listen((message) => heard.push(message));
    here.send([{ type: "news-received", batch: 1 }]);
    here.send([{ type: "news-received", batch: "all" }]);
    here.send([{ type: "news-received", batch: 2 }]);
    assert.match(await here.closed, /^ProtocolError: .*\(news-received\)\.batch must be a whole number, not "all"/);
    assert.deepEqual(heard, [[{ type: "news-received", batch: 1 }]]);
  });

  it("between workers lets pass what was asked for, once", async () => {
    const [here, there] = memoryComm<PeerMessage, PeerMessage>();
    const heard: PeerMessage[] = [];
    const checked = checkedPeerComm(there);
    checked.listen((message) => heard.push(message));
    checked.send({ type: "get-data", request: 1, ids: [4, 5] });
    const answer: PeerMessage = { type: "data", request: 1, ids: [4], values: ["x"] };
    here.send(answer);
    here.send(answer);
    assert.match(await here.closed, /^ProtocolError: data: the peer was not asked 1/);
    assert.deepEqual(heard, [answer]);
  });

  it("between workers refuses values that were not asked for", async () => {
    const [here, there] = memoryComm<PeerMessage, PeerMessage>();
    const checked = checkedPeerComm(there);
    checked.listen(() => assert.fail("it is heard"));
    checked.send({ type: "get-data", request: 1, ids: [4] });
    here.send({ type: "data", request: 1, ids: [6], values: ["x"] });
    assert.match(await here.closed, /^ProtocolError: data: the peer was not asked for 6/);
  });
});
