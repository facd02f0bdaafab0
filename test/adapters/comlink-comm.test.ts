/** The line between an owner and a worker's thread, with a real thread at the other end. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ThreadComm } from "../../src/adapters/comlink-comm.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { fromWorker } from "../../src/adapters/worker-thread-endpoint.ts";
import type { Comm } from "../../src/ports/comm.ts";
import type { ThreadEndpoint } from "../../src/ports/spawner.ts";
import { promisesOfComm } from "../compliance/comm.ts";
import { threadOf } from "./thread-source.ts";

// Threads are no reason for a process to stay.
after(new SystemClock().keepAlive());

const farEnd = threadOf(new URL("./far-end.ts", import.meta.url));

promisesOfComm(
  async () => {
    const orders = new MessageChannel();
    const worker = farEnd({ workerData: orders.port2, transferList: [orders.port2] } as never);
    const endpoint = fromWorker(worker);
    const here = new ThreadComm(endpoint);
    await here.ready;
    const ask = (order: object) =>
      new Promise<unknown>((resolve) => {
        orders.port1.onmessage = ({ data }) => resolve(data);
        orders.port1.postMessage(order);
      });
    return {
      here: here as unknown as Comm<unknown, unknown>,
      there: {
        send: async (...words) => void (await ask({ send: words })),
        listen: async () => void (await ask({ listen: true })),
        heard: async (count) => (await ask({ heard: count })) as readonly unknown[],
      },
      end: async () => {
        orders.port1.close();
        await worker.terminate();
      },
    };
  },
  { copies: true, transfers: true, tellsReason: false },
);

describe("a line that is closed", () => {
  it("lets go of what it was to: Comlink would keep that for as long as there is a proxy of it", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const open = async () => {
      let say: (word: unknown) => void = () => {};
      const endpoint: ThreadEndpoint = {
        postMessage: () => {},
        onMessage: (hear) => {
          say = hear;
        },
      };
      const line = new ThreadComm(endpoint);
      say({ type: "ready" });
      await line.ready;
      line.send([]);
      line.close("it is over");
      return { line, end: new WeakRef(endpoint) };
    };
    // The line itself may be kept for a while, as what is known of a thread that has ended.
    const { line, end } = await open();
    await new Promise<void>((resolve, reject) => {
      const until = Date.now() + 10_000;
      const look = () => {
        collect();
        if (end.deref() === undefined) resolve();
        else if (Date.now() > until) reject(new Error("its end is still there"));
        else setTimeout(look, 5);
      };
      look();
    });
    assert.equal(await line.closed, "it is over");
  });
});
