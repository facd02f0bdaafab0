/** Channels of a trunk are comms, whatever the wire is like. */
import { describe } from "node:test";
import { type MemoryWireOptions, memoryWire } from "../../src/adapters/memory-wire.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { connectNodeWebSocket, listenWebSocket } from "../../src/adapters/websocket-node.ts";
import type { Wire } from "../../src/ports/wire.ts";
import { Trunk } from "../../src/runtime/trunk.ts";
import { nearby, type Pair, promisesOfComm } from "../compliance/comm.ts";

const clock = new SystemClock();
const capabilities = { copies: true, transfers: true, tellsReason: true, refusesWith: "UnserializableError" };

function pairOver(left: Wire, right: Wire, end: () => Promise<void> | void = () => {}): Pair {
  const trunks = [new Trunk({ clock }), new Trunk({ clock })] as const;
  trunks[0].attach(left);
  trunks[1].attach(right);
  return {
    here: trunks[0].channel(7),
    there: nearby(trunks[1].channel(7)),
    end: async () => {
      for (const trunk of trunks) trunk.close("over");
      await Promise.all([left.closed, right.closed]);
      await end();
    },
  };
}

const ways: Record<string, MemoryWireOptions> = {
  "that is quick": {},
  "that is quick and takes little at once": { maxMessageBytes: 16_384 },
  "that takes its time": { carry: (arrive) => setImmediate(arrive) },
  "that is slow and takes little at once": {
    maxMessageBytes: 20_000,
    lowWaterBytes: 0,
    carry: (arrive) => setImmediate(arrive),
  },
};
for (const [name, options] of Object.entries(ways)) {
  describe(`over a wire ${name},`, () => promisesOfComm(() => pairOver(...memoryWire(options)), capabilities));
}

describe("over a WebSocket,", () =>
  promisesOfComm(async () => {
    let accepted: (wire: Wire) => void = () => {};
    const wire = new Promise<Wire>((resolve) => {
      accepted = resolve;
    });
    const listener = await listenWebSocket({ host: "127.0.0.1", port: 0, accept: accepted });
    const here = await connectNodeWebSocket(`ws://127.0.0.1:${listener.port}`);
    return pairOver(here, await wire, () => listener.close());
  }, capabilities));
