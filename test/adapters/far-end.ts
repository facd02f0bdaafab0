/** The thread's end of the line in the trial of comlink-comm: does what it is told over a port of its own. */
import { workerData } from "node:worker_threads";
import { exposeWorker, OwnerComm } from "../../src/adapters/comlink-thread.ts";
import { toOwner } from "../../src/adapters/worker-thread-endpoint.ts";
import type { Comm } from "../../src/ports/comm.ts";

const orders = workerData as MessagePort;
const endpoint = toOwner();
const owner = new OwnerComm(endpoint);
const comm = owner as unknown as Comm<unknown, unknown>;
const heard: unknown[] = [];
let check = () => {};

orders.onmessage = ({ data }) => {
  const { send, listen, heard: count } = data as { send?: unknown[]; listen?: true; heard?: number };
  if (send !== undefined) {
    for (const word of send) comm.send(word);
    orders.postMessage("sent");
  } else if (listen) {
    comm.listen((word) => {
      heard.push(word);
      check();
    });
    orders.postMessage("listening");
  } else if (count !== undefined) {
    check = () => {
      if (heard.length >= count) orders.postMessage(heard);
    };
    check();
  }
};

exposeWorker(endpoint, { start: () => {}, deliver: (messages) => owner.deliver(messages), link: () => {} }, true);
