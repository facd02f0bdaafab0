/** The line between an owner and a worker's thread, with a real thread at the other end. */
import { after } from "node:test";
import { ThreadComm } from "../../src/adapters/comlink-comm.ts";
import { SystemClock } from "../../src/adapters/system-clock.ts";
import { fromWorker } from "../../src/adapters/worker-thread-endpoint.ts";
import type { Comm } from "../../src/ports/comm.ts";
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
