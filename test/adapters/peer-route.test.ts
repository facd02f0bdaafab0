/** By which way peers are connected, by what browsers tell of it; the reports are theirs, shortened. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { followRoute, routeIn } from "../../src/adapters/peer-route.ts";

type Reports = Parameters<typeof routeIn>[0];

/** Chromium's: of two pairs that would do, the transport tells which it is. */
function chromium(remote: string): Reports {
  return new Map([
    ["P1", { type: "candidate-pair", localCandidateId: "L1", remoteCandidateId: "R1" }],
    ["P2", { type: "candidate-pair", localCandidateId: "L1", remoteCandidateId: "R2" }],
    ["L1", { type: "local-candidate", candidateType: "host" }],
    ["R1", { type: "remote-candidate", candidateType: "relay" }],
    ["R2", { type: "remote-candidate", candidateType: remote }],
    ["T", { type: "transport", selectedCandidatePairId: "P2" }],
  ]);
}

/** Firefox's, where the pair itself says that it was chosen. */
const firefox: Reports = new Map([
  ["P1", { type: "candidate-pair", localCandidateId: "L1", remoteCandidateId: "R1", selected: false }],
  ["P2", { type: "candidate-pair", localCandidateId: "L2", remoteCandidateId: "R1", selected: true }],
  ["L1", { type: "local-candidate", candidateType: "host" }],
  ["L2", { type: "local-candidate", candidateType: "relay" }],
  ["R1", { type: "remote-candidate", candidateType: "host" }],
]);

describe("the way of a connection", () => {
  it("is by a server if either end of the chosen pair is one", () => {
    assert.equal(routeIn(chromium("relay")), true);
    assert.equal(routeIn(chromium("host")), false);
    assert.equal(routeIn(firefox), true);
    assert.equal(routeIn(new Map([["P1", { type: "candidate-pair", selected: false }]])), undefined);
  });

  it("is looked at again when the browser chooses another, and a while later; and is unknown where nobody tells", async () => {
    let remote = "prflx";
    let isClosed = false;
    const transport = new EventTarget();
    const stats = async () => {
      if (isClosed) throw new Error("closed");
      return chromium(remote);
    };
    const told: boolean[] = [];
    const later: (() => void)[] = [];
    const clock = { after: (_: number, run: () => void) => void later.push(run) };
    const follow = (connection: object) =>
      followRoute(connection as never, clock as never, (isRelayed) => void told.push(isRelayed));
    follow({ getStats: stats, sctp: { transport: { iceTransport: transport } } });
    await new Promise(setImmediate);
    remote = "relay"; // It has been said by now.
    later[0]?.();
    await new Promise(setImmediate);
    remote = "host";
    transport.dispatchEvent(new globalThis.Event("selectedcandidatepairchange"));
    await new Promise(setImmediate);
    isClosed = true;
    transport.dispatchEvent(new globalThis.Event("selectedcandidatepairchange"));
    await new Promise(setImmediate);
    follow({});
    assert.deepEqual(told, [false, true, false]);
    assert.equal(later.length, 1);
  });
});
