/** A direct link between two workers, here within one thread. */
import { MessagePortComm } from "../../src/adapters/message-port-comm.ts";
import { nearby, promisesOfComm } from "../compliance/comm.ts";

promisesOfComm(
  () => {
    const { port1, port2 } = new MessageChannel();
    const [here, there] = [new MessagePortComm<unknown, unknown>(port1), new MessagePortComm<unknown, unknown>(port2)];
    return {
      here,
      there: nearby(there),
      end: () => {
        here.close("over");
        there.close("over");
      },
    };
  },
  { copies: true, transfers: true, tellsReason: true },
);
