/** How a worker_thread opens a wire of its own to a scheduler: loaded when one is to. */

import { nobleSecrecy } from "./adapters/noble-secrecy.ts";
import { SystemClock } from "./adapters/system-clock.ts";
import { websocketTransport } from "./adapters/websocket-node-transport.ts";
import type { LinePlan } from "./ports/spawner.ts";
import { Tether } from "./runtime/tether.ts";
import type { Trunk } from "./runtime/trunk.ts";

/** Rejects if it is not let in. */
export async function openLine({ address, line, ticket, ca }: LinePlan): Promise<Trunk> {
  const { connector } = websocketTransport;
  const asking = { role: "line", id: line, secret: ticket } as const;
  const threshold = { secrecy: nobleSecrecy, clock: new SystemClock() };
  const { trunk } = await Tether.tie({
    connector,
    address,
    options: ca === undefined ? {} : { ca },
    asking,
    threshold,
  });
  return trunk;
}
